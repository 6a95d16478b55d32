"""What only the index knows of an instance goes into its file meta before it becomes an object (PS3.10 §7.1).

Its time of arrival, its facility and the numbers of its rows let :mod:`storage.archive.rebuild` give an index that
answers as the lost one did.
"""

import os
from dataclasses import replace
from pathlib import Path

from storage.dicom.part10 import RECORD_BYTES, FileMeta, Origin, read_meta, record
from storage.disk import translated

# More than the file meta information of any spool file.
HEAD_BYTES = 16 * 1024
# A tag and its length behind the file meta information tell that it ends there.
_BEYOND = 8


def stamp(path: Path, origin: Origin, dataset_offset: int) -> tuple[FileMeta, bytes]:
    """Write into a spool file what its row says; gives its file meta, and what precedes its data set, as they are now.

    The record has its fixed place and length, so a power cut leaves the old one or the new one: it is not synced,
    because nothing but the order of a rebuilt index depends on it.

    Raises:
        InvalidInstance: it is not a Part 10 file.
        StoreUnavailable: the disk does not take it.
    """
    with translated(), path.open("r+b", buffering=0) as file:
        head = file.read(dataset_offset + _BEYOND)
        meta, offset = read_meta(head)
        if meta.dataset_sha256 and meta.origin != origin:
            meta = replace(meta, origin=origin)
            written, at = record(meta), offset - RECORD_BYTES
            os.pwrite(file.fileno(), written, at)
            head = head[:at] + written
    return meta, head[:offset]
