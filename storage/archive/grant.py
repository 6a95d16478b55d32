"""Use case: granting a linked site the sight of a study or a patient, on a basis that is named, until a day.

Giving data to another provider needs the patient's written request or a legal exception (Law 91/2025): without the
scanned paper, or the provision, nothing is granted.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.access import audit, grant_decision, permission
from storage.access.grant_decision import Purpose
from storage.access.principal import Action, Principal
from storage.access.refusal import VisitRefused
from storage.archive import Archive, site
from storage.errors import Forbidden, InvalidRequest, NotFound, TooLarge, WrongState
from storage.index import grants as rows
from storage.index import listing
from storage.index import sites as site_rows

SCOPES = ("study", "priors", "patient")
BASES = ("consent", "law")
PURPOSES = (Purpose.TREATMENT, Purpose.PATIENT_REQUEST)
STATES = ("", "open", "ended", "unreviewed")
LONGEST = timedelta(days=3660)
LONGEST_NOTE = 1000
LARGEST_DOCUMENT = 10 * 1024 * 1024
MOST_ROWS = 500
_MEDIA_TYPES = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


@dataclass(frozen=True)
class Paper:
    """A scanned paper: what it is called, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Wanted:
    """What is to be granted: a study, with priors or not, or all studies under a patient ID."""

    site_id: str
    scope: str
    study_instance_uid: str
    patient_id: str
    purpose: str
    basis: str
    note: str
    may_copy: bool
    valid_until: datetime
    paper: Paper | None


def give(archive: Archive, wanted: Wanted, principal: Principal) -> dict[str, Any]:
    """Grant it; gives the row of the grant.

    Raises:
        Forbidden: the principal may not grant what this facility has.
        NotFound: there is no such site, study or patient in reach.
        InvalidRequest: scope, purpose, basis, paper or time cannot be right.
        WrongState: the two sites are not linked.
    """
    permission.may_anywhere(principal, Action.GRANT)
    now = datetime.now(UTC)
    media_type = _check(wanted, now)

    def write(connection: rows.Connection) -> dict[str, Any]:
        to = site_rows.by_site_id(connection, wanted.site_id)
        if to is None:
            raise NotFound("There is no such site.")
        if to["state"] != site.LINKED:
            raise WrongState("The two sites are not linked.")
        of = _subject(connection, wanted, principal)
        permission.may(principal, Action.GRANT, of["facility_id"])
        key = rows.add(
            connection,
            site_fk=to["id"],
            facility_id=of["facility_id"],
            kind="grant",
            scope=wanted.scope,
            study_instance_uid=of["study_instance_uid"],
            study_date=of["study_date"],
            patient_id=of["patient_id"],
            issuer_of_patient_id=of["issuer_of_patient_id"],
            purpose=wanted.purpose,
            basis=wanted.basis,
            note=wanted.note.strip(),
            may_copy=wanted.may_copy,
            valid_until=wanted.valid_until,
            made_at=now,
            made_by=principal.name,
        )
        if wanted.paper is not None:
            content = wanted.paper.content
            digest = hashlib.sha256(content).hexdigest()
            name = wanted.paper.name[:200]
            rows.add_document(connection, key, name=name, media_type=media_type, sha256=digest, content=content)
        row = rows.find(connection, key)
        assert row is not None
        _note(connection, principal, row, "given")
        return row

    return archive.index.in_transaction(write)


def revoke(archive: Archive, key: int, reason: str, principal: Principal) -> None:
    """End a grant: the next request on it is refused.

    Raises:
        Forbidden: the principal may not grant what this facility has.
        NotFound: there is no such grant.
        InvalidRequest: no reason is given.
        WrongState: it has ended already.
    """
    permission.may_anywhere(principal, Action.GRANT)
    if not 0 < len(reason.strip()) <= LONGEST_NOTE:
        raise InvalidRequest(f"Give a reason of at most {LONGEST_NOTE} characters.")
    now = datetime.now(UTC)

    def write(connection: rows.Connection) -> None:
        row = _required(connection, key, principal)
        if row["revoked_at"] is not None or row["valid_until"] <= now:
            raise WrongState("This grant has ended already.")
        rows.change(connection, key, revoked_at=now, revoked_by=principal.name, revoke_reason=reason.strip())
        _note(connection, principal, row, "revoked")

    archive.index.in_transaction(write)


def page(archive: Archive, principal: Principal, *, kind: str, state: str, limit: int) -> list[dict[str, Any]]:
    """The newest grants first, of the facilities in reach.

    Raises:
        Forbidden: the principal may not grant.
        InvalidRequest: kind or state is none.
    """
    permission.may_anywhere(principal, Action.GRANT)
    if kind not in ("", "grant", "emergency") or state not in STATES:
        raise InvalidRequest("kind is grant or emergency, state is open, ended or unreviewed.")
    with archive.index.read() as connection:
        reach = permission.reach(principal)
        return rows.page(
            connection, reach, kind=kind, state=state, now=datetime.now(UTC), limit=max(0, min(limit, MOST_ROWS))
        )


def paper(archive: Archive, key: int, principal: Principal) -> tuple[str, str, bytes]:
    """Name, media type and bytes of the paper a grant rests on; that it was read is noted.

    Raises:
        Forbidden: the principal may not grant what this facility has.
        NotFound: there is no such grant, or no paper.
    """
    permission.may_anywhere(principal, Action.GRANT)

    def write(connection: rows.Connection) -> tuple[str, str, bytes]:
        row = _required(connection, key, principal)
        found = rows.document(connection, key)
        if found is None:
            raise NotFound("This grant has no paper.")
        _note(connection, principal, row, "paper read")
        return found["name"], found["media_type"], bytes(found["content"])

    return archive.index.in_transaction(write)


def require(archive: Archive, principal: Principal, action: Action, study_instance_uid: str) -> int:
    """The number of the grant that lets a visitor do this to this study now.

    Raises:
        VisitRefused: nothing does, or their session is for another study.
        Forbidden: the principal is no visitor.
    """
    visit = principal.visit
    if visit is None:
        raise Forbidden("Only a visitor of a linked site needs a grant.")
    if visit.study_instance_uid != study_instance_uid:
        raise VisitRefused("study")
    with archive.index.read() as connection:
        study = listing.by_uid(connection, study_instance_uid)
        found = rows.about(connection, visit.site, study) if study else []
        to = site_rows.by_key(connection, visit.site)
    if to is None or to["state"] != site.LINKED:
        raise VisitRefused("link")
    if study is None:
        raise VisitRefused("grant")
    decision = grant_decision.decide(visit, action, study, found, datetime.now(UTC))
    if decision.grant is None:
        raise VisitRefused(decision.missing)
    return decision.grant


def _check(wanted: Wanted, now: datetime) -> str:
    """Refuse what cannot be right; gives the media type of the paper, or nothing."""
    if wanted.scope not in SCOPES or wanted.purpose not in PURPOSES or wanted.basis not in BASES:
        raise InvalidRequest(
            f"scope is one of {', '.join(SCOPES)}; purpose of {', '.join(PURPOSES)}; basis of {', '.join(BASES)}."
        )
    if not now < wanted.valid_until <= now + LONGEST:
        raise InvalidRequest("A grant ends at a time to come, within ten years.")
    if len(wanted.note) > LONGEST_NOTE:
        raise InvalidRequest(f"The note has at most {LONGEST_NOTE} characters.")
    if wanted.basis == "law" and not wanted.note.strip():
        raise InvalidRequest("Name the legal provision that the grant rests on.")
    if wanted.paper is None:
        if wanted.basis == "consent":
            raise InvalidRequest("Attach the patient's written consent.")
        return ""
    if len(wanted.paper.content) > LARGEST_DOCUMENT:
        raise TooLarge(f"The paper is over {LARGEST_DOCUMENT} bytes.")
    for beginning, media_type in _MEDIA_TYPES:
        if wanted.paper.content.startswith(beginning):
            return media_type
    raise InvalidRequest("The paper is a PDF, a PNG or a JPEG.")


def _subject(connection: rows.Connection, wanted: Wanted, principal: Principal) -> dict[str, Any]:
    """Whose studies are granted: told by the study, or by a patient ID that is one person's in reach."""
    reach = permission.reach(principal)
    if wanted.scope != "patient" or wanted.study_instance_uid:
        study = listing.by_uid(connection, wanted.study_instance_uid)
        if study is None or (reach is not None and study["facility_id"] not in reach):
            raise NotFound("There is no such study.")
        if wanted.scope != "study" and not study["patient_id"].strip():
            raise InvalidRequest("This study has no patient ID, so only the study itself can be granted.")
        of = {name: study[name] for name in ("facility_id", "patient_id", "issuer_of_patient_id")}
        if wanted.scope == "patient":
            return of | {"study_instance_uid": "", "study_date": ""}
        return of | {"study_instance_uid": study["study_instance_uid"], "study_date": study["study_date"]}
    if not wanted.patient_id.strip():
        raise InvalidRequest("Name a study or a patient.")
    found = rows.studies_of(connection, wanted.patient_id, reach)
    if not found:
        raise NotFound("No study in your reach has this patient ID.")
    if len({(one["facility_id"], one["issuer_of_patient_id"]) for one in found}) > 1:
        raise InvalidRequest("This patient ID is used by several facilities or issuers; choose a study of the patient.")
    return {
        "facility_id": found[0]["facility_id"],
        "patient_id": wanted.patient_id,
        "issuer_of_patient_id": found[0]["issuer_of_patient_id"],
        "study_instance_uid": "",
        "study_date": "",
    }


def _required(connection: rows.Connection, key: int, principal: Principal) -> dict[str, Any]:
    row = rows.find(connection, key)
    if row is None:
        raise NotFound("There is no such grant.")
    permission.may(principal, Action.GRANT, row["facility_id"])
    return row


def _note(connection: rows.Connection, principal: Principal, row: dict[str, Any], act: str) -> None:
    audit.record(
        connection,
        principal,
        Action.GRANT,
        study_instance_uid=row["study_instance_uid"],
        patient_id=row["patient_id"],
        detail={
            "act": act,
            "grant": row["id"],
            "site": row["site_id"],
            "scope": row["scope"],
            "basis": row["basis"],
            "until": row["valid_until"].isoformat(),
        },
    )
