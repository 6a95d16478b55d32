"""Use case: the list of studies that people look at, and what changed in it of late."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.dicom.text import tokens
from storage.errors import Forbidden, InvalidQuery
from storage.index import listing as rows
from storage.index import openings

# A study is arriving for so long after its last instance.
ARRIVING = timedelta(seconds=10)
MAXIMUM_ROWS = 1000
MAXIMUM_COUNTED = 200_000
MAXIMUM_WORDS = 16
_MAXIMUM_CHANGES = 5000


@dataclass(frozen=True)
class StudyFilter:
    """What the list shows: ``text`` is words in any order, of name, patient ID, accession number or description.

    Days are ``YYYYMMDD`` and included; empty: no limit. ``facilities`` are codes. ``state`` is ``arriving``, or
    ``unopened`` or ``opened`` by the one who asks; empty: any. ``order`` is ``received`` (the last change), ``patient``
    (the name without accents) or ``date``.
    """

    text: str = ""
    modalities: tuple[str, ...] = ()
    date_from: str = ""
    date_to: str = ""
    limit: int = 50
    offset: int = 0
    facilities: tuple[str, ...] = ()
    state: Literal["", "arriving", "unopened", "opened"] = ""
    order: Literal["received", "patient", "date"] = "received"
    descending: bool = True


@dataclass(frozen=True)
class StudyRow:
    """One study of the list; texts as sent, days as ``YYYYMMDD``."""

    study_instance_uid: str
    patient_name: str
    patient_id: str
    issuer_of_patient_id: str
    patient_birth_date: str
    patient_sex: str
    study_date: str
    study_time: str
    accession_number: str
    study_description: str
    referring_physician_name: str
    modalities: tuple[str, ...]
    number_of_series: int
    number_of_instances: int
    facility_id: int
    facility_code: str
    facility_name: str
    received_at: datetime
    updated_at: datetime
    arriving: bool

    @classmethod
    def of(cls, row: dict[str, Any], now: datetime) -> "StudyRow":
        """Read a row of the index."""
        values = {name: row[name] for name in cls.__dataclass_fields__ if name in row}
        modalities = tuple(part for part in row["modalities_in_study"].split("\\") if part)
        return cls(**values, modalities=modalities, arriving=now - row["updated_at"] < ARRIVING)


@dataclass(frozen=True)
class StudyPage:
    """A page of the list and the number of all studies that match; if not ``exact``, there are at least ``total``."""

    rows: list[StudyRow]
    total: int
    exact: bool = True
    # UIDs of those rows that the one who asks has opened before
    opened: frozenset[str] = frozenset()


def list_studies(archive: Archive, wanted: StudyFilter, principal: Principal) -> StudyPage:
    """The studies in the principal's reach that match, the latest change first; one audit row if something is searched.

    Raises:
        Forbidden: the principal may not search.
        InvalidQuery: too many words.
        StoreUnavailable: the index cannot be reached.
    """
    _check(archive, wanted, principal)
    asked = _asked(wanted, principal)
    limit = max(0, min(wanted.limit, MAXIMUM_ROWS))
    found = archive.index.read_and_note(
        lambda connection: rows.page(connection, asked, permission.reach(principal), limit, max(0, wanted.offset)),
        lambda connection, page: _record(connection, principal, wanted, "success", page.total),
    )
    now = datetime.now(UTC)
    opened = _opened(archive, principal, found.rows)
    return StudyPage([StudyRow.of(row, now) for row in found.rows], found.total, found.exact, opened)


def count_studies(archive: Archive, wanted: StudyFilter, principal: Principal) -> int:
    """How many studies match, exactly up to :data:`MAXIMUM_COUNTED`: for a list that is scrolled as a whole.

    Raises:
        As :func:`list_studies`.
    """
    _check(archive, wanted, principal)
    asked = _asked(wanted, principal)
    return archive.index.read_and_note(
        lambda connection: rows.count(connection, asked, permission.reach(principal), MAXIMUM_COUNTED),
        lambda connection, total: _record(connection, principal, wanted, "success", total),
    )


def _check(archive: Archive, wanted: StudyFilter, principal: Principal) -> None:
    if len(tokens(wanted.text)) > MAXIMUM_WORDS:
        raise InvalidQuery(f"Search for at most {MAXIMUM_WORDS} words.")
    try:
        permission.may(principal, Action.SEARCH, None)
    except Forbidden:
        with archive.index.write() as connection:
            _record(connection, principal, wanted, "refused", 0)
        raise
    if wanted.state in ("opened", "unopened") and principal.kind != "user":
        raise InvalidQuery("Only a person has opened studies.")


def _asked(wanted: StudyFilter, principal: Principal) -> rows.Wanted:
    return rows.Wanted(
        wanted.text,
        wanted.modalities,
        wanted.date_from,
        wanted.date_to,
        wanted.facilities,
        changed_since=datetime.now(UTC) - ARRIVING if wanted.state == "arriving" else None,
        opened={"opened": True, "unopened": False}.get(wanted.state),
        account=principal.name,
        order=wanted.order,
        descending=wanted.descending,
    )


def _opened(archive: Archive, principal: Principal, found: list[dict[str, Any]]) -> frozenset[str]:
    if principal.kind != "user" or not found:
        return frozenset()
    uids = {row["id"]: row["study_instance_uid"] for row in found}
    with archive.index.read() as connection:
        return frozenset(uids[one] for one in openings.of(connection, principal.name, uids))


def changed_studies(archive: Archive, since: datetime, reach: Collection[int] | None) -> list[StudyRow]:
    """The studies of the facilities in ``reach`` (``None``: all) that changed at or after ``since``, the latest first.

    For live updates of a list that was searched before: no audit row of its own.
    """
    with archive.index.read() as connection:
        found = rows.changed(connection, since, reach, _MAXIMUM_CHANGES)
    now = datetime.now(UTC)
    return [StudyRow.of(row, now) for row in found]


def _record(
    connection: rows.Connection, principal: Principal, wanted: StudyFilter, outcome: audit.Outcome, total: int
) -> None:
    detail: dict[str, str | int] = {"list": "studies", "offset": wanted.offset, "matches": total}
    asked = {"text": wanted.text, "modality": ",".join(wanted.modalities), "from": wanted.date_from}
    asked |= {"to": wanted.date_to, "facility": ",".join(wanted.facilities), "state": wanted.state}
    detail |= {name: value for name, value in asked.items() if value}
    audit.record(connection, principal, Action.SEARCH, outcome, detail=detail)
