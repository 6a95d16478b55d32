"""Python runs this at its start in processes that have this folder in PYTHONPATH: they stop at the points of a folder.

``FILMLESS_STOP_AT`` names the folder. A file in it with the name of a point and a number ``n`` as content kills the
process that passes the point for the ``n``-th time since the file is there, once: the file goes first.
"""

import os
import signal
import threading
from pathlib import Path

from storage import fault_point

_folder = Path(os.environ["FILMLESS_STOP_AT"])
_passed: dict[str, int] = {}
_lock = threading.Lock()


def _stop_here(point: str) -> None:
    file = _folder / point
    with _lock:
        try:
            count = int(file.read_text())
        except FileNotFoundError:
            _passed.pop(point, None)
            return
        _passed[point] = _passed.get(point, 0) + 1
        if _passed[point] < count:
            return
        try:
            file.unlink()
        except FileNotFoundError:  # another process was here first
            return
        os.kill(os.getpid(), signal.SIGKILL)


fault_point.arm(_stop_here)
