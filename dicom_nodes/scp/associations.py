"""Whose association is accepted, and as whom it then acts (PS3.8 §9.3.4)."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from dicom_nodes.settings import NodeSettings
from storage.access import ae, facilities
from storage.access.ae import ApplicationEntity
from storage.access.principal import Principal
from storage.archive import Archive

log = structlog.get_logger(__name__)

PERMANENT, TRANSIENT = 1, 2
SERVICE_USER, PRESENTATION_PROVIDER = 1, 3


@dataclass(frozen=True)
class Rejection:
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 Table 9-21)."""

    result: int
    source: int
    reason: int


CALLED_AE_UNKNOWN = Rejection(PERMANENT, SERVICE_USER, 7)
CALLING_AE_UNKNOWN = Rejection(PERMANENT, SERVICE_USER, 3)
CONGESTION = Rejection(TRANSIENT, PRESENTATION_PROVIDER, 1)
LOCAL_LIMIT_EXCEEDED = Rejection(TRANSIENT, PRESENTATION_PROVIDER, 2)


@dataclass(frozen=True)
class Caller:
    """The peer of an accepted association; ``entity`` holds its policy, registered or not."""

    ae_title: str
    address: str
    facility_id: int
    principal: Principal
    entity: ApplicationEntity
    facility: str = ""  # its code


class AcceptancePolicy:
    """The AE allow-list by title and address, and the safe default for this machine itself."""

    def __init__(self, archive: Archive, settings: NodeSettings) -> None:
        self._archive = archive
        self._settings = settings

    def admit(self, called: str, calling: str, address: str) -> Caller | Rejection:
        """The caller if the association is to be accepted, otherwise how to refuse it; says in the log what to do."""
        called, calling = called.strip(), calling.strip()
        if self._settings.require_called_aet and called != self._settings.aet:
            log.warning(
                f"association refused: the peer calls another AE title; set it to {self._settings.aet} there",
                calling_ae_title=printable(calling),
                called_ae_title=printable(called),
                address=address,
            )
            return CALLED_AE_UNKNOWN
        entity = ae.find(self._archive.index, calling, address)
        if entity is not None:
            return _caller(entity, address)
        if self._settings.trust_loopback and is_loopback(address):
            return self._neighbour(calling, address)
        log.warning(
            "association refused: unknown AE; if it may send, register it with its listening port: "
            f"pacs ae add {printable(calling)}@{address}:104",
            calling_ae_title=printable(calling),
            address=address,
        )
        return CALLING_AE_UNKNOWN

    def _neighbour(self, calling: str, address: str) -> Caller:
        """A program on this machine: it acts for the facility of this node."""
        facility = facilities.get_or_create(self._archive.index, self._archive.settings.facility)
        entity = ApplicationEntity(
            ae_title=calling,
            host=address,
            port=0,
            facility_id=facility.id,
            facility_code=facility.code,
            created_at=datetime.now(UTC),
        )
        return _caller(entity, address)


def _caller(entity: ApplicationEntity, address: str) -> Caller:
    principal = entity.principal(address)
    return Caller(entity.ae_title, address, entity.facility_id, principal, entity, entity.facility_code)


def is_loopback(address: str) -> bool:
    """Whether the address is of this machine itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def printable(title: str) -> str:
    """An AE title as it may stand in the log."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in title[:16]) or "(empty)"
