"""Application entities: which DICOM machines may talk to us, and where they answer (PS3.8 §9.3.2, PS3.5 §6.2 VR AE)."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.access.principal import Action, Principal
from storage.errors import InvalidRequest
from storage.index import ae as rows
from storage.index import facilities as facility_rows
from storage.index.engine import Index

_TITLE = re.compile(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
_HOST = re.compile(r"[A-Za-z0-9:%](?:[A-Za-z0-9.:%_-]{0,253})")


@dataclass(frozen=True)
class ApplicationEntity:
    """A machine on the DICOM network: its title, where it answers, whose it is, and what it may do."""

    ae_title: str
    host: str
    port: int
    facility_id: int
    facility_code: str
    may_store: bool
    may_query: bool
    may_retrieve: bool
    created_at: datetime

    def principal(self, address: str = "") -> Principal:
        """The one who acts when this machine does; it reaches the studies of its own facility."""
        rights: set[Action] = set()
        if self.may_store:
            rights.add(Action.STORE)
        if self.may_query:
            rights.add(Action.SEARCH)
        if self.may_retrieve:
            rights |= {Action.VIEW, Action.EXPORT}
        return Principal(
            "ae", self.ae_title, facilities=frozenset({self.facility_id}), rights=frozenset(rights), address=address
        )


def add(
    index: Index,
    ae_title: str,
    host: str,
    port: int,
    *,
    facility_code: str,
    may_store: bool = True,
    may_query: bool = True,
    may_retrieve: bool = True,
) -> ApplicationEntity:
    """Let a machine talk to us, and know where to send to it.

    Raises:
        InvalidRequest: title, host or port cannot be right, the title is taken, or the facility is unknown.
    """
    title = ae_title.strip(" ")
    if not _TITLE.fullmatch(title):
        raise InvalidRequest("An AE title is 1 to 16 printable ASCII characters without a backslash.")
    if not _HOST.fullmatch(host):
        raise InvalidRequest("The host of an AE is a name or an IP address.")
    if not 0 < port < 65536:
        raise InvalidRequest("The port of an AE is a number from 1 to 65535.")
    with index.write() as connection:
        facility = facility_rows.by_code(connection, facility_code)
        if facility is None:
            raise InvalidRequest(f"There is no facility {facility_code!r}.")
        added = rows.add(
            connection,
            ae_title=title,
            host=host,
            port=port,
            facility_id=facility["id"],
            may_store=may_store,
            may_query=may_query,
            may_retrieve=may_retrieve,
            created_at=datetime.now(UTC),
        )
        row = rows.by_title(connection, title)
    if not added or row is None:
        raise InvalidRequest(f"The AE title {title!r} is already known; remove it first.")
    return ApplicationEntity(**row)


def everything(index: Index) -> list[ApplicationEntity]:
    """All known machines, by title."""
    with index.read() as connection:
        return [ApplicationEntity(**row) for row in rows.everything(connection)]


def remove(index: Index, ae_title: str) -> None:
    """Forget a machine.

    Raises:
        InvalidRequest: there is none of this title.
    """
    with index.write() as connection:
        removed = rows.remove(connection, ae_title.strip(" "))
    if not removed:
        raise InvalidRequest(f"There is no AE {ae_title.strip(' ')!r}.")


def by_title(index: Index, ae_title: str) -> ApplicationEntity | None:
    """The machine of this title, e.g. the destination of a C-MOVE."""
    title = ae_title.strip(" ")
    if not _TITLE.fullmatch(title):
        return None
    with index.read() as connection:
        row = rows.by_title(connection, title)
    return ApplicationEntity(**row) if row else None


def find(index: Index, ae_title: str, address: str) -> ApplicationEntity | None:
    """The machine of this title, if it calls from its own address; a title alone proves nothing."""
    entity = by_title(index, ae_title)
    return entity if entity is not None and _is_at(entity.host, address) else None


def _is_at(host: str, address: str) -> bool:
    caller = _ip(address)
    if caller is None:
        return False
    fixed = _ip(host)
    if fixed is not None:
        return caller == fixed
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(_ip(str(answer[4][0])) == caller for answer in answers)


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, with IPv4 in IPv6 (a dual-stack listener) unwrapped."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed
