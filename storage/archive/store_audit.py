"""Which arrivals the audit trail already has: one event for each study of an association or request (PS3.15 §A.5)."""

import threading
from collections import OrderedDict

_REMEMBERED = 10_000


class StoreAudit:
    """Remembers, in this process, what was recorded; a context lives in one process. Safe to share between threads."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, context: str, study_instance_uid: str, outcome: str) -> bool:
        """Whether this context has no event yet for this study and outcome."""
        with self._lock:
            return (context, study_instance_uid, outcome) not in self._seen

    def remember(self, context: str, study_instance_uid: str, outcome: str) -> None:
        """Note an event whose transaction has been committed."""
        with self._lock:
            self._seen[context, study_instance_uid, outcome] = None
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
