"""Linked sites: other Filmless archives whose key we know, and what their people may do here; nothing by default."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from storage.access import audit, site_key
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.errors import InvalidRequest, NotFound, WrongState
from storage.index import facilities as facility_rows
from storage.index import sites as rows

LINKED = "linked"
WAITING = "waiting"
CLOSED = "closed"
LONGEST_NAME = 128
LONGEST_ADDRESS = 256
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class OwnSite:
    """Who we are to others."""

    site_id: str
    fingerprint: str
    public_key: str
    name: str
    facility_code: str


@dataclass(frozen=True)
class Site:
    """One linked site; ``state``: ``waiting`` for our confirmation, ``linked`` or ``closed``."""

    id: int
    site_id: str
    public_key: str
    name: str
    facility_code: str
    address: str
    state: str
    may_search: bool
    may_break_glass: bool
    linked_at: datetime
    linked_by: str
    closed_at: datetime | None

    @property
    def fingerprint(self) -> str:
        """What people compare on the telephone."""
        return site_key.fingerprint(self.site_id)


def own(archive: Archive) -> OwnSite:
    """Who we are to others: our key, and name and code of our facility.

    Raises:
        StoreUnavailable: the key or the index cannot be read.
    """
    key = site_key.load(archive.settings)
    code = archive.settings.facility
    with archive.index.read() as connection:
        row = facility_rows.by_code(connection, code)
    name = row["name"] if row else ""
    return OwnSite(key.site_id, site_key.fingerprint(key.site_id), key.public, name or code, code)


def everything(archive: Archive, principal: Principal) -> list[Site]:
    """All sites that were ever linked, by name.

    Raises:
        Forbidden: the principal may not administer the whole archive.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        return [Site(**row) for row in rows.everything(connection)]


def linked(archive: Archive) -> list[Site]:
    """The sites whose link is confirmed and open, by name."""
    with archive.index.read() as connection:
        return [Site(**row) for row in rows.everything(connection) if row["state"] == LINKED]


def find(archive: Archive, site_id: str) -> Site:
    """The site of this id.

    Raises:
        NotFound: it was never linked.
    """
    with archive.index.read() as connection:
        row = rows.by_site_id(connection, site_id)
    if row is None:
        raise NotFound("There is no such site.")
    return Site(**row)


def change(
    archive: Archive,
    site_id: str,
    principal: Principal,
    *,
    may_search: bool,
    may_break_glass: bool,
    address: str | None = None,
    confirm: bool = False,
) -> Site:
    """Say what a site's people may do here; ``confirm`` that its fingerprint was compared opens a link that waits.

    Raises:
        Forbidden: the principal may not administer the whole archive.
        NotFound: there is no such site.
        InvalidRequest: the address cannot be one.
        WrongState: the link is closed.
    """
    may(principal, Action.ADMINISTER, None)

    def write(connection: rows.Connection) -> Site:
        row = _required(connection, site_id)
        if row["state"] == CLOSED:
            raise WrongState("This link is closed; a new invitation opens it again.")
        values: dict[str, Any] = {"may_search": may_search, "may_break_glass": may_break_glass}
        if address is not None:
            values["address"] = checked_address(address)
        if confirm and row["state"] == WAITING:
            values |= {"state": LINKED, "linked_at": datetime.now(UTC), "linked_by": principal.name}
        rows.change(connection, row["id"], **values)
        act = "confirmed" if "state" in values else "changed"
        note(connection, principal, site_id, act, may_search=may_search, may_break_glass=may_break_glass)
        return Site(**(row | values))

    return archive.index.in_transaction(write)


def close(archive: Archive, site_id: str, principal: Principal) -> None:
    """End a link at once: its people's sessions end, and no token of it is taken any more. Its grants stay, unused.

    Raises:
        Forbidden: the principal may not administer the whole archive.
        NotFound: there is no such site.
    """
    may(principal, Action.ADMINISTER, None)

    def write(connection: rows.Connection) -> None:
        row = _required(connection, site_id)
        rows.change(connection, row["id"], state=CLOSED, closed_at=datetime.now(UTC))
        rows.end_sessions(connection, row["id"])
        note(connection, principal, site_id, "closed")

    archive.index.in_transaction(write)


def checked_address(address: str) -> str:
    """The root of a site's web address. Patient data go nowhere in the clear, except within one machine.

    Raises:
        InvalidRequest: it is none, or not HTTPS.
    """
    text = address.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or len(text) > LONGEST_ADDRESS or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise InvalidRequest("The address of a site looks like https://host or https://host:port.")
    if parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK):
        shown = f"[{host}]" if ":" in host else host
        return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
    raise InvalidRequest("Another site is reached by https only.")


def note(connection: rows.Connection, principal: Principal, site_id: str, act: str, **detail: str | bool) -> None:
    """Write an act upon a link into the audit trail."""
    audit.record(connection, principal, Action.ADMINISTER, detail={"site": site_id, "act": act, **detail})


def _required(connection: rows.Connection, site_id: str) -> rows.Row:
    row = rows.by_site_id(connection, site_id)
    if row is None:
        raise NotFound("There is no such site.")
    return row
