"""Use case: what a technologist does with printed films that nobody knows the patient of: see, file, discard.

Each act asks :func:`may` for the facility of the film, and for that of the study it goes into; each is audited.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from io import BytesIO
from typing import Literal

from PIL import Image

from storage.access import audit
from storage.access.permission import may, may_anywhere, reach
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.film import read
from storage.archive.film_filing import claim, decide, file, target_of
from storage.archive.film_match import Match, match, names, proposal_of
from storage.dicom.film import Proposal
from storage.dicom.film_instances import Target, film_uid
from storage.dicom.part10 import valid_uid
from storage.errors import ArchiveError, Forbidden, InvalidRequest, NotFound, WrongState
from storage.index import films as rows
from storage.pixels.film import page_of

MOST_ROWS = 200
LONGEST_REASON = 500
LARGEST_SIDE, SMALLEST_SIDE = 4096, 64
_LONGEST = {"patient_name": 192, "study_description": 64, "patient_id": 64, "accession_number": 16}
_SEXES = ("", "M", "F", "O")

Shown = Literal["open", "settled"]


@dataclass(frozen=True)
class Tray:
    """A page of films and how many there are."""

    rows: list[rows.Row]
    total: int


@dataclass(frozen=True)
class TrayFilm:
    """A film, whose it is as its machine says, and the studies it may belong to, likeliest first."""

    row: rows.Row
    proposal: Proposal
    candidates: list[rows.Row]
    named: frozenset[str]  # the candidates whose patient the film names


@dataclass(frozen=True)
class NewStudy:
    """A patient typed by a person, for whom there is no study yet; days as ``YYYYMMDD``."""

    patient_name: str
    patient_id: str
    patient_birth_date: str = ""
    patient_sex: str = ""
    accession_number: str = ""
    study_description: str = ""


def listed(archive: Archive, principal: Principal, shown: Shown = "open", limit: int = 50, offset: int = 0) -> Tray:
    """The films that wait, or those that are settled, of the facilities in reach, newest first.

    Raises:
        Forbidden: the principal may not file films.
        StoreUnavailable: the index cannot be reached.
    """
    _may(principal)
    states = ("tray", "new", "filing") if shown == "open" else rows.SETTLED
    with archive.index.write() as connection:
        found, total = rows.page(connection, reach(principal), states, max(0, min(limit, MOST_ROWS)), max(0, offset))
        _record(connection, principal, Action.SEARCH, None, {"list": "films", "matches": total, "offset": offset})
    return Tray(found, total)


def waiting(archive: Archive, principal: Principal) -> int:
    """How many films are in the tray.

    Raises:
        Forbidden, StoreUnavailable: as :func:`listed`.
    """
    _may(principal)
    with archive.index.read() as connection:
        return rows.page(connection, reach(principal), ("tray",), 0, 0)[1]


def show(archive: Archive, identity: int, principal: Principal) -> TrayFilm:
    """One film, with what it may belong to while it waits.

    Raises:
        Forbidden: the principal may not file films of its facility.
        NotFound: there is no such film.
        StoreUnavailable: the index cannot be reached.
    """
    row = _entry(archive, identity, principal)
    with archive.index.write() as connection:
        _record(connection, principal, Action.VIEW, row)
    proposal = proposal_of(row)
    candidates = _candidates(archive, row) if row["state"] == "tray" else []
    texts = [proposal.patient_name, *row["texts"].split("\n")]
    named = frozenset(one["study_instance_uid"] for one in candidates if names(one["patient_name"], texts))
    return TrayFilm(row, proposal, candidates, named)


def picture(archive: Archive, identity: int, principal: Principal, side: int) -> bytes:
    """The film as laid out, as PNG whose longer side is at most ``side`` pixels.

    Raises:
        Forbidden, NotFound: as :func:`show`.
        WrongState: it is settled, or still on another node.
        StoreUnavailable: the file of the film cannot be read now.
    """
    row = _entry(archive, identity, principal)
    if row["state"] in rows.SETTLED:
        raise WrongState("This film is settled.")
    image = Image.fromarray(page_of(read(archive, row)).eight_bits())
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def file_into(archive: Archive, identity: int, study_instance_uid: str, principal: Principal) -> str:
    """File a film into a study that is kept; its Study Instance UID.

    Raises:
        Forbidden: the principal may not store into the study.
        NotFound: there is no such film or study.
        WrongState: somebody else has dealt with it, or does so now.
        ArchiveError: why it cannot be kept; it is back in the tray then.
    """
    row = _entry(archive, identity, principal)
    with archive.index.read() as connection:
        study = rows.study_of(connection, study_instance_uid) if valid_uid(study_instance_uid) else None
    if study is None:  # it may be one that is ordered
        proposed = {one["study_instance_uid"]: one for one in _candidates(archive, row)}
        study = proposed.get(study_instance_uid)
    if study is None:
        raise NotFound("There is no such study.")
    try:
        may(principal, Action.STORE, study["facility_id"])
    except Forbidden:
        with archive.index.write() as connection:
            _record(connection, principal, Action.STORE, row, {"study": study_instance_uid}, "refused")
        raise
    return _file(archive, row, target_of(study), principal)


def file_as(archive: Archive, identity: int, patient: NewStudy, principal: Principal) -> str:
    """File a film as a study of its own, of a patient that is typed; its Study Instance UID.

    Raises:
        InvalidRequest: name or ID is missing, or something is malformed.
        Forbidden, NotFound, WrongState, ArchiveError: as :func:`file_into`.
    """
    row = _entry(archive, identity, principal)
    typed = {one.name: " ".join(str(getattr(patient, one.name)).split()) for one in fields(NewStudy)}
    if not typed["patient_name"] or not typed["patient_id"]:
        raise InvalidRequest("A patient needs a name and an ID.")
    if any(len(typed[name]) > longest for name, longest in _LONGEST.items()) or "\\" in "".join(typed.values()):
        raise InvalidRequest("A text is too long, or holds a backslash.")
    if typed["patient_sex"] not in _SEXES or not _is_day(typed["patient_birth_date"]):
        raise InvalidRequest("The sex is M, F or O; the birth date YYYYMMDD.")
    printed = row["printed_at"].astimezone()
    target = Target(
        study_instance_uid=film_uid(row["film_uid"], "", "study"),
        study_date=f"{printed:%Y%m%d}",
        study_time=f"{printed:%H%M%S}",
        **typed,
    )
    return _file(archive, row, target, principal)


def discard(archive: Archive, identity: int, reason: str, principal: Principal) -> None:
    """Throw a film away for good; that it was there, and why it went, stays in the audit trail.

    Raises:
        InvalidRequest: no reason is given.
        Forbidden, NotFound, WrongState, StoreUnavailable: as :func:`file_into`.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidRequest(f"Say why the film is discarded, in at most {LONGEST_REASON} characters.")
    row = _entry(archive, identity, principal)
    _claim(archive, row)
    values = {
        "state": "discarded",
        "settled_at": datetime.now(UTC),
        "filed_by_kind": principal.kind,
        "filed_by": principal.name,
        "note": reason.strip(),
        "claimed_until": None,
    }

    def work(connection: rows.Connection) -> bool:
        changed = rows.change(connection, row["id"], "tray", **values)
        if changed:
            _record(connection, principal, Action.DELETE, row, {"act": "film discarded", "note": reason.strip()})
        return changed

    if not archive.index.in_transaction(work, durable=True):
        raise WrongState("Somebody else has dealt with this film just now.")


def _candidates(archive: Archive, row: rows.Row) -> list[rows.Row]:
    found = match(archive, row)
    return [found.study] if isinstance(found, Match) else found.candidates


def _file(archive: Archive, row: rows.Row, target: Target, principal: Principal) -> str:
    _claim(archive, row)
    try:
        decide(archive, row, target, "hand", principal)
        file(archive, {**row, "state": "filing"}, target, principal)
    except ArchiveError:
        empty = {"study_instance_uid": "", "target": "", "filed_by": "", "filed_by_kind": "", "claimed_until": None}
        archive.index.in_transaction(
            lambda connection: rows.change(connection, row["id"], "filing", state="tray", reason=row["reason"], **empty)
        )
        raise
    return target.study_instance_uid


def _claim(archive: Archive, row: rows.Row) -> None:
    if row["state"] != "tray" or not claim(archive, row["id"], "tray"):
        raise WrongState("This film is settled already, or somebody deals with it at this moment.")


def _entry(archive: Archive, identity: int, principal: Principal) -> rows.Row:
    _may(principal)
    with archive.index.read() as connection:
        row = rows.by_id(connection, identity)
    if row is None:
        raise NotFound("There is no such film.")
    try:
        may(principal, Action.STORE, row["facility_id"])
    except Forbidden:
        with archive.index.write() as connection:
            _record(connection, principal, Action.VIEW, row, outcome="refused")
        raise
    return row


def _may(principal: Principal) -> None:
    """Whoever files a film sees it and stores it."""
    may_anywhere(principal, Action.VIEW)
    may_anywhere(principal, Action.STORE)


def _is_day(text: str) -> bool:
    if not text:
        return True
    try:
        datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return False
    return len(text) == 8


def _record(
    connection: rows.Connection,
    principal: Principal,
    action: Action,
    row: rows.Row | None,
    more: Mapping[str, str | int] | None = None,
    outcome: audit.Outcome = "success",
) -> None:
    detail: dict[str, str | int] = dict(more or {})
    study, patient = "", ""
    if row is not None:
        detail |= {"film": row["id"]}
        study = row["study_instance_uid"]
        patient = json.loads(row["target"])["patient_id"] if row["target"] else ""
    audit.record(connection, principal, action, outcome, study_instance_uid=study, patient_id=patient, detail=detail)
