"""C-GET as user: have a peer send instances back over the association that asks (PS3.4 §C.4.3)."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.presentation import PresentationContext, StoragePresentationContexts

from dicom_nodes.command import Command, CommandField, response
from dicom_nodes.scu.association import MAXIMUM_CONTEXTS, AssociationFailed, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.find import Level, find
from dicom_nodes.scu.retrieval import Retrieved, retrieve
from dicom_nodes.settings import NodeSettings
from dicom_nodes.status import Code
from storage.dicom.part10 import FileMeta, encode_meta, valid_uid

STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
_UNCOMPRESSED = (str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian))
# What instances are compressed in most often: each in a context of its own, so that they come as they are kept.
_COMPRESSED = (
    "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.50",  # JPEG baseline
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.5",  # RLE lossless
    "1.2.840.10008.1.2.4.91",  # JPEG 2000
    "1.2.840.10008.1.2.4.51",  # JPEG extended
    "1.2.840.10008.1.2.4.57",  # JPEG lossless, process 14
    "1.2.840.10008.1.2.4.81",  # JPEG-LS near-lossless
    "1.2.840.10008.1.2.4.201",  # HTJ2K lossless
    "1.2.840.10008.1.2.4.202",  # HTJ2K lossless RPCL
    "1.2.840.10008.1.2.4.203",  # HTJ2K
    "1.2.840.10008.1.2.4.102",  # MPEG-4 AVC/H.264 High Profile
)

Proposal = tuple[str, Sequence[str]]


def get(
    destination: Destination,
    level: Level,
    keys: Mapping[str, str],
    folder: Path,
    settings: NodeSettings,
    progress: Callable[[Retrieved], None] = lambda retrieved: None,
) -> Retrieved:
    """Fetch what the unique keys name as Part 10 files into ``folder``, named by SOP Instance UID; the final counts.

    The peer is asked before which classes a study has: they are proposed in every transfer syntax they may be kept in.
    Where it cannot tell, the common classes are, uncompressed.

    Raises:
        AssociationFailed: not reached, declined, or nothing could be sent.
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    proposals = proposed(_classes(destination, keys, settings))
    classes = [sop_class for sop_class, _ in proposals]
    own: Proposal = (STUDY_ROOT_GET, _UNCOMPRESSED)
    with associated(destination, [own, *proposals], settings, scp_of=dict.fromkeys(classes)) as association:
        association.receiver = lambda command, context: FileReception(folder, command, context)
        return retrieve(association, STUDY_ROOT_GET, level, keys, progress)


def proposed(classes: Sequence[str]) -> list[Proposal]:
    """Presentation contexts for instances of these classes, the likeliest first where there are too many."""
    if not classes:
        common = [str(context.abstract_syntax) for context in StoragePresentationContexts]
        return [(sop_class, _UNCOMPRESSED) for sop_class in common[: MAXIMUM_CONTEXTS - 1]]
    plain: list[Proposal] = [(sop_class, _UNCOMPRESSED) for sop_class in classes]
    packed: list[Proposal] = [(sop_class, (syntax,)) for syntax in _COMPRESSED for sop_class in classes]
    return [*plain, *packed][: MAXIMUM_CONTEXTS - 1]


def _classes(destination: Destination, keys: Mapping[str, str], settings: NodeSettings) -> list[str]:
    """SOP Classes in Study, where the peer tells them."""
    study = keys.get("StudyInstanceUID", "")
    found: set[str] = set()
    try:
        for match in find(destination, "STUDY", {"StudyInstanceUID": study, "SOPClassesInStudy": ""}, settings):
            told = match.get("SOPClassesInStudy") or []
            found.update([told] if isinstance(told, str) else map(str, told))
    except AssociationFailed:  # it need not offer queries
        return []
    return sorted(uid for uid in found if valid_uid(uid))


class FileReception:
    """One instance that comes, on its way into a file; the file has its name only when it is whole."""

    def __init__(self, folder: Path, command: Command, context: PresentationContext) -> None:
        self._message_id = command.number(0x0110, 0)
        self._sop_class_uid, self._sop_instance_uid = command.text(0x0002), command.text(0x1000)
        self._path = folder / f"{self._sop_instance_uid}.dcm"
        self._partial = folder / f".{self._sop_instance_uid}.partial"
        self._file: BinaryIO | None = None
        self._digest, self._digest_at = hashlib.sha256(), 0
        self._failure = Code.SUCCESS
        if not valid_uid(self._sop_class_uid) or not valid_uid(self._sop_instance_uid):
            self._failure = Code.INVALID_SOP_INSTANCE
            return
        meta = FileMeta(str(context.transfer_syntax[0]), self._sop_class_uid, self._sop_instance_uid)
        try:
            self._file = self._partial.open("wb")
            head, self._digest_at = encode_meta(meta)
            self._file.write(head)
        except OSError:
            self._fail()

    def write(self, fragment: memoryview) -> None:
        """Take the next bytes of the data set."""
        if self._file is not None:
            try:
                self._file.write(fragment)
                self._digest.update(fragment)
            except OSError:
                self._fail()

    def finish(self) -> bytes:
        """Have the file on the disk; the command set of the answer."""
        file = self._file
        if file is not None:
            try:
                file.flush()
                os.pwrite(file.fileno(), self._digest.digest(), self._digest_at)
                os.fsync(file.fileno())
                file.close()
                self._partial.replace(self._path)
                self._file = None
            except OSError:
                self._fail()
        return response(
            CommandField.C_STORE_RSP,
            message_id=self._message_id,
            status=self._failure,
            sop_class_uid=self._sop_class_uid,
            sop_instance_uid=self._sop_instance_uid,
        )

    def abandon(self) -> None:
        """The rest will not come: leave nothing behind."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
            self._partial.unlink(missing_ok=True)

    def _fail(self) -> None:
        self._failure = Code.OUT_OF_RESOURCES
        self.abandon()
