"""How often each machine calls: at most so many associations a minute (PS3.8 §9.3.4, temporary congestion)."""

import threading
import time
from collections import OrderedDict, deque

_MINUTE_S = 60.0
_MOST_KNOWN = 1000


class Rate:
    """Counts the calls of each machine during the last minute, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: OrderedDict[str, deque[float]] = OrderedDict()

    def exceeded(self, ae_title: str, limit: int) -> bool:
        """Count a call, unless there were ``limit`` of them in the last minute already; 0 is no limit."""
        if not limit:
            return False
        now = time.monotonic()
        with self._lock:
            calls = self._calls.setdefault(ae_title, deque())
            self._calls.move_to_end(ae_title)
            while len(self._calls) > _MOST_KNOWN:
                self._calls.popitem(last=False)
            while calls and now - calls[0] > _MINUTE_S:
                calls.popleft()
            if len(calls) >= limit:
                return True
            calls.append(now)
            return False
