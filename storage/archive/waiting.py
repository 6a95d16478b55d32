"""Which waiting instances are carried next: the oldest first, but no failing one holds up those behind it."""

import heapq
import random
import time
from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any

from storage.archive import Archive
from storage.dicom.part10 import Origin
from storage.index import rebuilding
from storage.index import spooled as rows

Row = Mapping[str, Any]

LARGE_BYTES = 16 * 1024 * 1024
_PAGE = 200
# The whole queue is gone through anew this often: for rows that were committed late, or left by another process.
_SWEEP_S = 5.0
_MOST_LARGE = 64
_MOST_REMEMBERED = 20_000
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 300.0


def page(archive: Archive, *, after: int = 0, limit: int) -> list[Row]:
    """Waiting instances of this node with an id greater than ``after``, oldest first, each with its ``origin``.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        found = rows.waiting(connection, archive.spool.node, after=after, limit=limit)
        origins = {
            row["instance"]: Origin(**row) for row in rebuilding.origins(connection, (row["id"] for row in found))
        }
    return [{**row, "origin": origins[row["id"]]} for row in found if row["id"] in origins]


class Waiting:
    """The queue of this node as one process goes through it; what it remembers of failures dies with the process."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._small: deque[Row] = deque()
        self._large: deque[Row] = deque()
        self._known: set[int] = set()  # read and not done with: queued, being carried, or put off
        self._put_off: list[tuple[float, int, Row]] = []
        self._failures: dict[int, int] = {}
        self._order = count()
        self._after = 0
        self._sweep_at = 0.0

    @property
    def failing(self) -> int:
        """How many instances have failed and have not been carried since."""
        return len(self._failures)

    def take(self, most: int, *, large: bool = False, most_bytes: int | None = None) -> list[Row]:
        """Up to ``most`` instances to carry now; each has to come back through :meth:`done` or one of the put-offs.

        Large ones are those met while small ones were looked for.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        self._bring_back()
        queue = self._large if large else self._small
        while not large and len(queue) < most and self._read_page():
            pass
        taken: list[Row] = []
        size = 0
        while queue and len(taken) < most and (most_bytes is None or not taken or size < most_bytes):
            taken.append(queue.popleft())
            size += taken[-1]["size"]
        return taken

    def done(self, row: Row) -> None:
        """It is carried, or it is no longer here."""
        self._known.discard(row["id"])
        self._failures.pop(row["id"], None)

    def put_off(self, row: Row, delay_s: float) -> None:
        """Try it again after so long; nothing is wrong with it."""
        heapq.heappush(self._put_off, (time.monotonic() + delay_s, next(self._order), row))

    def failed(self, row: Row) -> int:
        """Try it again after a time that doubles with each failure, less a random part; gives how often it failed."""
        identity = row["id"]
        times = self._failures[identity] = self._failures.get(identity, 0) + 1
        longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(times - 1, 20))
        self.put_off(row, longest * random.uniform(0.5, 1.0))  # noqa: S311 - to spread retries, not to keep a secret
        if len(self._put_off) > _MOST_REMEMBERED:
            self._forget_last()
        return times

    def forgive(self) -> None:
        """The store is back: what failed is tried now, spread over a second."""
        now = time.monotonic()
        self._put_off = [
            (min(when, now + random.random()), order, row)  # noqa: S311 - as above
            for when, order, row in self._put_off
        ]
        heapq.heapify(self._put_off)

    def _bring_back(self) -> None:
        now = time.monotonic()
        while self._put_off and self._put_off[0][0] <= now:
            row = heapq.heappop(self._put_off)[2]
            (self._large if row["size"] > LARGE_BYTES else self._small).append(row)

    def _forget_last(self) -> None:
        """Leave what would be tried last to the next time the whole queue is gone through."""
        self._put_off.sort()
        for _, _, row in self._put_off[_MOST_REMEMBERED // 2 :]:
            self.done(row)
        del self._put_off[_MOST_REMEMBERED // 2 :]

    def _read_page(self) -> bool:
        """Read on; whether there may be more now."""
        now = time.monotonic()
        found = page(self._archive, after=self._after, limit=_PAGE)
        for row in found:
            self._after = row["id"]
            if row["id"] in self._known:
                continue
            if row["size"] <= LARGE_BYTES:
                self._small.append(row)
            elif len(self._large) < _MOST_LARGE:
                self._large.append(row)
            else:
                continue  # found again the next time
            self._known.add(row["id"])
        if len(found) == _PAGE:
            return True
        if now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_S
            restarts = self._after > 0
            self._after = 0
            return restarts
        return False
