"""Failed sign-ins, counted per account in the index, and the growing pauses they bring (NIST SP 800-63B §5.2.2)."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from weakref import WeakKeyDictionary

from storage.errors import TooManyAttempts
from storage.index import accounts as rows
from storage.index.engine import Index

FREE_ATTEMPTS = 5
LONGEST_PAUSE_S = 15 * 60
FORGOTTEN_AFTER = timedelta(days=1)
MAXIMUM_STRANGERS = 10_000


def pause_after(failures: int) -> timedelta:
    """How long sign-in stays closed after so many failures in a row: from the fifth on 5 s, doubling to 15 minutes."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    return timedelta(seconds=min(5 * 2 ** min(failures - FREE_ATTEMPTS, 20), LONGEST_PAUSE_S))


def begin(index: Index, name: str, now: datetime) -> dict[str, Any] | None:
    """Count one attempt as failed before it is made, and return the account's row; a success sets the count to zero.

    Counting first means that guesses made at the same moment count too. A name without an account is counted in this
    process alone, so that a pause does not tell which accounts exist.

    Raises:
        TooManyAttempts: the pause after earlier failures is not over.
    """
    while True:
        with index.read() as connection:
            row = rows.by_name(connection, name)
        if row is None:
            _strangers(index).begin(name, now)
            return None
        seen, closed_until = _still_counted(row["failed_attempts"], row["locked_until"], now)
        _refuse_until(seen, closed_until, now)
        until = now + pause_after(seen + 1)
        with index.write() as connection:
            if rows.count_attempt(connection, row["id"], row["failed_attempts"], seen + 1, until):
                return row


def _still_counted(failures: int, closed_until: datetime | None, now: datetime) -> tuple[int, datetime | None]:
    if closed_until is not None and now - closed_until > FORGOTTEN_AFTER:
        return 0, None
    return failures, closed_until


def _refuse_until(failures: int, closed_until: datetime | None, now: datetime) -> None:
    if failures >= FREE_ATTEMPTS and closed_until is not None and closed_until > now:
        wait = ceil((closed_until - now).total_seconds())
        raise TooManyAttempts(f"Too many failed sign-ins; try again in {wait} s.", wait)


class _Strangers:
    """Attempts on names that have no account; the oldest are forgotten when there are too many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def begin(self, name: str, now: datetime) -> None:
        with self._lock:
            failures, until = self._failures.get(name, (0, None))
            seen, closed_until = _still_counted(failures, until, now)
            _refuse_until(seen, closed_until, now)
            self._failures[name] = (seen + 1, now + pause_after(seen + 1))
            self._failures.move_to_end(name)
            if len(self._failures) > MAXIMUM_STRANGERS:
                self._failures.popitem(last=False)


_known: WeakKeyDictionary[Index, _Strangers] = WeakKeyDictionary()
_known_lock = threading.Lock()


def _strangers(index: Index) -> _Strangers:
    with _known_lock:
        return _known.setdefault(index, _Strangers())
