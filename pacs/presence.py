"""Which processes of a node live: each holds a locked file in ``run/`` of the data folder for as long as it does.

The lock goes with the process, however it ends, so what is locked lives; a file that nobody locks is a leftover.
"""

import fcntl
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

FOLDER = "run"
LOCK = "up.lock"  # held by a process tree that keeps the processes of this data folder running


@dataclass(frozen=True)
class Living:
    """One process that lives; ``ready``: it does its work, not only starts."""

    kind: str
    pid: int
    since: datetime
    ready: bool


class Presence:
    """This process among the living, until it is closed or ends."""

    def __init__(self, data_dir: Path, kind: str) -> None:
        self._kind = kind
        self._since = datetime.now(UTC)
        folder = data_dir / FOLDER
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A name of its own: process numbers come back, and what the dead left may be removed at any time.
        self._path = folder / f"{kind}-{os.getpid()}-{secrets.token_hex(4)}"
        self._descriptor: int | None = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._write(ready=False)

    def ready(self) -> None:
        """Say that this process does its work now."""
        self._write(ready=True)

    def close(self) -> None:
        """Leave."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._path.unlink(missing_ok=True)
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, *, ready: bool) -> None:
        if self._descriptor is None:
            return
        body = orjson.dumps({"kind": self._kind, "pid": os.getpid(), "since": self._since, "ready": ready})
        # In one write of one length, so that whoever reads beside it never sees half of it.
        os.pwrite(self._descriptor, body.ljust(256), 0)


def living(data_dir: Path) -> list[Living]:
    """The processes that live on this data folder, by kind and age; what the dead left behind is removed."""
    found = []
    for path in (data_dir / FOLDER).glob("*-*"):
        with suppress(OSError), path.open("rb") as file:
            if _is_free(file.fileno(), path):
                continue
            one = orjson.loads(file.read() or b"null")
            if one:
                found.append(Living(one["kind"], one["pid"], datetime.fromisoformat(one["since"]), bool(one["ready"])))
    return sorted(found, key=lambda one: (one.kind, one.since, one.pid))


def is_held(path: Path) -> bool:
    """Tell whether a living process holds the lock on this file."""
    try:
        with path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _is_free(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    # Between making its file and locking it a process is young: such a file stays.
    if time.time() - path.stat().st_mtime > 5:
        path.unlink(missing_ok=True)
    return True
