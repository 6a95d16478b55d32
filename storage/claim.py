"""Claim a file of the spool that nobody works on: whoever works on one holds its lock (flock)."""

import fcntl
import os
from pathlib import Path

from storage.spooled_file import Hold


def claim(path: Path) -> Hold | None:
    """Lock a file; ``None`` if somebody else holds it, or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    hold = Hold(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        hold.release()
        return None
    if not path.exists():  # removed by its owner while we waited for nothing
        hold.release()
        return None
    return hold
