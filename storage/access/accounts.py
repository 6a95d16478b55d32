"""Accounts of people: adding, passwords, and sign-in with growing pauses after failures."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from storage.access import attempts, audit, credentials, password
from storage.access.facilities import Facility
from storage.access.principal import Principal, Role
from storage.errors import InvalidRequest, TooManyAttempts, Unauthenticated
from storage.index import accounts as rows
from storage.index import credentials as credential_rows
from storage.index import facilities as facility_rows
from storage.index.audit import Connection
from storage.index.engine import Index

_NAME = re.compile(r"[\w][\w.@+-]{0,127}")
_REFUSED = "The account name or the password is wrong."


@dataclass(frozen=True)
class Account:
    """One person's account; ``facilities`` is ``None`` when all are open to it."""

    id: int
    name: str
    display_name: str
    roles: frozenset[Role]
    facilities: tuple[Facility, ...] | None
    active: bool
    last_sign_in_at: datetime | None
    created_at: datetime

    def principal(self, address: str = "") -> Principal:
        """The one who acts when this person does."""
        reach = None if self.facilities is None else frozenset(facility.id for facility in self.facilities)
        return Principal("user", self.name, self.roles, reach, address=address)


def add(
    index: Index,
    name: str,
    secret: str,
    roles: Iterable[Role],
    *,
    display_name: str = "",
    facility_codes: Collection[str] | None = None,
) -> Account:
    """Add an account with password ``secret``; ``facility_codes`` ``None`` opens every facility to it.

    Raises:
        InvalidRequest: a bad name, a weak password, no role, an unknown facility, or the name is taken.
    """
    normal = normal_name(name)
    if not normal:
        raise InvalidRequest("An account name is 1 to 128 letters, digits and . _ @ + - without spaces.")
    chosen = frozenset(Role(role) for role in roles)
    if not chosen:
        raise InvalidRequest("An account needs at least one role.")
    if facility_codes is not None and not facility_codes:
        raise InvalidRequest("Name at least one facility, or open every facility to the account.")
    hashed = password.hashed(secret, normal)
    with index.write() as connection:
        facility_ids = [_facility_id(connection, code) for code in sorted(set(facility_codes or ()))]
        added = rows.add(
            connection,
            facility_ids,
            name=normal,
            display_name=display_name.strip() or name.strip(),
            password_hash=hashed,
            roles=",".join(sorted(chosen)),
            all_facilities=facility_codes is None,
            active=True,
            created_at=datetime.now(UTC),
        )
        if not added:
            raise InvalidRequest(f"The account name {normal!r} is already taken.")
        return _account(connection, _required(connection, normal))


def everything(index: Index) -> list[Account]:
    """All accounts, by name."""
    with index.read() as connection:
        return [_account(connection, row) for row in rows.everything(connection)]


def set_password(index: Index, name: str, secret: str) -> None:
    """Give an account another password; its sessions end and its pause is lifted.

    Raises:
        InvalidRequest: no such account, or a weak password.
    """
    normal = normal_name(name)
    hashed = password.hashed(secret, normal)
    with index.write() as connection:
        row = _required(connection, normal)
        rows.change(connection, row["id"], password_hash=hashed, failed_attempts=0, locked_until=None)
        credential_rows.revoke_sessions_of(connection, row["id"], datetime.now(UTC))
    credentials.forget_cached(index)


def set_active(index: Index, name: str, active: bool) -> None:
    """Open or close an account; closing ends its sessions.

    Raises:
        InvalidRequest: no such account.
    """
    with index.write() as connection:
        row = _required(connection, normal_name(name))
        rows.change(connection, row["id"], active=active)
        if not active:
            credential_rows.revoke_sessions_of(connection, row["id"], datetime.now(UTC))
    credentials.forget_cached(index)


def verify(index: Index, name: str, secret: str, address: str = "") -> Account:
    """The account, if the password is right; each outcome is in the audit trail.

    An attempt is counted before the password is looked at, so that guesses made at the same moment count too.

    Raises:
        Unauthenticated: unknown or closed account, or wrong password: the same message and the same time.
        TooManyAttempts: a pause after earlier failures is not over.
    """
    normal = normal_name(name)
    now = datetime.now(UTC)
    try:
        row = attempts.begin(index, normal, now)
    except TooManyAttempts:
        _refused(index, normal, address, "paused after earlier failures")
        raise
    right, stronger = password.verified(secret, row["password_hash"] if row else None)
    if row is None or not right or not row["active"]:
        _refused(index, normal, address, "closed" if right else "wrong name or password")
        raise Unauthenticated(_REFUSED)
    with index.write() as connection:
        current = rows.by_name(connection, normal)
        if current is None or not current["active"] or current["password_hash"] != row["password_hash"]:
            raise Unauthenticated(_REFUSED)
        changed: dict[str, Any] = {"failed_attempts": 0, "locked_until": None, "last_sign_in_at": now}
        if stronger is not None:
            changed["password_hash"] = stronger
        rows.change(connection, current["id"], **changed)
        account = _account(connection, current | changed)
        audit.record(connection, account.principal(address), audit.SIGN_IN)
        return account


def normal_name(name: str) -> str:
    """Account names are compared without case and however their accents are composed; what cannot be one is empty."""
    normal = unicodedata.normalize("NFC", name.strip()).casefold()
    return normal if _NAME.fullmatch(normal) else ""


def _account(connection: Connection, row: dict[str, Any]) -> Account:
    facilities = None
    if not row["all_facilities"]:
        facilities = tuple(Facility(**facility) for facility in rows.facilities_of(connection, row["id"]))
    return Account(
        row["id"],
        row["name"],
        row["display_name"],
        frozenset(Role(role) for role in row["roles"].split(",")),
        facilities,
        row["active"],
        row["last_sign_in_at"],
        row["created_at"],
    )


def _required(connection: Connection, name: str) -> dict[str, Any]:
    row = rows.by_name(connection, name)
    if row is None:
        raise InvalidRequest(f"There is no account {name!r}.")
    return row


def _facility_id(connection: Connection, code: str) -> int:
    row = facility_rows.by_code(connection, code)
    if row is None:
        raise InvalidRequest(f"There is no facility {code!r}.")
    return int(row["id"])


def _refused(index: Index, name: str, address: str, reason: str) -> None:
    """What was typed as a name is kept only if it could be one: people type passwords there."""
    with index.write() as connection:
        person = Principal("user", name or "(not a name)", address=address)
        audit.record(connection, person, audit.SIGN_IN, "refused", detail={"reason": reason})
