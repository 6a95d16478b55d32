"""A Part 10 file as something to send: its identity, and the bytes of its data set (PS3.10 §7)."""

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from pydicom import dcmread

from dicom_nodes.scu.sender import Content
from storage.dicom.part10 import FileMeta, Part10Splitter, valid_uid
from storage.errors import InvalidInstance

_HEAD_BYTES = 64 * 1024
PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class InstanceFile:
    """A file whose data set of ``size`` bytes starts ``offset`` bytes in."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    offset: int
    size: int

    @classmethod
    def read(cls, path: Path) -> Self:
        """Look at the head of the file.

        Raises:
            InvalidInstance: not Part 10, or without transfer syntax or SOP UIDs.
            OSError: the file cannot be read.
        """
        splitter = Part10Splitter()
        with path.open("rb") as file:
            while splitter.meta is None and (head := file.read(_HEAD_BYTES)):
                splitter.feed(head)
            splitter.finish()
            size = os.fstat(file.fileno()).st_size - splitter.dataset_offset
        meta = splitter.meta
        if meta is None:
            raise InvalidInstance("This is not a DICOM file.")
        sop_class_uid, sop_instance_uid = meta.sop_class_uid, meta.sop_instance_uid
        if not sop_class_uid or not sop_instance_uid:
            sop_class_uid, sop_instance_uid = _uids_of_data_set(path, meta)
        if not all(map(valid_uid, (sop_class_uid, sop_instance_uid, meta.transfer_syntax_uid))):
            raise InvalidInstance("The file names no SOP Class, SOP Instance or transfer syntax.")
        return cls(path, sop_class_uid, sop_instance_uid, meta.transfer_syntax_uid, splitter.dataset_offset, size)

    def pieces(self, size: int) -> Iterator[bytes]:
        """The data set in pieces of ``size`` bytes.

        Raises:
            OSError: the file cannot be read.
        """
        with self.path.open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), self.offset, 0, os.POSIX_FADV_SEQUENTIAL)
            file.seek(self.offset)
            while piece := file.read(size):
                yield piece

    def content(self) -> Content:
        """What :meth:`Sender.prepare` needs of it."""
        return Content(
            self.sop_class_uid,
            self.sop_instance_uid,
            self.transfer_syntax_uid,
            self.size,
            partial(self.pieces, PIECE_BYTES),
            self._read_into,
        )

    def _read_into(self, places: Sequence[memoryview]) -> None:
        with self.path.open("rb", buffering=0) as file:
            if os.preadv(file.fileno(), places, self.offset) != self.size:
                raise OSError(errno.EIO, "The file has become shorter.")


def _uids_of_data_set(path: Path, meta: FileMeta) -> tuple[str, str]:
    try:
        data_set = dcmread(path, stop_before_pixels=True, specific_tags=["SOPClassUID", "SOPInstanceUID"])
        found = data_set.get("SOPClassUID", ""), data_set.get("SOPInstanceUID", "")
    except OSError:
        raise
    except Exception:  # noqa: BLE001  pydicom raises anything on a broken file
        raise InvalidInstance("The data set of the file cannot be read.") from None
    return meta.sop_class_uid or str(found[0]), meta.sop_instance_uid or str(found[1])
