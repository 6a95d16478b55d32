"""The frames behind the one that is looked at, fetched before they are asked for (PS3.18 §10.4.1.1.6).

On a local disk the system is told to read them; from a remote store they come into the hot cache, or, of large
instances, into a little memory. Nothing is read twice within a minute.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from storage.archive import Archive, known, retrieve
from storage.archive.instance_bytes import InstanceRow
from storage.errors import ArchiveError
from storage.index.engine import Index

DEPTH = 16
REMOTE_DEPTH = 6
_AGAIN_AFTER_S = 60.0
_MOST_NOTED = 16_384


@dataclass(frozen=True)
class Frames:
    """Frames to fetch: instances with the number of a frame."""

    wanted: Sequence[tuple[InstanceRow, int]]


def is_ready(archive: Archive, row: InstanceRow, number: int) -> bool:
    """Whether the frame was read, or fetched for later, within the last minute by this process."""
    return _noted(archive.index).has((row.id, number))


def behind(archive: Archive, row: InstanceRow, number: int) -> Frames | None:
    """What should be fetched once this frame has been read; None: nothing yet. It is not proposed again for a minute.

    A reader halfway through what was fetched makes the next half come, so that fetching runs in larger steps.
    """
    noted = _noted(archive.index)
    noted.add((row.id, number))
    depth = DEPTH if row.location == "spool" or archive.cache is None else REMOTE_DEPTH
    if row.number_of_frames > 1:
        following = [(row, one) for one in range(number + 1, min(number + depth, row.number_of_frames) + 1)]
    else:
        following = [(one, 1) for one in known.followers(archive, row, depth) if one.number_of_frames == 1]
    middle = following[: depth // 2]
    if not following or noted.has((middle[-1][0].id, middle[-1][1])):
        return None
    wanted = [(one, at) for one, at in following if noted.add((one.id, at))]
    return Frames(wanted) if wanted else None


def fetch(archive: Archive, frames: Frames) -> None:
    """Fetch them; what cannot be had now is left to whoever asks for it."""
    for row, number in frames.wanted:
        try:
            retrieve.prefetch_frame(archive, row, number)
        except ArchiveError:
            return


class _Noted:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: OrderedDict[Hashable, float] = OrderedDict()

    def has(self, key: Hashable) -> bool:
        at = self._at.get(key)
        return at is not None and time.monotonic() - at < _AGAIN_AFTER_S

    def add(self, key: Hashable) -> bool:
        """Note it now; whether it was not noted before."""
        with self._lock:
            new = not self.has(key)
            self._at[key] = time.monotonic()
            self._at.move_to_end(key)
            if len(self._at) > _MOST_NOTED:
                self._at.popitem(last=False)
            return new


_by_index: WeakKeyDictionary[Index, _Noted] = WeakKeyDictionary()
_by_index_lock = threading.Lock()


def _noted(index: Index) -> _Noted:
    with _by_index_lock:
        return _by_index.setdefault(index, _Noted())
