"""Instances looked up some seconds ago, by series: a viewer asks for frame after frame of the same ones (PS3.18 §10.4).

What is remembered here is where bytes are, never who may have them: that is asked for each request.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from storage.archive import Archive
from storage.archive.instance_bytes import InstanceRow
from storage.archive.retrieve import instances, remember_frame_tables
from storage.index.engine import Index

# What other processes remove, move to another owner or add meanwhile is seen after so long.
SECONDS = 10.0
# A longer series is looked up instance by instance.
LONGEST_SERIES = 4096
_MOST_INSTANCES = 4 * LONGEST_SERIES


def instance(archive: Archive, study: str, series: str, sop: str) -> InstanceRow:
    """An instance, from memory if it can be; with the second one of a series the whole series is looked up.

    Raises:
        NotFound: there is no such instance.
        StoreUnavailable: the index cannot be reached.
    """
    known = _known(archive.index)
    held = known.series(study, series)
    found = held.rows.get(sop) if held else None
    if found is not None:
        return found
    if held is None or held.whole or held.long:
        (row,) = instances(archive, study, series, sop)[:1]
        known.add(study, series, [row])
        return row
    rows = instances(archive, study, series, limit=LONGEST_SERIES + 1)
    if len(rows) > LONGEST_SERIES:
        known.add(study, series, instances(archive, study, series, sop), long=True)
    else:
        known.add(study, series, rows, whole=True)
        remember_frame_tables(archive, rows)
    return next((row for row in rows if row.sop_instance_uid == sop), None) or instances(archive, study, series, sop)[0]


def held_instance(archive: Archive, study: str, series: str, sop: str) -> InstanceRow | None:
    """An instance that is remembered; asks nothing that could keep the caller waiting."""
    held = _known(archive.index).series(study, series)
    return held.rows.get(sop) if held else None


def followers(archive: Archive, row: InstanceRow, most: int) -> Sequence[InstanceRow]:
    """The instances that come behind one in its series, as far as they are remembered."""
    held = _known(archive.index).series(row.study_instance_uid, row.series_instance_uid)
    if held is None or not held.whole:
        return ()
    at = held.place_of(row.sop_instance_uid)
    return held.order[at + 1 : at + 1 + most] if at is not None else ()


def forget(archive: Archive, study: str) -> None:
    """Let the next request ask the index, because a study has changed hands or lost instances."""
    _known(archive.index).forget(study)


@dataclass
class _Series:
    rows: dict[str, InstanceRow]
    order: list[InstanceRow]
    whole: bool
    long: bool
    since: float = field(default_factory=time.monotonic)
    _places: dict[str, int] | None = None

    def place_of(self, sop: str) -> int | None:
        if self._places is None:
            self._places = {row.sop_instance_uid: place for place, row in enumerate(self.order)}
        return self._places.get(sop)


class _Known:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: OrderedDict[tuple[str, str], _Series] = OrderedDict()
        self._instances = 0

    def series(self, study: str, series: str) -> _Series | None:
        found = self._series.get((study, series))
        return found if found is not None and time.monotonic() - found.since <= SECONDS else None

    def add(
        self, study: str, series: str, rows: Sequence[InstanceRow], *, whole: bool = False, long: bool = False
    ) -> None:
        key = (study, series)
        with self._lock:
            held = self.series(study, series)
            if held is not None and not whole:
                held.long = held.long or long
                self._instances += sum(row.sop_instance_uid not in held.rows for row in rows)
                held.rows.update({row.sop_instance_uid: row for row in rows})
            else:
                self._drop(key)
                self._series[key] = _Series({row.sop_instance_uid: row for row in rows}, list(rows), whole, long)
                self._instances += len(self._series[key].rows)
            while self._instances > _MOST_INSTANCES and len(self._series) > 1:
                self._drop(next(iter(self._series)))

    def forget(self, study: str) -> None:
        with self._lock:
            for key in [key for key in self._series if key[0] == study]:
                self._drop(key)

    def _drop(self, key: tuple[str, str]) -> None:
        dropped = self._series.pop(key, None)
        if dropped is not None:
            self._instances -= len(dropped.rows)


_by_index: WeakKeyDictionary[Index, _Known] = WeakKeyDictionary()
_by_index_lock = threading.Lock()


def _known(index: Index) -> _Known:
    with _by_index_lock:
        return _by_index.setdefault(index, _Known())
