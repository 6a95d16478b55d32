"""Use case: a person of a linked site comes with a token of it, and is let in to one study for a short while.

The site where the study is decides, at the exchange and again at each request; both outcomes are in its audit trail.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.access import audit, grant_decision, site_key, site_token
from storage.access.credentials import Credential
from storage.access.grant_decision import Purpose
from storage.access.principal import Action, Principal, Role, Visit
from storage.access.refusal import Missing, VisitRefused
from storage.access.site_token import Said
from storage.archive import Archive, emergency, site
from storage.errors import Unauthenticated
from storage.index import grants as grant_rows
from storage.index import listing
from storage.index import sites as rows

PREFIX = "visit."
SESSION = timedelta(minutes=15)
VISIT = "visit"
_SEEN_FOR = timedelta(hours=1)
_ENDED = "This visit has ended; come with a new token."


@dataclass(frozen=True)
class Admitted:
    """The secret of a session, the only time it can be read."""

    secret: str
    expires_at: datetime


@dataclass(frozen=True)
class _Caller:
    """Who comes, as far as the token's signature vouches for it."""

    site: rows.Row
    person: str
    display_name: str
    role: str
    purpose: str
    study: str
    reason: str
    address: str

    @property
    def principal(self) -> Principal:
        return _principal(self.site["name"], self.visit, self.address)

    @property
    def visit(self) -> Visit:
        return Visit(self.site["id"], self.site["site_id"], self.person, self.purpose, self.study)


def admit(archive: Archive, token: str, address: str) -> Admitted:
    """Exchange a token for a session of the study it names; without one, for a session that may search.

    Raises:
        VisitRefused: the token is forged, expired, replayed or meant for others, or nothing grants what it asks for.
    """
    own = site_key.load(archive.settings).site_id
    now = datetime.now(UTC)
    said, known = _read(archive, token, address)

    def write(connection: rows.Connection) -> Admitted | Missing:
        caller = _caller(said, rows.by_key(connection, known["id"]) or known, address)
        missing = _unusable(connection, said, caller.site, own, now) or _ungranted(connection, caller, now)
        _note(connection, caller, "refused" if missing else "success", missing)
        if missing is not None:
            return missing
        admitted = Admitted(PREFIX + secrets.token_urlsafe(32), now + SESSION)
        rows.add_session(
            connection,
            now,
            secret_sha256=_digest(admitted.secret),
            site_fk=caller.site["id"],
            person=caller.person,
            display_name=caller.display_name,
            role=caller.role,
            purpose=caller.purpose,
            study_instance_uid=caller.study,
            made_at=now,
            expires_at=admitted.expires_at,
        )
        return admitted

    found = archive.index.in_transaction(write)
    if not isinstance(found, Admitted):
        raise VisitRefused(found)
    return found


def resolve(archive: Archive, secret: str, address: str) -> Credential:
    """Whom the secret of a session stands for, asked of the index each time: what is closed is closed at once.

    Raises:
        Unauthenticated: it is unknown or has ended, or the link was closed.
    """
    with archive.index.read() as connection:
        row = rows.session(connection, _digest(secret))
    if row is None or row["expires_at"] <= datetime.now(UTC) or row["site_state"] != site.LINKED:
        raise Unauthenticated(_ENDED)
    study = row["study_instance_uid"]
    if not study and not row["site_may_search"]:
        raise VisitRefused("search")
    visit = Visit(row["site_fk"], row["site_site_id"], row["person"], row["purpose"], study)
    principal = _principal(row["site_name"], visit, address)
    return Credential(row["id"], "visit", principal, row["display_name"], (), row["expires_at"])


def _principal(site_name: str, visit: Visit, address: str) -> Principal:
    """No facility is open to a visitor, so that nothing but a grant lets them see; who may search finds everything."""
    name = f"{visit.person} @ {site_name}"
    if visit.study_instance_uid:
        return Principal("site", name, rights=frozenset({Action.VIEW, Action.EXPORT}), address=address, visit=visit)
    return Principal("site", name, facilities=None, rights=frozenset({Action.SEARCH}), address=address, visit=visit)


def _read(archive: Archive, token: str, address: str) -> tuple[Said, rows.Row]:
    """The token, once a linked site is known to have signed it; whatever else comes is noted without its claims."""
    try:
        said = site_token.read(token, "visit")
        issuer = said.text("iss")
    except site_token.Unreadable:
        _note_stranger(archive, "", address, "token")
        raise VisitRefused("token") from None
    with archive.index.read() as connection:
        known = rows.by_site_id(connection, issuer)
    if known is None:
        _note_stranger(archive, "", address, "link")
        raise VisitRefused("link")
    if not said.is_signed_by(known["public_key"]):
        _note_stranger(archive, known["site_id"], address, "token")
        raise VisitRefused("token")
    try:
        _caller(said, known, address)
        for name in ("iat", "exp"):
            said.moment(name)
    except site_token.Unreadable:
        _note_stranger(archive, known["site_id"], address, "token")
        raise VisitRefused("token") from None
    return said, known


def _unusable(connection: rows.Connection, said: Said, known: rows.Row, own: str, now: datetime) -> Missing | None:
    """What is wrong with a token that is signed rightly; one that is right is used up."""
    began, ends = said.moment("iat"), said.moment("exp")
    jti = said.text("jti", 64)
    wrong: tuple[tuple[bool, Missing], ...] = (
        (known["state"] != site.LINKED, "link"),
        (said.text("aud") != own, "audience"),
        (began > now + site_token.LEEWAY, "clock"),
        (not jti or ends - began > site_token.LIFETIME, "token"),
        (ends <= now - site_token.LEEWAY, "expired"),
    )
    for is_so, missing in wrong:
        if is_so:
            return missing
    if not rows.use_token(connection, known["id"], jti, ends, now - _SEEN_FOR):
        return "replayed"
    return None


def _ungranted(connection: rows.Connection, caller: _Caller, now: datetime) -> Missing | None:
    if not caller.study:
        return None if caller.site["may_search"] else "search"
    study = listing.by_uid(connection, caller.study)
    if study is None:  # whoever has no grant does not learn what is here
        return "grant"
    found = grant_rows.about(connection, caller.site["id"], study)
    decision = grant_decision.decide(caller.visit, Action.VIEW, study, found, now)
    if decision.grant is not None:
        return None
    if caller.purpose != Purpose.EMERGENCY:
        return decision.missing
    return emergency.break_glass(connection, caller.site, caller.principal, caller.reason, study, found, now)


def _caller(said: Said, known: rows.Row, address: str) -> _Caller:
    role = said.text("role", 32)
    purpose = said.text("purpose", 16)
    person = said.text("sub", 128)
    if role not in set(Role) or purpose not in set(Purpose) or not person:
        raise site_token.Unreadable("The token does not say who comes, and what for.")
    return _Caller(
        known, person, said.text("name", 128), role, purpose, said.text("study", 64), said.text("reason", 500), address
    )


def _note(connection: rows.Connection, caller: _Caller, outcome: audit.Outcome, missing: Missing | None) -> None:
    detail: dict[str, Any] = {
        "site": caller.site["site_id"],
        "site_name": caller.site["name"],
        "name": caller.display_name,
        "role": caller.role,
        "purpose": caller.purpose,
    }
    if missing is not None:
        detail["missing"] = missing
    study = listing.by_uid(connection, caller.study) if caller.study else None
    patient = study["patient_id"] if study else ""
    audit.record(
        connection,
        caller.principal,
        VISIT,
        outcome,
        study_instance_uid=caller.study,
        patient_id=patient,
        detail=detail,
    )


def _note_stranger(archive: Archive, claimed: str, address: str, missing: Missing) -> None:
    """What nobody has signed is not believed, so none of it is kept but whose name was used."""
    with archive.index.write() as connection:
        stranger = Principal("site", "(unknown)", address=address)
        audit.record(connection, stranger, VISIT, "refused", detail={"claimed_site": claimed, "missing": missing})


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
