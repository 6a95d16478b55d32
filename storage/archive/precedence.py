"""Receiving comes first: how much of the machine work in the background takes while instances arrive."""

import time
from collections.abc import Callable
from pathlib import Path

# The spool has been quiet for so long: nothing arrives.
QUIET_S = 0.5
SHARE = 0.1


class Precedence:
    """Tells background work when to rest; ``incoming`` is the folder in which every arrival makes a file."""

    def __init__(self, incoming: Path, clock: Callable[[], float] = time.time) -> None:
        self._incoming = incoming
        self._clock = clock

    def is_receiving(self) -> bool:
        """Whether an instance began or ended to arrive within the last half second."""
        try:
            changed = self._incoming.stat().st_mtime
        except OSError:
            return False
        return self._clock() - changed < QUIET_S

    def rest_after(self, worked_s: float) -> float:
        """Seconds to rest after so many of work: none while nothing arrives, else enough for a tenth of the time."""
        return worked_s * (1 - SHARE) / SHARE if self.is_receiving() else 0.0
