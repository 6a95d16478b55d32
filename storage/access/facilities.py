"""Facilities: the hospitals and stations that own studies; a principal reaches all of them or some."""

import re
import threading
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from storage.errors import InvalidRequest
from storage.index import facilities as rows
from storage.index.engine import Index

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Facility:
    """One facility; ``code`` is its stable short name (in Viet Nam the 5-character code)."""

    id: int
    code: str
    name: str


def get_or_create(index: Index, code: str, name: str = "") -> Facility:
    """The facility of this code, made if there is none; a given ``name`` replaces another.

    Raises:
        InvalidRequest: the code is not 1 to 64 letters, digits, dots, dashes or underscores.
    """
    if not _CODE.fullmatch(code):
        raise InvalidRequest("A facility code is 1 to 64 letters, digits, dots, dashes or underscores.")
    with index.read() as connection:
        row = rows.by_code(connection, code)
    if row is None or (name and row["name"] != name):
        with index.write() as connection:
            rows.add_if_absent(connection, code, name)
            if name:
                rows.rename(connection, code, name)
            row = rows.by_code(connection, code)
    if row is None:
        raise InvalidRequest("The facility was removed while it was being made.")
    return Facility(**row)


def find(index: Index, code: str) -> Facility | None:
    """The facility of this code, if there is one."""
    if not _CODE.fullmatch(code):
        return None
    with index.read() as connection:
        row = rows.by_code(connection, code)
    return Facility(**row) if row else None


def code(index: Index, identity: int) -> str:
    """The code of the facility with this id; empty if there is none."""
    found = _codes(index).get(identity)
    if found is None:
        with index.read() as connection:
            found = rows.code(connection, identity)
        if found:
            _codes(index)[identity] = found
    return found


def is_known(index: Index, code_: str) -> bool:
    """Whether :func:`number` and :func:`code` answer from memory."""
    return code_ in _codes(index).values()


def number(index: Index, code_: str) -> int:
    """The id of the facility of this code, made if there is none.

    Raises:
        InvalidRequest: as :func:`get_or_create`.
    """
    for identity, known in list(_codes(index).items()):
        if known == code_:
            return identity
    made = get_or_create(index, code_)
    _codes(index)[made.id] = made.code
    return made.id


# Neither id nor code of a facility ever changes.
_by_index: WeakKeyDictionary[Index, dict[int, str]] = WeakKeyDictionary()
_by_index_lock = threading.Lock()


def _codes(index: Index) -> dict[int, str]:
    with _by_index_lock:
        return _by_index.setdefault(index, {})


def everything(index: Index) -> list[Facility]:
    """All facilities, by code."""
    with index.read() as connection:
        return [Facility(**row) for row in rows.everything(connection)]
