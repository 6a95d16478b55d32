"""Waiting for something to become true, without guessing how long it takes."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], *, within_s: float = 30, every_s: float = 0.05) -> None:
    """Return as soon as ``condition()`` is true.

    Raises:
        AssertionError: it did not become true in time.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {within_s} s: {condition}")
        time.sleep(every_s)
