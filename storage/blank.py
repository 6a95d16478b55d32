"""Blank files: made and named durably some at a time, so that an instance that arrives need not wait for that."""

import fcntl
import os
import secrets
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

from storage.disk import sync_folder

# A process that receives rarely keeps few; one that receives much makes so many at once.
_MOST = 32


class Blank:
    """An empty file that is locked (flock) as long as its descriptor is open; its name survives a power cut."""

    __slots__ = ("descriptor", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Take the file away, whatever is in it."""
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)


class Blanks:
    """The blank files of one process in a folder; safe to share between threads."""

    def __init__(self, folder: Path, node: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._made: deque[Blank] = deque()
        self._number = 1
        # No other process has it, so that a count makes every name one that nobody has used.
        self._prefix = f"{node}-{secrets.token_hex(8)}"
        self._count = 0

    def take(self) -> Blank:
        """A blank file of one's own.

        Raises:
            OSError: the disk does not take it.
        """
        with self._lock:
            if not self._made:
                self._make()
            return self._made.popleft()

    def close(self) -> None:
        """Take all away that nobody took."""
        with self._lock:
            while self._made:
                with suppress(OSError):
                    self._made.pop().remove()
            self._number = 1

    def _make(self) -> None:
        # Once they are here, one is taken even where the disk has no room for the next.
        with suppress(OSError):
            for _ in range(self._number):
                self._made.append(self._one())
        if not self._made:
            self._made.append(self._one())
        sync_folder(self._folder)
        self._number = min(self._number * 2, _MOST)

    def _one(self) -> Blank:
        self._count += 1
        return Blank(self._folder / f"{self._prefix}{self._count:08x}.dcm")
