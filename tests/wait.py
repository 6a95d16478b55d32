"""Waiting for something to become true, without guessing how long it takes."""

import time
from collections.abc import Callable

# Longer than anything takes that has not hung, on however busy a machine.
HUNG_S = 100.0
# A machine under load takes several times as long; who waits in vain may as well wait longer.
SLOWEST = 3


def until(condition: Callable[[], object], *, within_s: float = 30, every_s: float = 0.05) -> None:
    """Return as soon as ``condition()`` is true, which takes at most ``within_s`` on a machine that is not busy.

    Raises:
        AssertionError: it did not become true in time.
    """
    deadline = time.monotonic() + within_s * SLOWEST
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {within_s * SLOWEST} s: {condition}")
        time.sleep(every_s)
