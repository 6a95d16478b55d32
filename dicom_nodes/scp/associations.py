"""Whose association is accepted, and as whom it then acts (PS3.8 §9.3.4)."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from pynetdicom.pdu_primitives import UserIdentityNegotiation

from dicom_nodes.scp import user_identity
from dicom_nodes.scp.entrance import IN_THE_CLEAR, Security
from dicom_nodes.scp.rate import Rate
from dicom_nodes.settings import NodeSettings
from storage.access import ae, facilities
from storage.access.ae import ApplicationEntity
from storage.access.principal import Principal
from storage.archive import Archive
from storage.archive.network_finding import Cause, Peer

log = structlog.get_logger(__name__)

PERMANENT, TRANSIENT = 1, 2
SERVICE_USER, ACSE_PROVIDER, PRESENTATION_PROVIDER = 1, 2, 3


@dataclass(frozen=True)
class Rejection:
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 Table 9-21), and why in our own words."""

    result: int
    source: int
    reason: int
    cause: Cause


CALLED_AE_UNKNOWN = Rejection(PERMANENT, SERVICE_USER, 7, Cause.CALLED_AE)
CALLING_AE_UNKNOWN = Rejection(PERMANENT, SERVICE_USER, 3, Cause.CALLING_AE)
ADDRESS_UNKNOWN = Rejection(PERMANENT, SERVICE_USER, 3, Cause.ADDRESS)
TLS_REQUIRED = Rejection(PERMANENT, SERVICE_USER, 1, Cause.TLS_REQUIRED)
CERTIFICATE_WRONG = Rejection(PERMANENT, SERVICE_USER, 3, Cause.CERTIFICATE_WRONG)
USER_MISSING = Rejection(PERMANENT, ACSE_PROVIDER, 1, Cause.USER_MISSING)
USER_REFUSED = Rejection(PERMANENT, ACSE_PROVIDER, 1, Cause.USER_REFUSED)
CONGESTION = Rejection(TRANSIENT, PRESENTATION_PROVIDER, 1, Cause.INDEX_AWAY)
RATE_OF_AE = Rejection(TRANSIENT, PRESENTATION_PROVIDER, 1, Cause.RATE_OF_AE)
LOCAL_LIMIT_EXCEEDED = Rejection(TRANSIENT, PRESENTATION_PROVIDER, 2, Cause.LIMIT)
LIMIT_OF_AE = Rejection(TRANSIENT, PRESENTATION_PROVIDER, 2, Cause.LIMIT_OF_AE)

REJECTIONS = (
    *(CALLED_AE_UNKNOWN, CALLING_AE_UNKNOWN, ADDRESS_UNKNOWN, TLS_REQUIRED, CERTIFICATE_WRONG, USER_MISSING),
    *(USER_REFUSED, CONGESTION, RATE_OF_AE, LOCAL_LIMIT_EXCEEDED, LIMIT_OF_AE),
)

# What the log says besides who called: the fix, in words for whoever runs the node.
_ADVICE = {
    Cause.TLS_REQUIRED: "it must call with TLS",
    Cause.CERTIFICATE_WRONG: "it shows another certificate than the one registered",
    Cause.USER_MISSING: "it must name a user with a passcode",
    Cause.USER_REFUSED: "the user it names is refused",
    Cause.RATE_OF_AE: "it calls too often",
    Cause.LIMIT_OF_AE: "it has as many associations as it may",
}


@dataclass(frozen=True)
class Caller:
    """The peer of an accepted association; ``entity`` holds its policy, registered or not."""

    ae_title: str
    address: str
    facility_id: int
    principal: Principal
    entity: ApplicationEntity
    facility: str = ""  # its code
    called_ae_title: str = ""
    security: Security = IN_THE_CLEAR

    @property
    def peer(self) -> Peer:
        """The caller as findings name it."""
        return Peer(printable(self.ae_title), printable(self.called_ae_title), self.address)

    @property
    def user_name(self) -> str:
        """The account it acts for; empty if it acts for itself."""
        return self.principal.name if self.principal.kind == "user" else ""


@dataclass(frozen=True)
class Call:
    """What is known of a caller before its association is accepted."""

    called: str
    calling: str
    address: str
    security: Security = IN_THE_CLEAR
    user: UserIdentityNegotiation | None = None

    @property
    def peer(self) -> Peer:
        """The caller as findings name it."""
        return Peer(printable(self.calling.strip()), printable(self.called.strip()), self.address)


class AcceptancePolicy:
    """The AE allow-list by title and address with the policy of each, and the safe default for this machine itself."""

    def __init__(self, archive: Archive, settings: NodeSettings) -> None:
        self._archive = archive
        self._settings = settings
        self._rate = Rate()

    def admit(self, call: Call, associations_of: Callable[[str], int] = lambda title: 0) -> Caller | Rejection:
        """The caller if the association is to be accepted, otherwise how to refuse it; says in the log what to do.

        ``associations_of``: how many associations a machine has already.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        called, calling = call.called.strip(), call.calling.strip()
        if self._settings.require_called_aet and called != self._settings.aet:
            log.warning(
                f"association refused: the peer calls another AE title; set it to {self._settings.aet} there",
                calling_ae_title=printable(calling),
                called_ae_title=printable(called),
                address=call.address,
            )
            return CALLED_AE_UNKNOWN
        entity = ae.by_title(self._archive.index, calling)
        if entity is not None and ae.is_at(entity, call.address):
            return self._with_policy(entity, call, associations_of)
        if self._settings.trust_loopback and is_loopback(call.address):
            return self._with_policy(self._neighbour(calling, call.address), call, associations_of)
        log.warning(
            "association refused: unknown AE; if it may send, register it with its listening port: "
            f"pacs ae add {printable(calling)}@{call.address}:104",
            calling_ae_title=printable(calling),
            address=call.address,
        )
        return CALLING_AE_UNKNOWN if entity is None else ADDRESS_UNKNOWN

    def _with_policy(
        self, entity: ApplicationEntity, call: Call, associations_of: Callable[[str], int]
    ) -> Caller | Rejection:
        """The caller, if it keeps to what is registered of it."""
        refused = self._breach(entity, call, associations_of(entity.ae_title))
        principal = entity.principal(call.address)
        if refused is None and entity.require_user:
            try:
                principal = user_identity.acting(self._archive.index, entity, call.user, call.address)
            except user_identity.NoUser:
                refused = USER_MISSING
            except user_identity.UserRefused:
                refused = USER_REFUSED
        if refused is not None:
            log.warning(
                f"association refused: {_ADVICE[refused.cause]}",
                calling_ae_title=entity.ae_title,
                address=call.address,
            )
            return refused
        return Caller(
            entity.ae_title,
            call.address,
            entity.facility_id,
            principal,
            entity,
            entity.facility_code,
            call.called.strip(),
            call.security,
        )

    def _breach(self, entity: ApplicationEntity, call: Call, associations: int) -> Rejection | None:
        everywhere = self._settings.require_tls and not is_loopback(call.address)
        pinned = entity.certificate_sha256
        if (entity.require_tls or everywhere or pinned) and not call.security.tls:
            return TLS_REQUIRED
        if pinned and call.security.certificate_sha256 != pinned:
            return CERTIFICATE_WRONG
        if entity.maximum_associations and associations >= entity.maximum_associations:
            return LIMIT_OF_AE
        if self._rate.exceeded(entity.ae_title, entity.associations_per_minute):
            return RATE_OF_AE
        return None

    def _neighbour(self, calling: str, address: str) -> ApplicationEntity:
        """A program on this machine: it acts for the facility of this node."""
        facility = facilities.get_or_create(self._archive.index, self._archive.settings.facility)
        return ApplicationEntity(
            ae_title=calling,
            host=address,
            port=0,
            facility_id=facility.id,
            facility_code=facility.code,
            created_at=datetime.now(UTC),
        )


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
