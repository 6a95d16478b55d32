"""Facilities: the hospitals and stations that own studies; a principal reaches all of them or some."""

import re
import threading
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from storage.access import audit
from storage.access.permission import may
from storage.access.principal import SYSTEM, Action, Principal
from storage.errors import InvalidRequest, NotFound
from storage.index import facilities as rows
from storage.index.engine import Index

# Of the Vietnamese law on medical examination and treatment (15/2023/QH15, article 104): initial, basic, specialised.
TIERS = ("", "initial", "basic", "specialised")
_LONGEST_NAME = 200
_MOST_ABOVE = 16
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Facility:
    """One facility; ``code`` is its stable short name (in Viet Nam the 5-character code).

    ``gln`` is its GS1 Global Location Number, ``tier`` one of :data:`TIERS`, ``parent_id`` the facility it belongs to.
    """

    id: int
    code: str
    name: str
    gln: str = ""
    tier: str = ""
    parent_id: int | None = None


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


# Neither id nor code of a facility ever changes; one that is removed has never owned anything.
_by_index: WeakKeyDictionary[Index, dict[int, str]] = WeakKeyDictionary()
_by_index_lock = threading.Lock()


def _codes(index: Index) -> dict[int, str]:
    with _by_index_lock:
        return _by_index.setdefault(index, {})


def everything(index: Index) -> list[Facility]:
    """All facilities, by code."""
    with index.read() as connection:
        return [Facility(**row) for row in rows.everything(connection)]


def put(
    index: Index, code_: str, name: str, *, gln: str = "", tier: str = "", parent_code: str = "", by: Principal = SYSTEM
) -> Facility:
    """The facility of this code with these values, made if there is none; one audit row.

    Raises:
        Forbidden: ``by`` may not administer.
        InvalidRequest: a value cannot be right, the parent is unknown, or the facility would be above itself.
    """
    may(by, Action.ADMINISTER, None)
    if not _CODE.fullmatch(code_):
        raise InvalidRequest("A facility code is 1 to 64 letters, digits, dots, dashes or underscores.")
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidRequest(f"The name of a facility is one line of at most {_LONGEST_NAME} characters.")
    if gln and not is_gln(gln):
        raise InvalidRequest("A Global Location Number is 13 digits, of which the last is the check digit.")
    if tier not in TIERS:
        raise InvalidRequest(f"The tier of a facility is one of {', '.join(filter(None, TIERS))}, or none.")
    with index.write() as connection:
        parent = rows.by_code(connection, parent_code) if parent_code else None
        if parent_code and parent is None:
            raise InvalidRequest("There is no facility of the parent's code.")
        rows.add_if_absent(connection, code_, name)
        _check_line(connection, code_, parent)
        rows.change(connection, code_, name=name, gln=gln, tier=tier, parent_id=parent["id"] if parent else None)
        row = rows.by_code(connection, code_)
        audit.record(connection, by, Action.ADMINISTER, detail={"facility": code_, "act": "put"})
    if row is None:
        raise InvalidRequest("The facility was removed while it was being made.")
    return Facility(**row)


def remove(index: Index, code_: str, *, by: Principal = SYSTEM) -> None:
    """Forget a facility to which nothing belongs; one audit row.

    Raises:
        Forbidden: ``by`` may not administer.
        InvalidRequest: studies, machines, peers, accounts or other facilities belong to it.
        NotFound: there is none of this code.
    """
    may(by, Action.ADMINISTER, None)
    with index.write() as connection:
        if rows.by_code(connection, code_) is None:
            raise NotFound("There is no such facility.")
        if not rows.remove(connection, code_):
            raise InvalidRequest("Studies, machines, peers, accounts or other facilities belong to this facility.")
        audit.record(connection, by, Action.ADMINISTER, detail={"facility": code_, "act": "removed"})
    for identity, known in list(_codes(index).items()):
        if known == code_:
            del _codes(index)[identity]


def is_gln(text: str) -> bool:
    """Whether a text is a Global Location Number: 13 digits, the last to check it (GS1 General Specifications §7.9)."""
    if not re.fullmatch(r"[0-9]{13}", text):
        return False
    weighed = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(text[:12]))
    return (10 - weighed % 10) % 10 == int(text[12])


def _check_line(connection: rows.Connection, code_: str, parent: dict[str, Any] | None) -> None:
    """The line of facilities above one ends."""
    above = parent
    for _ in range(_MOST_ABOVE):
        if above is None:
            return
        if above["code"] == code_:
            break
        above = rows.by_id(connection, above["parent_id"]) if above["parent_id"] is not None else None
    raise InvalidRequest("A facility cannot be above itself.")
