"""Whether the object store is away as a whole, so that every instance in the queue need not find out by itself."""

import random
import time
from datetime import UTC, datetime

from storage.archive import Archive
from storage.archive.carry import Failure, Reason
from storage.errors import ArchiveError

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 2.0
# So many different instances in a row that the store did not take, although it answers.
_IN_A_ROW = 3
_TRIALS = 2


class Outage:
    """Counts failures in a row; while the store is away only a probe is sent, every few seconds."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._failed: set[int] = set()
        self._pause = _FIRST_PAUSE_S
        self._probe_at = 0.0
        self.since: datetime | None = None
        self.reason: Reason = "unreachable"

    def succeeded(self) -> bool:
        """An object was made; whether an outage ended with it."""
        self._failed.clear()
        self._pause = _FIRST_PAUSE_S
        ended, self.since = self.since is not None, None
        return ended

    def failed(self, identity: int, failure: Failure) -> None:
        """An object could not be made; it may be its own fault, so the store is asked before it is called away."""
        if not failure.is_of_the_store:
            return
        self._failed.add(identity)
        self.reason = failure.reason
        if self.since is None and len(self._failed) < _IN_A_ROW and self._answers():
            return
        self.since = self.since or datetime.now(UTC)
        self._wait()

    def room(self) -> int | None:
        """How many instances may be tried now; ``None``: the store is there, as many as wanted."""
        if self.since is None:
            return None
        if time.monotonic() < self._probe_at:
            return 0
        self._wait()
        return _TRIALS if self._answers() else 0

    def _wait(self) -> None:
        self._probe_at = time.monotonic() + self._pause * random.uniform(0.5, 1.0)  # noqa: S311 - to spread, not to hide
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)

    def _answers(self) -> bool:
        try:
            self._archive.objects.check()
        except ArchiveError:
            return False
        return True
