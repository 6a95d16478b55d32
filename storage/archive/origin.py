"""What only the index knows of an instance goes into its file meta before it becomes an object (PS3.10 §7.1).

Its time of arrival, its facility and the numbers of its rows let :mod:`storage.archive.rebuild` give an index that
answers as the lost one did.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from storage.archive import Archive
from storage.dicom.part10 import RECORD_BYTES, Origin, read_meta, record
from storage.index import rebuilding as rows
from storage.spool import translated

# More than the file meta information of any spool file.
HEAD_BYTES = 16 * 1024


def stamp(archive: Archive, files: Mapping[int, Path]) -> None:
    """Write into spool files what their rows say; ``files`` by the id of the row. A file that has gone is passed over.

    The record has its fixed place and length, so a power cut leaves the old one or the new one: it is not synced,
    because nothing but the order of a rebuilt index depends on it.

    Raises:
        StoreUnavailable: the index cannot be reached, or the disk does not take it.
    """
    with archive.index.read() as connection:
        origins = {row["instance"]: Origin(**row) for row in rows.origins(connection, files)}
    for identity, origin in origins.items():
        with translated(), suppress(FileNotFoundError), files[identity].open("r+b") as file:
            meta, offset = read_meta(file.read(HEAD_BYTES))
            if meta.dataset_sha256 and meta.origin != origin:
                os.pwrite(file.fileno(), record(replace(meta, origin=origin)), offset - RECORD_BYTES)
