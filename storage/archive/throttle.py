"""Reading objects no faster than a given rate, so that looking through an archive leaves room for its users."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from storage.archive import Archive
from storage.objects import ObjectStore


def paced(archive: Archive, rate: int) -> Archive:
    """The same archive, whose objects come in pieces at ``rate`` bytes a second over all threads; 0: no limit."""
    if rate <= 0:
        return archive
    return replace(archive, objects=cast(ObjectStore, _Paced(archive.objects, rate)))


class _Paced:
    """An object store whose :meth:`chunks` waits; everything else is the store's own."""

    def __init__(self, objects: ObjectStore, rate: int) -> None:
        self._objects = objects
        self._rate = rate
        self._lock = threading.Lock()
        self._free_at = time.monotonic()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def chunks(self, key: str, offset: int = 0) -> Iterator[bytes]:
        """See :class:`ObjectStore`."""
        for piece in self._objects.chunks(key, offset):
            self._wait(len(piece))
            yield piece

    def _wait(self, size: int) -> None:
        with self._lock:
            begin = max(self._free_at, time.monotonic())
            self._free_at = begin + size / self._rate
        time.sleep(max(0.0, begin - time.monotonic()))
