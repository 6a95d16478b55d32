"""Use case: how full and how far behind the archive is."""

import shutil
from dataclasses import dataclass
from datetime import datetime

from storage.archive import Archive
from storage.index import counts


@dataclass(frozen=True)
class Status:
    """Totals of the archive; sizes in bytes."""

    studies: int
    series: int
    instances: int
    bytes: int
    waiting: int
    waiting_since: datetime | None
    damaged: int  # instances whose bytes the last look found missing or wrong
    quarantined: int
    last_received_at: datetime | None
    free_bytes: int


def status(archive: Archive) -> Status:
    """Count what the archive holds.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        totals = counts.totals(connection)
    return Status(free_bytes=shutil.disk_usage(archive.settings.data_dir).free, **totals)
