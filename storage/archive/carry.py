"""One step of the journal's other end: objects are made of spool files and proved; nothing of it is noted yet."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from storage.archive import Archive
from storage.archive.origin import stamp
from storage.claim import claim
from storage.dicom.part10 import FileMeta, read_meta
from storage.errors import ArchiveError, InvalidInstance, NotFound, OutOfResources, StoreUnavailable
from storage.fault_point import reached
from storage.objects import StoreRefuses
from storage.spooled_file import Hold

Row = Mapping[str, Any]
Reason = Literal["unreachable", "refused", "full", "wrong-bytes", "damaged", "missing", "failed"]

_PIECE_BYTES = 1024 * 1024
# A tag and its length behind the file meta information tell that it ends there.
_BEYOND = 8


@dataclass(frozen=True)
class Failure:
    """Why an object could not be made; ``error`` is for a person and holds no patient data."""

    reason: Reason
    error: ArchiveError

    @property
    def is_of_the_store(self) -> bool:
        """Whether it says more about the store than about this one instance."""
        return self.reason in ("unreachable", "refused", "full")


@dataclass
class Passage:
    """One instance on its way; ``outcome`` is ``verified``, ``gone`` (no file), ``busy`` (another has it) or a failure.

    While ``hold`` is held nobody else carries this instance.
    """

    row: Row
    source: Path
    hold: Hold | None = None
    head: bytes = b""
    outcome: Literal["verified", "gone", "busy"] | Failure = "busy"

    def release(self) -> None:
        """Let others carry it."""
        if self.hold is not None:
            self.hold.release()


def carry(archive: Archive, rows: Sequence[Row]) -> list[Passage]:
    """Make the objects of spooled instances and read each back; never raises for one of them.

    Each row has what :func:`storage.archive.waiting.page` gives.

    What is ``verified`` is still held: the caller notes it in the index and then releases it.
    """
    passages = [_claimed(archive, row) for row in rows]
    held = [passage for passage in passages if passage.hold is not None]
    try:
        _carry_held(archive, held)
    except BaseException:
        for passage in held:
            passage.release()
        raise
    return passages


def _carry_held(archive: Archive, held: Sequence[Passage]) -> None:
    ready = [passage for passage in held if _is_ready(passage)]
    created = archive.objects.create_all([(passage.row["object_key"], passage.source) for passage in ready])
    for passage, outcome in zip(ready, created, strict=True):
        reached("upload: created")
        try:
            passage.outcome = _proved(archive, passage, outcome)
        except ArchiveError as error:
            passage.outcome = Failure(reason_of(error), error)
        if passage.outcome == "verified":
            reached("upload: verified")
    for passage in held:
        if passage.outcome != "verified":
            passage.release()


def _claimed(archive: Archive, row: Row) -> Passage:
    """Lock the spool file: its object is then nobody else's to make, to repair or to remove."""
    passage = Passage(row, archive.spool.path(row["spool_name"]))
    try:
        passage.hold = claim(passage.source)
    except OSError as error:
        passage.outcome = _damaged(error)
        return passage
    # It is gone also where another has carried it to the end between our opening and our locking.
    if passage.hold is None and not passage.source.exists():
        passage.outcome = "gone"
    return passage


def _is_ready(passage: Passage) -> bool:
    """Stamp the file, and see that its head is that of the row's instance."""
    reached("upload: begin")
    row = passage.row
    try:
        meta, passage.head = stamp(passage.source, row["origin"], row["dataset_offset"])
    except ArchiveError as error:
        passage.outcome = _damaged(error)
        return False
    if len(passage.head) == row["dataset_offset"] and _says(meta, row):
        return True
    passage.outcome = _damaged(None)
    return False


def _damaged(cause: Exception | None) -> Failure:
    failure = Failure("damaged", StoreUnavailable("The spool file is not, or no longer, what was received."))
    failure.error.__cause__ = cause
    return failure


def _proved(archive: Archive, passage: Passage, created: bool | ArchiveError) -> Literal["verified", "gone"] | Failure:
    """Read the object back; a damaged one is made anew, once."""
    if isinstance(created, NotFound):
        return "gone"
    if isinstance(created, ArchiveError):
        return Failure(reason_of(created), created)
    row = passage.row
    if is_verified(archive, row, passage.head):
        return "verified"
    if not _is_sound(passage.source, row):
        return _damaged(None)
    # The key names the content, so what is there is a damaged or half-copied object; the spool file is sound.
    archive.objects.delete(row["object_key"])
    archive.objects.create(row["object_key"], passage.source)
    if is_verified(archive, row, passage.head):
        return "verified"
    return Failure("wrong-bytes", StoreUnavailable("The object store gave back other bytes than it was given."))


def is_verified(archive: Archive, row: Row, expected_head: bytes = b"") -> bool:
    """Whether the object is there, of the row's size, with the row's data set behind a file meta that says so.

    ``expected_head``: what has to precede the data set to the byte, where a file that is known to be right is at hand.

    Raises:
        StoreUnavailable: the store cannot be asked.
    """
    offset = int(row["dataset_offset"])
    digest = hashlib.sha256()
    head, found = b"", 0
    try:
        for chunk in archive.objects.chunks(row["object_key"]):
            missing = max(offset + _BEYOND - len(head), 0)
            head += bytes(chunk[:missing])
            digest.update(memoryview(chunk)[max(offset - found, 0) :])
            found += len(chunk)
        if found != row["size"] or digest.hexdigest() != row["dataset_sha256"]:
            return False
        if expected_head:
            return head[:offset] == expected_head
        meta, end = read_meta(head)
    except (NotFound, InvalidInstance):
        return False
    return end == offset and _says(meta, row)


def _says(meta: FileMeta, row: Row) -> bool:
    said = (meta.sop_instance_uid, meta.transfer_syntax_uid, meta.dataset_sha256)
    return said == (row["sop_instance_uid"], row["transfer_syntax_uid"], row["dataset_sha256"])


def _is_sound(source: Path, row: Row) -> bool:
    """Whether the spool file still has the bytes that arrived."""
    digest = hashlib.sha256()
    try:
        with source.open("rb") as file:
            file.seek(row["dataset_offset"])
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
            return bool(file.tell() == row["size"] and digest.hexdigest() == row["dataset_sha256"])
    except OSError:
        return False


def reason_of(error: ArchiveError) -> Reason:
    """The word under which a failure is counted and told."""
    if isinstance(error, StoreRefuses):
        return "refused"
    return "full" if isinstance(error, OutOfResources) else "unreachable"
