"""A child process ends when its parent has gone, however the parent ended (kill -9 included).

The parent holds the write end of a pipe for as long as it lives; the child waits for the other end to close.
"""

import os
import signal
import threading
import time

GRACE_S = 15.0  # to stop politely; after that nobody is left who would kill us
POLL_S = 0.5
VARIABLE = "FILMLESS_LIFELINE"


def watch() -> None:
    """In a child: ask this process to stop as soon as the parent has gone. Without a parent's pipe: nothing."""
    descriptor = os.environ.pop(VARIABLE, "")
    if not descriptor.isdigit():
        return
    threading.Thread(target=_wait, args=(int(descriptor),), name="lifeline", daemon=True).start()


def watch_parent() -> None:
    """In a worker that a server forked: stop as soon as the server has gone: none answers on its port alone."""
    threading.Thread(target=_poll, args=(os.getppid(),), name="lifeline", daemon=True).start()


def _poll(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_S)
    _end()


def _wait(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    _end()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)
