"""Use case: peers, the archives of other hospitals that this one asks; an administrator adds them."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from storage.access import audit
from storage.access.permission import may
from storage.access.principal import SYSTEM, Action, Principal
from storage.access.sealing import seal, unseal
from storage.archive import Archive
from storage.errors import InvalidRequest, NotFound
from storage.index import facilities as facility_rows
from storage.index import peers as rows

PeerKind = Literal["filmless", "dicomweb", "dimse", "orthanc"]
SignIn = Literal["none", "basic", "bearer", "oauth2", "site"]
KINDS: tuple[PeerKind, ...] = get_args(PeerKind)
# How each kind may be signed in to; "site": with the key of this site, which two linked Filmless know of each other.
SIGN_INS: Mapping[PeerKind, tuple[SignIn, ...]] = {
    "filmless": ("bearer", "site"),
    "dicomweb": ("none", "basic", "bearer", "oauth2"),
    "orthanc": ("none", "basic"),
    "dimse": ("none",),
}
# The secrets of each way, and of a certificate that we show.
SECRETS: Mapping[SignIn, str] = {"basic": "password", "bearer": "token", "oauth2": "client_secret"}
CERTIFICATE_KEY = "certificate_key"
LONGEST_SECONDS = 60.0
_LONGEST = {"url": 1024, "token_url": 1024, "scope": 512, "user_name": 256, "description": 200, "host": 254}
_LONGEST_PEM = 64 * 1024
_LONGEST_SECRET = 64 * 1024
_NAME = re.compile(r"[^\W_][\w .()&/-]{0,63}")
_TITLE = re.compile(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
_HOST = re.compile(r"[A-Za-z0-9:%](?:[A-Za-z0-9.:%_-]{0,253})")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class PeerSettings:
    """What an administrator says of a peer, without its secrets; texts are as in the table ``peer``."""

    kind: PeerKind
    facility_code: str
    description: str = ""
    enabled: bool = True
    seconds: float = 8.0
    url: str = ""
    ae_title: str = ""
    host: str = ""
    port: int = 0
    tls: bool = False
    sign_in: SignIn = "none"
    user_name: str = ""
    token_url: str = ""
    scope: str = ""
    authority: str = ""
    certificate: str = ""
    certificate_sha256: str = ""

    def check(self) -> None:
        """Look at each value.

        Raises:
            InvalidRequest: one cannot be right, or does not belong to this kind.
        """
        if self.kind not in KINDS:
            raise InvalidRequest(f"The kind of a peer is one of {', '.join(KINDS)}.")
        if self.sign_in not in SIGN_INS[self.kind]:
            raise InvalidRequest(f"A peer of kind {self.kind} is signed in to by {', '.join(SIGN_INS[self.kind])}.")
        for name, longest in _LONGEST.items():
            value = getattr(self, name)
            if len(value) > longest or not value.isprintable():
                raise InvalidRequest(f"{name} is one line of at most {longest} characters.")
        if not 0.5 <= self.seconds <= LONGEST_SECONDS:
            raise InvalidRequest(f"A peer is waited for 0.5 to {LONGEST_SECONDS:.0f} seconds.")
        if self.kind == "dimse":
            self._check_machine()
        else:
            _check_url("url", self.url)
        if self.sign_in == "oauth2":
            _check_url("token_url", self.token_url)
        if self.sign_in in ("basic", "oauth2") and not self.user_name:
            raise InvalidRequest("This sign-in needs a user_name.")
        for pem in (self.authority, self.certificate):
            if pem and (len(pem) > _LONGEST_PEM or "-----BEGIN CERTIFICATE-----" not in pem or "PRIVATE KEY" in pem):
                raise InvalidRequest("A certificate is given as PEM, without its private key.")

    def _check_machine(self) -> None:
        if not _TITLE.fullmatch(self.ae_title):
            raise InvalidRequest("An AE title is 1 to 16 printable ASCII characters without a backslash.")
        if not _HOST.fullmatch(self.host):
            raise InvalidRequest("The host of a peer is a name or an IP address.")
        if not 0 < self.port < 65536:
            raise InvalidRequest("The port of a peer is a number from 1 to 65535.")
        if self.certificate_sha256 and not _SHA256.fullmatch(self.certificate_sha256):
            raise InvalidRequest("The SHA-256 of a certificate is 64 hexadecimal digits in lower case.")

    @property
    def place(self) -> tuple[object, ...]:
        """Whom the secrets are told: where this changes they have to be given anew."""
        return (self.kind, self.url, self.sign_in, self.token_url, self.user_name)


@dataclass(frozen=True, kw_only=True)
class Peer(PeerSettings):
    """A peer; ``secret_names`` are the secrets that are kept for it, which nobody is ever told."""

    name: str
    facility_name: str = ""
    secret_names: tuple[str, ...] = ()
    created_at: datetime
    changed_at: datetime
    _sealed: str = field(default="", repr=False, compare=False)

    def secrets(self, archive: Archive) -> dict[str, str]:
        """The secrets themselves, for whoever calls the peer.

        Raises:
            Unsealable: the key of this archive is another one.
        """
        if not self._sealed:
            return {}
        found: dict[str, str] = json.loads(unseal(archive.settings, self._sealed, _purpose(self.name)))
        return found


def everything(archive: Archive, *, enabled: bool = False) -> list[Peer]:
    """All peers by name, or those that are asked."""
    with archive.index.read() as connection:
        return [_peer(row) for row in rows.everything(connection, enabled=enabled)]


def by_name(archive: Archive, name: str) -> Peer:
    """One peer.

    Raises:
        NotFound: there is none of this name.
    """
    with archive.index.read() as connection:
        row = rows.by_name(connection, name)
    if row is None:
        raise NotFound("There is no such peer.")
    return _peer(row)


def add(
    archive: Archive, name: str, settings: PeerSettings, secrets: Mapping[str, str], by: Principal = SYSTEM
) -> Peer:
    """Know another archive from now on; one audit row. ``secrets`` by their names in :data:`SECRETS`.

    Raises:
        Forbidden: ``by`` may not administer.
        InvalidRequest: a value cannot be right, a secret is missing, the name is taken, or the facility is unknown.
    """
    may(by, Action.ADMINISTER, None)
    if not _NAME.fullmatch(name) or name != name.strip():
        raise InvalidRequest("A peer has a name of 1 to 64 letters, digits, spaces and .()&/-, no space first.")
    settings.check()
    _check_secrets(settings, secrets)
    now = datetime.now(UTC)
    with archive.index.write() as connection:
        values = _values(connection, settings) | _sealed(archive, name, secrets)
        if not rows.add(connection, {**values, "name": name, "created_at": now, "changed_at": now}):
            raise InvalidRequest(f"There is a peer {name!r} already.")
        _record(connection, by, name, "added")
    return by_name(archive, name)


def change(
    archive: Archive, name: str, settings: PeerSettings, secrets: Mapping[str, str], by: Principal = SYSTEM
) -> Peer:
    """Replace what is known of a peer; its secrets stay where none is given and it is the same place.

    Raises:
        Forbidden: ``by`` may not administer.
        InvalidRequest: as :func:`add`, or the secrets would go to another place than they were given for.
        NotFound: there is none of this name.
    """
    may(by, Action.ADMINISTER, None)
    settings.check()
    known = by_name(archive, name)
    kept = known.secrets(archive) if known.place == settings.place else {}
    told = {one: value for one, value in kept.items() if one in _needed(settings)} | dict(secrets)
    _check_secrets(settings, told)
    with archive.index.write() as connection:
        values = _values(connection, settings) | _sealed(archive, name, told)
        if not rows.change(connection, name, {**values, "changed_at": datetime.now(UTC)}):
            raise NotFound("There is no such peer.")
        _record(connection, by, name, "changed")
    return by_name(archive, name)


def remove(archive: Archive, name: str, by: Principal = SYSTEM) -> None:
    """Forget a peer; what came from it stays.

    Raises:
        Forbidden: ``by`` may not administer.
        NotFound: there is none of this name.
    """
    may(by, Action.ADMINISTER, None)
    with archive.index.write() as connection:
        if not rows.remove(connection, name):
            raise NotFound("There is no such peer.")
        _record(connection, by, name, "removed")


def _needed(settings: PeerSettings) -> set[str]:
    needed = {SECRETS[settings.sign_in]} if settings.sign_in in SECRETS else set()
    return needed | ({CERTIFICATE_KEY} if settings.certificate else set())


def _check_secrets(settings: PeerSettings, secrets: Mapping[str, str]) -> None:
    needed = _needed(settings)
    missing = sorted(needed - {name for name, value in secrets.items() if value})
    if missing:
        raise InvalidRequest(f"Give the {', '.join(missing)}: what was kept is not told to another place.")
    if secrets.keys() - needed or any(len(value) > _LONGEST_SECRET for value in secrets.values()):
        raise InvalidRequest(f"This sign-in takes {', '.join(sorted(needed)) or 'no secret'}.")


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        port_is_right = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        raise InvalidRequest(f"The {name} cannot be read as an address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_right:
        raise InvalidRequest(f"The {name} looks like https://host/path.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidRequest(f"The {name} holds neither a password nor ? or #.")


def _values(connection: rows.Connection, settings: PeerSettings) -> dict[str, Any]:
    own = {one.name for one in fields(PeerSettings)} - {"facility_code"}
    values = {name: value for name, value in asdict(settings).items() if name in own}
    facility = facility_rows.by_code(connection, settings.facility_code)
    if facility is None:
        raise InvalidRequest("There is no facility of this code.")
    return {**values, "facility_id": facility["id"]}


def _sealed(archive: Archive, name: str, secrets: Mapping[str, str]) -> dict[str, str]:
    text = json.dumps(dict(secrets), ensure_ascii=False)
    sealed = seal(archive.settings, text, _purpose(name)) if secrets else ""
    return {"secret_names": ",".join(sorted(secrets)), "secrets": sealed}


def _purpose(name: str) -> str:
    return f"peer {name}"


def _peer(row: rows.Row) -> Peer:
    names = {one.name for one in fields(Peer)} - {"secret_names", "_sealed"}
    values = {name: value for name, value in row.items() if name in names}
    kept = tuple(name for name in row["secret_names"].split(",") if name)
    return Peer(**values, secret_names=kept, _sealed=row["secrets"])


def _record(connection: rows.Connection, by: Principal, name: str, act: str) -> None:
    audit.record(connection, by, Action.ADMINISTER, detail={"peer": name, "act": act})
