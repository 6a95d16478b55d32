"""A child process ends when its parent has gone, however the parent ended (kill -9 included).

The parent holds the write end of a pipe for as long as it lives; the child waits for the other end to close.
"""

import os
import signal
import threading

VARIABLE = "FILMLESS_LIFELINE"


def watch() -> None:
    """In a child: ask this process to stop as soon as the parent has gone. Without a parent's pipe: nothing."""
    descriptor = os.environ.pop(VARIABLE, "")
    if not descriptor.isdigit():
        return
    threading.Thread(target=_wait, args=(int(descriptor),), name="lifeline", daemon=True).start()


def _wait(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
