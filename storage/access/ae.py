"""Application entities: which DICOM machines may talk to us, and where they answer (PS3.8 §9.3.2, PS3.5 §6.2 VR AE)."""

import ipaddress
import re
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from storage.access import audit
from storage.access.ae_policy import Policy
from storage.access.permission import may
from storage.access.principal import SYSTEM, Action, Principal
from storage.errors import InvalidRequest, NotFound
from storage.index import ae as rows
from storage.index import facilities as facility_rows
from storage.index.audit import Connection
from storage.index.engine import Index

_TITLE = re.compile(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
_HOST = re.compile(r"[A-Za-z0-9:%](?:[A-Za-z0-9.:%_-]{0,253})")


@dataclass(frozen=True, kw_only=True)
class ApplicationEntity(Policy):
    """A machine on the DICOM network: its title, where it answers, whose it is, and what it may do."""

    ae_title: str
    host: str
    port: int  # 0: nobody knows where it answers (an unregistered program on this machine)
    facility_id: int
    facility_code: str
    created_at: datetime

    @property
    def is_registered(self) -> bool:
        """Whether an administrator registered it, so that we know where it answers."""
        return self.port > 0

    def principal(self, address: str = "") -> Principal:
        """The one who acts when this machine does; it reaches the studies of its own facility."""
        return Principal(
            "ae", self.ae_title, facilities=frozenset({self.facility_id}), rights=self.rights, address=address
        )


def add(
    index: Index,
    ae_title: str,
    host: str,
    port: int,
    *,
    facility_code: str,
    policy: Policy = Policy(),  # noqa: B008  it is frozen
    by: Principal = SYSTEM,
) -> ApplicationEntity:
    """Let a machine talk to us, and know where to send to it.

    Raises:
        Forbidden: ``by`` may not administer.
        InvalidRequest: title, host, port or policy cannot be right, the title is taken, or the facility is unknown.
    """
    may(by, Action.ADMINISTER, None)
    title = ae_title.strip(" ")
    if not _TITLE.fullmatch(title):
        raise InvalidRequest("An AE title is 1 to 16 printable ASCII characters without a backslash.")
    _check(host, port, policy)
    with index.write() as connection:
        added = rows.add(
            connection,
            ae_title=title,
            host=host,
            port=port,
            facility_id=_facility(connection, facility_code),
            created_at=datetime.now(UTC),
            **_values(policy),
        )
        row = rows.by_title(connection, title)
        if not added or row is None:
            raise InvalidRequest(f"The AE title {title!r} is already known; change or remove it.")
        _record(connection, by, title, "added")
    return ApplicationEntity(**row)


def change(
    index: Index,
    ae_title: str,
    host: str,
    port: int,
    *,
    facility_code: str,
    policy: Policy,
    by: Principal = SYSTEM,
) -> ApplicationEntity:
    """Give a machine another address, facility and policy; open associations keep theirs.

    Raises:
        Forbidden: ``by`` may not administer.
        InvalidRequest: host, port or policy cannot be right, or the facility is unknown.
        NotFound: there is none of this title.
    """
    may(by, Action.ADMINISTER, None)
    title = ae_title.strip(" ")
    _check(host, port, policy)
    with index.write() as connection:
        changed = rows.change(
            connection,
            title,
            host=host,
            port=port,
            facility_id=_facility(connection, facility_code),
            **_values(policy),
        )
        row = rows.by_title(connection, title)
        if not changed or row is None:
            raise NotFound(f"There is no AE {title!r}.")
        _record(connection, by, title, "changed")
    return ApplicationEntity(**row)


def everything(index: Index) -> list[ApplicationEntity]:
    """All known machines, by title."""
    with index.read() as connection:
        return [ApplicationEntity(**row) for row in rows.everything(connection)]


def remove(index: Index, ae_title: str, *, by: Principal = SYSTEM) -> None:
    """Forget a machine.

    Raises:
        Forbidden: ``by`` may not administer.
        InvalidRequest: there is none of this title.
    """
    may(by, Action.ADMINISTER, None)
    title = ae_title.strip(" ")
    with index.write() as connection:
        removed = rows.remove(connection, title)
        if not removed:
            raise InvalidRequest(f"There is no AE {title!r}.")
        _record(connection, by, title, "removed")


def by_title(index: Index, ae_title: str) -> ApplicationEntity | None:
    """The machine of this title, e.g. the destination of a C-MOVE."""
    title = ae_title.strip(" ")
    if not _TITLE.fullmatch(title):
        return None
    with index.read() as connection:
        row = rows.by_title(connection, title)
    return ApplicationEntity(**row) if row else None


def find(index: Index, ae_title: str, address: str) -> ApplicationEntity | None:
    """The machine of this title, if it calls from an address of its own; a title alone proves nothing."""
    entity = by_title(index, ae_title)
    return entity if entity is not None and is_at(entity, address) else None


def is_at(entity: ApplicationEntity, address: str) -> bool:
    """Whether the machine may call from this address."""
    caller = _ip(address)
    if caller is None:
        return False
    networks = (ipaddress.ip_network(network, strict=False) for network in entity.calls_from.split())
    return any(caller in network for network in networks) or _is_host(entity.host, caller)


def _is_host(host: str, caller: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
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


def _check(host: str, port: int, policy: Policy) -> None:
    if not _HOST.fullmatch(host):
        raise InvalidRequest("The host of an AE is a name or an IP address.")
    if not 0 < port < 65536:
        raise InvalidRequest("The port of an AE is a number from 1 to 65535.")
    policy.check()


def _values(policy: Policy) -> dict[str, object]:
    """The columns of the policy alone, also where it is a whole entity."""
    return {name: value for name, value in asdict(policy).items() if name in Policy.__dataclass_fields__}


def _facility(connection: Connection, code: str) -> int:
    facility = facility_rows.by_code(connection, code)
    if facility is None:
        raise InvalidRequest(f"There is no facility {code!r}.")
    return int(facility["id"])


def _record(connection: Connection, by: Principal, title: str, act: str) -> None:
    audit.record(connection, by, Action.ADMINISTER, detail={"ae": title, "act": act})
