"""Calling a peer: an association as requestor, with errors in plain words (PS3.8 §7.1)."""

import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from pydicom.uid import UID
from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import A_ASSOCIATE, SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation

from dicom_nodes.scu.destination import Destination
from dicom_nodes.settings import NodeSettings
from dicom_nodes.upper_layer import MAXIMUM_PDU_SIZE, tls
from dicom_nodes.upper_layer.association import Association
from dicom_nodes.upper_layer.transport import Transport
from storage.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from storage.errors import ArchiveError

MAXIMUM_CONTEXTS = 128

# (source, reason) of PS3.8 Table 9-21
_REJECTIONS: dict[tuple[int | None, int | None], str] = {
    (1, 1): "it gave no reason",
    (1, 2): "it does not know the DICOM application context",
    (1, 3): "it does not know our AE title",
    (1, 7): "it has another AE title than the one called",
    (2, 1): "it gave no reason",
    (2, 2): "its protocol version differs",
    (3, 1): "it is busy; try again later",
    (3, 2): "it serves as many associations as it can; try again later",
}


class AssociationFailed(ArchiveError):
    """The peer could not be reached, or declined; the message says why in plain words."""


class NothingAccepted(AssociationFailed):
    """The peer is there and talks to us, but takes nothing of what was proposed this time."""


@contextmanager
def associated(
    destination: Destination,
    proposals: Iterable[tuple[str, Sequence[str]]],
    settings: NodeSettings,
    *,
    scp_of: Iterable[str] = (),
) -> Iterator[Association]:
    """An established association, released at the end of the block, aborted if the block fails.

    ``proposals`` are pairs of abstract syntax and transfer syntaxes, one presentation context each; ``scp_of`` names
    the abstract syntaxes of which we want to be the SCP although we call (PS3.7 §D.3.3.4).

    Raises:
        AssociationFailed: no connection, rejected, aborted, or no presentation context accepted.
    """
    association = _request(destination, list(proposals), settings, list(scp_of))
    try:
        yield association
    except BaseException:
        if association.is_established:
            association.abort()
        raise
    if association.is_established:
        association.release()
    association.kill()


def _request(
    destination: Destination, proposals: list[tuple[str, Sequence[str]]], settings: NodeSettings, scp_of: list[str]
) -> Association:
    if not 0 < len(proposals) <= MAXIMUM_CONTEXTS:
        raise ValueError(f"An association has 1 to {MAXIMUM_CONTEXTS} presentation contexts.")
    entity = ApplicationEntity(settings.aet)
    entity.acse_timeout = settings.association_timeout
    entity.connection_timeout = settings.association_timeout
    entity.dimse_timeout = settings.dimse_timeout
    entity.network_timeout = settings.idle_timeout
    address, family = _resolve(destination)
    context = _tls(settings) if destination.tls else None
    association = Association(entity, "requestor")
    association.name = f"association to {destination}"
    local = AddressInformation.from_tuple(("", 0) if family == socket.AF_INET else ("::0", 0))
    try:
        transport = Transport(association, address=local)
        transport.tls = context
        association.set_socket(transport)
        association.acceptor.ae_title = destination.ae_title
        association.acceptor.address_info = AddressInformation.from_addr_port(address, destination.port)
        association.requestor.address_info = local
        association.requestor.ae_title = settings.aet
        association.requestor.maximum_length = MAXIMUM_PDU_SIZE
        association.requestor.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
        association.requestor.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        association.requestor.requested_contexts = [
            _proposal(1 + 2 * position, *proposal) for position, proposal in enumerate(proposals)
        ]
        for abstract_syntax in scp_of:
            role = SCP_SCU_RoleSelectionNegotiation()
            role.sop_class_uid = UID(abstract_syntax)
            role.scu_role, role.scp_role = False, True
            association.requestor.add_negotiation_item(role)
        association.request()
    except BaseException:
        association.provider.close()
        raise
    if not association.is_established:
        association.kill()
        answer = association.acceptor.primitive
        accepted = isinstance(answer, A_ASSOCIATE) and not answer.result
        raise (NothingAccepted if accepted else AssociationFailed)(_reason(association, destination))
    association.start()
    if not _is_expected(association, destination):
        association.abort()
        raise AssociationFailed(f"{destination} shows another certificate than the one registered for it.")
    return association


def _tls(settings: NodeSettings) -> ssl.SSLContext:
    if settings.dicom_tls_dir is None:
        raise AssociationFailed("This node cannot call with TLS: FILMLESS_DICOM_TLS_DIR says no folder.")
    try:
        return tls.calling(settings.dicom_tls_dir)
    except tls.TLSUnavailable as error:
        raise AssociationFailed(f"This node cannot call with TLS. {error}") from None


def _is_expected(association: Association, destination: Destination) -> bool:
    """Whether the peer shows the certificate it is bound to, if it is to one."""
    transport = association.dul.socket
    secured = transport.secured if isinstance(transport, Transport) else None
    if secured is None or not destination.certificate_sha256:
        return True
    return tls.fingerprint(secured) == destination.certificate_sha256


def _proposal(context_id: int, abstract_syntax: str, transfer_syntaxes: Sequence[str]) -> PresentationContext:
    context = PresentationContext()
    context.context_id = context_id
    context.abstract_syntax = UID(abstract_syntax)
    context.transfer_syntax = [UID(uid) for uid in transfer_syntaxes]
    return context


def _resolve(destination: Destination) -> tuple[str, socket.AddressFamily]:
    try:
        answers = socket.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AssociationFailed(f"{destination}: the name {destination.host} cannot be resolved.") from None
    family, _, _, _, address = min(answers, key=lambda answer: answer[0] != socket.AF_INET)
    return str(address[0]), family


def _reason(association: Association, destination: Destination) -> str:
    answer = association.acceptor.primitive
    if isinstance(answer, A_ASSOCIATE) and answer.result:
        reason = _REJECTIONS.get((answer.result_source, answer.diagnostic), "it gave a reason of its own")
        codes = f"{answer.result}/{answer.result_source}/{answer.diagnostic}"
        return f"{destination} refuses the association: {reason} ({codes})."
    if isinstance(answer, A_ASSOCIATE):
        return f"{destination} accepts none of the presentation contexts we offer."
    transport = association.dul.socket
    failure = transport.secured.failure if isinstance(transport, Transport) and transport.secured is not None else None
    if failure is not None:
        return f"{destination} and this node do not agree on TLS: {_tls_reason(failure)}."
    if isinstance(transport, Transport) and transport.was_connected:
        return f"{destination} closed the connection instead of answering; is it a DICOM port?"
    return f"{destination} cannot be reached: nothing answers on {destination.host} port {destination.port}."


def _tls_reason(failure: ssl.SSLError) -> str:
    """What TLS says, in lower case words, e.g. ``certificate verify failed: self-signed certificate``."""
    name = str(failure.reason or "it speaks no TLS there").replace("_", " ").lower()
    detail = getattr(failure, "verify_message", "")
    return f"{name}: {detail}" if detail else name
