"""What only the index knows of an instance goes into its file meta before it becomes an object (PS3.10 §7.1).

Its time of arrival, its facility and the numbers of its rows let :mod:`storage.archive.rebuild` give an index that
answers as the lost one did.
"""

import os
from dataclasses import replace
from pathlib import Path

from storage.archive import Archive
from storage.dicom.part10 import RECORD_BYTES, Origin, read_meta, record
from storage.index import rebuilding as rows

# More than the file meta information of any spool file.
HEAD_BYTES = 16 * 1024


def stamp(archive: Archive, identity: int, path: Path) -> None:
    """Write into a spool file what its row says; ``identity`` is the row's.

    The record has its fixed place and length, so a power cut leaves the old one or the new one: it is not synced, because
    nothing but the order of a rebuilt index depends on it.

    Raises:
        FileNotFoundError: the file has gone.
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        row = rows.origin(connection, identity)
    if row is None:
        return
    with path.open("r+b") as file:
        meta, offset = read_meta(file.read(HEAD_BYTES))
        origin = Origin(row["received_at"], row["facility"], row["study"], row["series"], row["instance"])
        if meta.dataset_sha256 and meta.origin != origin:
            os.pwrite(file.fileno(), record(replace(meta, origin=origin)), offset - RECORD_BYTES)
