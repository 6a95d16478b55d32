"""Use case: attributes that an administrator makes searchable beside the columns of the index (PS3.18 §10.6.1.2).

One is used as soon as it is added; until its rows are made of all that is kept, an answer says so.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag, tag_for_keyword

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.query import REQUEST_ATTRIBUTES
from storage.dicom import vr
from storage.dicom.attributes import BY_TAG, Level
from storage.dicom.identifier import level_of
from storage.dicom.search_value import SearchAttribute
from storage.errors import InvalidRequest, NotFound, WrongState
from storage.index import search_attributes as rows

MOST_ATTRIBUTES = 64
DEEPEST = 4
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_LEVELS = {"patient": Level.PATIENT, "study": Level.STUDY, "series": Level.SERIES, "instance": Level.IMAGE}


@dataclass(frozen=True)
class Described:
    """One attribute for people: ``looked_at`` of ``instances`` row numbers are done where the state is ``filling``."""

    path: str
    keyword: str
    vr: str
    level: str
    state: str
    required: bool
    looked_at: int
    instances: int
    changed_at: datetime
    changed_by: str


def listed(archive: Archive, principal: Principal) -> list[Described]:
    """All searchable attributes beside those that every archive has.

    Raises:
        Forbidden: the principal may not administer the whole archive.
        StoreUnavailable: the index cannot be reached.
    """
    permission.may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        newest = rows.newest_instance(connection)
        return [_described(row, newest) for row in rows.everything(connection)]


def add(archive: Archive, name: str, level: str, vr_: str, principal: Principal) -> Described:
    """Make an attribute searchable.

    ``name``: keyword, tag or path (``RequestAttributesSequence.AccessionNumber``); ``level``: ``patient``, ``study``,
    ``series`` or ``instance``; ``vr_``: for a private attribute. Empty: as the standard has it.

    Raises:
        Forbidden: the principal may not administer the whole archive.
        InvalidRequest: there is no such attribute, or it holds nothing that can be compared.
        WrongState: it is searchable already, or there are too many.
        StoreUnavailable: the index cannot be reached.
    """
    permission.may(principal, Action.ADMINISTER, None)
    made = _read(name, level, vr_)

    def write(connection: rows.Connection) -> Described:
        known = rows.everything(connection)
        if any(row["path"] == made.path for row in known):
            raise WrongState("This attribute is searchable already, or still being removed.")
        if len(known) >= MOST_ATTRIBUTES:
            raise WrongState(f"No more than {MOST_ATTRIBUTES} attributes can be made searchable.")
        for row in known:
            if "." in made.path and row["path"].partition(".")[0] == made.root and row["level"] != made.level:
                raise WrongState(f"Attributes of one sequence have one level: here {_level_name(row['level'])}.")
        newest = rows.newest_instance(connection)
        row = rows.add(
            connection,
            {
                "path": made.path,
                "vr": made.vr,
                "level": made.level.value,
                "state": "filling" if newest else "ready",
                "seen": newest,
                "changed_at": datetime.now(UTC),
                "changed_by": principal.name,
            },
        )
        _record(connection, principal, "add", made.path)
        return _described(row, newest)

    added = archive.index.in_transaction(write)
    archive.searchable.forget()
    return added


def remove(archive: Archive, name: str, principal: Principal) -> None:
    """Make an attribute unsearchable; its rows go in the background.

    Raises:
        Forbidden: the principal may not administer the whole archive.
        NotFound: it was not added.
        WrongState: the standard demands it.
        StoreUnavailable: the index cannot be reached.
    """
    permission.may(principal, Action.ADMINISTER, None)
    path = ".".join(f"{tag:08X}" for tag in _tags(name))
    if path in REQUEST_ATTRIBUTES:
        raise WrongState("The standard demands that this attribute is searchable.")

    def write(connection: rows.Connection) -> None:
        row = rows.find(connection, path)
        if row is None or row["state"] == "removing":
            raise NotFound("This attribute was not made searchable.")
        rows.set_state(connection, row["id"], "removing", datetime.now(UTC), principal.name)
        _record(connection, principal, "remove", path)

    archive.index.in_transaction(write)
    archive.searchable.forget()


def _read(name: str, level: str, vr_: str) -> SearchAttribute:
    tags = _tags(name)
    if len(tags) > DEEPEST:
        raise InvalidRequest(f"An attribute lies at most {DEEPEST - 1} sequences deep.")
    if any(_vr(tag) != "SQ" for tag in tags[:-1] if dictionary_has_tag(tag)):
        raise InvalidRequest("All but the last part of a path must be sequences.")
    if len(tags) == 1 and tags[0] in BY_TAG:
        raise WrongState("Every archive can search for this attribute already.")
    known = _vr(tags[-1]) if dictionary_has_tag(tags[-1]) else ""
    chosen = known or vr_.upper()
    if not chosen:
        raise InvalidRequest("Say which value representation this private attribute has.")
    if chosen not in vr.ALL or chosen in vr.BINARY or chosen == "SQ":
        raise InvalidRequest(f"Values of {chosen} cannot be compared; name an attribute inside a sequence.")
    if level and level not in _LEVELS:
        raise InvalidRequest(f"The level is one of {', '.join(_LEVELS)}.")
    path = ".".join(f"{tag:08X}" for tag in tags)
    return SearchAttribute(0, path, chosen, _LEVELS[level] if level else level_of(path))


def _tags(name: str) -> list[int]:
    found = []
    for step in name.strip().split("."):
        tag = int(step, 16) if _TAG.fullmatch(step) else tag_for_keyword(step)
        if not step or tag is None or tag >> 16 < 8 or tag & 0xFFFF == 0:
            raise InvalidRequest(f"There is no attribute {name[:64]!r}.")
        found.append(tag)
    return found


def _vr(tag: int) -> str:
    return dictionary_VR(tag).split(" or ")[0]


def _described(row: rows.Row, newest: int) -> Described:
    return Described(
        path=row["path"],
        keyword=".".join(keyword_for_tag(int(step, 16)) or step for step in row["path"].split(".")),
        vr=row["vr"],
        level=_level_name(row["level"]),
        state=row["state"],
        required=row["path"] in REQUEST_ATTRIBUTES,
        looked_at=newest if row["state"] == "ready" else row["position"],
        instances=newest,
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


def _level_name(level: str) -> str:
    return next(name for name, known in _LEVELS.items() if known == level)


def _record(connection: rows.Connection, principal: Principal, act: str, path: str) -> None:
    audit.record(connection, principal, Action.ADMINISTER, detail={"search_attribute": path, "act": act})
