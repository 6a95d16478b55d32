"""Use case: how this node is just now: room on its disks, what waits for the object store, what came of late."""

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from storage.archive import Archive
from storage.archive.queue import NodeQueue, queue_state
from storage.disk import translated
from storage.index import discrepancies, quarantine, receipts
from storage.index.engine import Index

T = TypeVar("T")

RECENT = timedelta(minutes=5)
CACHE_FOLDER = "cache"
_ANSWER_S = 1.5  # however many administrators look, the index is asked so often
_CACHE_SIZE_S = 15.0


@dataclass(frozen=True)
class Disk:
    """A file system and which parts of this node are on it (spool, index, objects, cache); sizes in bytes."""

    holds: tuple[str, ...]
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Arrivals:
    """What was received since a moment; the moment is later than asked where too much came to count it all."""

    since: datetime
    instances: int
    bytes: int
    last_received_at: datetime | None


@dataclass(frozen=True)
class Vitals:
    """What the index says about the whole archive just now."""

    queue: tuple[NodeQueue, ...]
    arrivals: Arrivals
    quarantined: int
    discrepancies: int


@dataclass(frozen=True)
class Cache:
    """The hot cache on this node's disk."""

    files: int
    bytes: int


def vitals(archive: Archive) -> Vitals:
    """Queue, recent arrivals and open questions; asked of the index at most every second or so.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    return _memo_of(archive.index).vitals.get(lambda: _vitals(archive), _ANSWER_S)


def disks(archive: Archive) -> list[Disk]:
    """The file systems of this node, the spool's first.

    Raises:
        StoreUnavailable: the spool's disk cannot be read.
    """
    data = archive.settings.data_dir
    places: dict[str, Path | None] = {
        "spool": archive.spool.root,
        "index": Path(archive.index.url.database or data) if archive.index.is_sqlite else None,
        "objects": None if is_remote(archive) else Path(archive.settings.object_store_url),
        "cache": data / CACHE_FOLDER if is_remote(archive) else None,
    }
    by_device: dict[int, tuple[Path, list[str]]] = {}
    with translated():
        for name, place in places.items():
            if place is not None and place.exists():
                by_device.setdefault(place.stat().st_dev, (place, []))[1].append(name)
        return [_disk(place, names) for place, names in by_device.values()]


def is_full(archive: Archive, found: Iterable[Disk]) -> bool:
    """Whether instances are refused, because less of the spool's disk is free than the settings demand."""
    return any("spool" in disk.holds and disk.free_bytes < archive.settings.minimum_free_bytes for disk in found)


def cache(archive: Archive) -> Cache | None:
    """The size of the hot cache, ``None`` where there is none: the object store is a folder itself."""
    if not is_remote(archive):
        return None
    folder = archive.settings.data_dir / CACHE_FOLDER
    return _memo_of(archive.index).cache.get(lambda: _measured(folder), _CACHE_SIZE_S)


def is_remote(archive: Archive) -> bool:
    """Whether the object store is on another machine."""
    return archive.settings.object_store_url.startswith("s3://")


def _vitals(archive: Archive) -> Vitals:
    since = datetime.now(UTC) - RECENT
    queue = queue_state(archive)
    with archive.index.read() as connection:
        recent = receipts.recent(connection, since)
        last = receipts.last_received_at(connection)
        _, quarantined, _ = quarantine.page(connection, None, None, 0, 0)
        _, disagreeing = discrepancies.page(connection, discrepancies.Wanted(), None, 0, 0)
    if recent["instances"] >= receipts.MOST_COUNTED:
        since = recent["first_at"]
    arrivals = Arrivals(since, recent["instances"], recent["bytes"], last)
    return Vitals(queue.nodes, arrivals, quarantined, disagreeing)


def _disk(place: Path, names: Iterable[str]) -> Disk:
    found = os.statvfs(place)
    return Disk(tuple(names), found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def _measured(folder: Path) -> Cache:
    files = size = 0
    pending = [str(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        files, size = files + 1, size + entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:  # evicted meanwhile, or never made
            continue
    return Cache(files, size)


class _Memo(Generic[T]):
    """A value that is made anew when it is old; whoever comes meanwhile waits for the same one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[float, T] | None = None

    def get(self, make: Callable[[], T], seconds: float) -> T:
        with self._lock:
            if self._made is None or time.monotonic() - self._made[0] > seconds:
                self._made = (time.monotonic(), make())
            return self._made[1]


@dataclass(eq=False)
class _Memos:
    vitals: _Memo[Vitals] = field(default_factory=_Memo)
    cache: _Memo[Cache] = field(default_factory=_Memo)


_memos: WeakKeyDictionary[Index, _Memos] = WeakKeyDictionary()
_memos_lock = threading.Lock()


def _memo_of(index: Index) -> _Memos:
    with _memos_lock:
        return _memos.setdefault(index, _Memos())
