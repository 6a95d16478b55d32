"""Sessions and bearer tokens: opaque random secrets of which only the SHA-256 is kept (RFC 6750 §5.2)."""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from weakref import WeakKeyDictionary

from storage.access import audit
from storage.access.facilities import Facility
from storage.access.principal import Principal, Role
from storage.errors import InvalidRequest, Unauthenticated
from storage.index import accounts as account_rows
from storage.index import credentials as rows
from storage.index import facilities as facility_rows
from storage.index.engine import Index

SECRET_BYTES = 32
SESSION_LIFETIME = timedelta(hours=12)
LONGEST_BEARER = timedelta(days=3660)
CACHE_S = 10.0
CACHE_ENTRIES = 4096

_REFUSED = "This sign-in is unknown, has expired or was ended."


@dataclass(frozen=True)
class Credential:
    """What a valid secret stands for; ``facilities`` is ``None`` when all are in reach."""

    id: int
    kind: Literal["session", "bearer", "visit"]
    principal: Principal
    display_name: str
    facilities: tuple[Facility, ...] | None
    expires_at: datetime


@dataclass(frozen=True)
class Issued:
    """A new secret: the only time it can be read."""

    secret: str
    id: int
    expires_at: datetime


@dataclass(frozen=True)
class Bearer:
    """One bearer token in the list of them, without its secret."""

    id: int
    label: str
    roles: frozenset[Role]
    facility_code: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def issue_session(index: Index, account_id: int, lifetime: timedelta = SESSION_LIFETIME) -> Issued:
    """Begin a session of an account that has just been verified; sessions long ended are swept away."""
    now = datetime.now(UTC)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with index.write() as connection:
        rows.forget_ended(connection, now - timedelta(days=30))
        key = rows.add(
            connection,
            secret_sha256=_digest(secret),
            kind="session",
            account_fk=account_id,
            created_at=now,
            expires_at=now + lifetime,
        )
    return Issued(secret, key, now + lifetime)


def issue_bearer(
    index: Index,
    roles: Iterable[Role],
    lifetime: timedelta,
    *,
    facility_code: str | None = None,
    label: str = "",
) -> Issued:
    """Make a bearer token for a program; ``facility_code`` ``None`` opens every facility to it.

    Raises:
        InvalidRequest: no role, an unknown facility, or a lifetime outside 0 to 10 years.
    """
    chosen = frozenset(Role(role) for role in roles)
    if not chosen:
        raise InvalidRequest("A token needs at least one role.")
    if not timedelta(0) < lifetime <= LONGEST_BEARER:
        raise InvalidRequest("A token lives for more than 0 days and at most 10 years.")
    now = datetime.now(UTC)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with index.write() as connection:
        facility = facility_rows.by_code(connection, facility_code) if facility_code is not None else None
        if facility_code is not None and facility is None:
            raise InvalidRequest(f"There is no facility {facility_code!r}.")
        key = rows.add(
            connection,
            secret_sha256=_digest(secret),
            kind="bearer",
            label=label,
            roles=",".join(sorted(chosen)),
            facility_id=facility["id"] if facility else None,
            created_at=now,
            expires_at=now + lifetime,
        )
    return Issued(secret, key, now + lifetime)


def resolve(index: Index, secret: str, address: str = "") -> Credential:
    """Whom a secret stands for; an answer may be up to ten seconds old in this process.

    Raises:
        Unauthenticated: unknown, expired, revoked, or its account is closed.
    """
    digest = _digest(secret)
    cache = _cache(index)
    known = cache.get(digest)
    if known is None:
        generation = cache.generation
        known = _look_up(index, digest)
        cache.put(digest, known, generation)
    if known.expires_at <= datetime.now(UTC):
        raise Unauthenticated(_REFUSED)
    return replace(known, principal=replace(known.principal, address=address))


def resolved(index: Index, secret: str, address: str = "") -> Credential | None:
    """The same, if it was asked within the last ten seconds; else None. Keeps nobody waiting."""
    known = _cache(index).get(_digest(secret))
    if known is None or known.expires_at <= datetime.now(UTC):
        return None
    return replace(known, principal=replace(known.principal, address=address))


def revoke(index: Index, secret: str) -> None:
    """End a session or token whose secret is at hand; ending it twice is no error."""
    with index.write() as connection:
        rows.revoke(connection, datetime.now(UTC), secret_sha256=_digest(secret))
    forget_cached(index)


def sign_out(index: Index, secret: str, address: str = "") -> None:
    """End a session, with an audit row; a secret that is no longer valid is no error."""
    try:
        credential = resolve(index, secret, address)
    except Unauthenticated:
        return
    with index.write() as connection:
        rows.revoke(connection, datetime.now(UTC), secret_sha256=_digest(secret))
        audit.record(connection, credential.principal, audit.SIGN_OUT)
    forget_cached(index)


def revoke_bearer(index: Index, key: int) -> None:
    """End a token by its number in :func:`bearers`.

    Raises:
        InvalidRequest: no such token, or it has ended already.
    """
    with index.write() as connection:
        ended = rows.revoke(connection, datetime.now(UTC), key=key)
    if not ended:
        raise InvalidRequest(f"There is no token {key} that is still valid.")
    forget_cached(index)


def bearers(index: Index) -> list[Bearer]:
    """All bearer tokens, newest first."""
    with index.read() as connection:
        return [Bearer(**row | {"roles": _roles(row["roles"])}) for row in rows.bearers(connection)]


def forget_cached(index: Index) -> None:
    """Let the next :func:`resolve` of every secret ask the index; other processes do so within ten seconds."""
    _cache(index).clear()


def _look_up(index: Index, digest: str) -> Credential:
    with index.read() as connection:
        row = rows.by_secret(connection, digest)
        if row is None or row["revoked_at"] is not None or (row["kind"] == "session" and not row["active"]):
            raise Unauthenticated(_REFUSED)
        facilities = _facilities(row)
        if row["kind"] == "session" and not row["all_facilities"]:
            facilities = tuple(Facility(**each) for each in account_rows.facilities_of(connection, row["account_fk"]))
    reach = None if facilities is None else frozenset(facility.id for facility in facilities)
    if row["kind"] == "session":
        principal = Principal("user", row["account_name"], _roles(row["account_roles"]), reach)
        shown = row["account_display_name"]
    else:
        shown = row["label"] or f"token {row['id']}"
        principal = Principal("token", shown, _roles(row["roles"]), reach)
    return Credential(row["id"], row["kind"], principal, shown, facilities, row["expires_at"])


def _facilities(row: dict[str, Any]) -> tuple[Facility, ...] | None:
    if row["facility_id"] is None:
        return None
    return (Facility(row["facility_id"], row["facility_code"], row["facility_name"]),)


def _roles(text: str) -> frozenset[Role]:
    return frozenset(Role(role) for role in text.split(",") if role)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class _Cache:
    """Answers of the last seconds by the hash of their secret; the generation tells one read before a clearing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[float, Credential]] = OrderedDict()
        self.generation = 0

    def get(self, digest: str) -> Credential | None:
        with self._lock:
            entry = self._entries.get(digest)
            if entry is None or time.monotonic() - entry[0] > CACHE_S:
                return None
            return entry[1]

    def put(self, digest: str, credential: Credential, generation: int) -> None:
        with self._lock:
            if generation != self.generation:
                return
            self._entries[digest] = (time.monotonic(), credential)
            self._entries.move_to_end(digest)
            if len(self._entries) > CACHE_ENTRIES:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self.generation += 1
            self._entries.clear()


_caches: WeakKeyDictionary[Index, _Cache] = WeakKeyDictionary()
_caches_lock = threading.Lock()


def _cache(index: Index) -> _Cache:
    with _caches_lock:
        return _caches.setdefault(index, _Cache())
