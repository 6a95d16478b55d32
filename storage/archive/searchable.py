"""The attributes searched beside the columns, as this process knows them: asked of the index every few seconds."""

import threading
import time
from collections.abc import Callable

from storage.dicom.attributes import Level
from storage.dicom.search_value import SearchAttribute
from storage.index import search_attributes as rows
from storage.index.engine import Index

# So long a process may not know what another has added or removed.
SECONDS = 5.0


class Searchable:
    """What is searchable now; safe to share between threads."""

    def __init__(self, index: Index, clock: Callable[[], float] = time.monotonic) -> None:
        self._index = index
        self._clock = clock
        self._lock = threading.Lock()
        self._found: tuple[SearchAttribute, ...] = ()
        self._until = -1.0

    def current(self) -> tuple[SearchAttribute, ...]:
        """All of them, by their row; what is being removed is not among them.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        if self._clock() < self._until:
            return self._found
        with self._lock:
            if self._clock() >= self._until:
                with self._index.read() as connection:
                    found = tuple(
                        SearchAttribute(
                            row["id"], row["path"], row["vr"], Level(row["level"]), ready=row["state"] == "ready"
                        )
                        for row in rows.everything(connection)
                        if row["state"] != "removing"
                    )
                # The same object as long as nothing changes: what is remembered of it stays good.
                if found != self._found:
                    self._found = found
                self._until = self._clock() + SECONDS
            return self._found

    def forget(self) -> None:
        """Ask the index anew next time."""
        self._until = -1.0
