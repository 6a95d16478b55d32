"""The DICOM node: listens, accepts associations by policy, and serves them until told to stop (PS3.8 §7, §9.1)."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from pydicom.uid import UID
from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation, AssociationServer

from dicom_nodes.command import Command
from dicom_nodes.scp import contexts, dispatch
from dicom_nodes.scp.associations import CONGESTION, LOCAL_LIMIT_EXCEEDED, AcceptancePolicy, Rejection
from dicom_nodes.scp.listening import BACKLOG, courtesy
from dicom_nodes.scp.request import Request, Session
from dicom_nodes.scp.store import Reception
from dicom_nodes.settings import NodeSettings
from dicom_nodes.status import of_query
from dicom_nodes.upper_layer import MAXIMUM_PDU_SIZE
from dicom_nodes.upper_layer.association import Association
from dicom_nodes.upper_layer.transport import Transport, tune
from storage.archive import Archive
from storage.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from storage.errors import StoreUnavailable

log = structlog.get_logger(__name__)

# Connections beyond the limit of associations that may wait for their polite refusal.
WAITING_ROOM = 32
STOP_GRACE = 20.0


class AcceptedAssociation(Association):
    """An association with a peer that called us."""

    def __init__(self, node: "Node", connection: socket.socket, address: tuple[Any, ...]) -> None:
        super().__init__(node.entity, "acceptor")
        self._node = node
        self.session: Session | None = None
        self.name = f"association {address[0]}:{address[1]}"
        tune(connection, node.settings.dimse_timeout)
        self.acceptor.maximum_length = MAXIMUM_PDU_SIZE
        self.acceptor.ae_title = node.settings.aet
        self.acceptor.address_info = AddressInformation.from_tuple(connection.getsockname())
        self.acceptor.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
        self.acceptor.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        self.requestor.address_info = AddressInformation.from_tuple(address)
        self.set_socket(Transport(self, client_socket=connection))
        self._address = str(address[0])
        self._connection = connection
        self.is_silent = True  # it has not said what it wants

    def run_reactor(self) -> None:
        """Negotiate, serve, and close whatever happens."""
        transport = self.dul.socket
        try:
            self._serve_peer()
        except Exception as error:  # noqa: BLE001  one association must not take the node with it
            of_query(error)  # logs it under an id
            self.abort()
        finally:
            self.kill()
            if isinstance(transport, Transport):
                transport.close()
            self.provider.close()
            self._node.forget(self)

    def hang_up(self) -> None:
        """Close the connection of a peer that has not said a word, from any thread; its own threads then end."""
        self.is_silent = False
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _serve_peer(self) -> None:
        self.dul.start()
        self._started_dul = True
        self._dul_ready.wait()
        proposal: object = self.dul.receive_pdu(wait=True, timeout=self.acse_timeout)
        if not isinstance(proposal, A_ASSOCIATE):
            log.info("a connection brought no association request", address=self._address)
            return
        self.is_silent = False
        self.requestor.primitive = proposal
        rejection = self._admit(proposal)
        if rejection is not None:
            self.acse.send_reject(rejection.result, rejection.source, rejection.reason)
            return
        self._negotiate(proposal)
        if self.is_established:
            self._run_reactor()
            log.info("association ended", peer=self.peer, association=self._id, released=self.is_released)

    @property
    def _id(self) -> str:
        return self.session.id if self.session is not None else ""

    def _admit(self, proposal: A_ASSOCIATE) -> Rejection | None:
        """Apply the policy; sets the session if the association is welcome."""
        self.requestor.ae_title = proposal.calling_ae_title
        if self._node.is_full():
            log.warning("association refused: too many at once", peer=self.peer)
            return LOCAL_LIMIT_EXCEEDED
        try:
            caller = self._node.policy.admit(
                str(proposal.called_ae_title), str(proposal.calling_ae_title), self._address
            )
        except StoreUnavailable:
            log.warning("association refused: the index cannot be reached", peer=self.peer)
            return CONGESTION
        if isinstance(caller, Rejection):
            return caller
        self.session = Session.begin(self._node.archive, self._node.settings, self, caller)
        return None

    def _negotiate(self, proposal: A_ASSOCIATE) -> None:
        proposed = proposal.presentation_context_definition_list
        self.receiver = self._receive
        self.acceptor.supported_contexts = contexts.supported(
            proposed, self.requestor.role_selection, self._node.archive.settings.unknown_sop_classes
        )
        self.acse.negotiate_association()
        refused = [context for context in self.rejected_contexts if context.result]
        log.info(
            "association accepted",
            peer=self.peer,
            association=self._id,
            contexts=len(self.contexts),
            refused=[f"{context.abstract_syntax} result {context.result}" for context in refused[:8]],
        )

    def _receive(self, command: Command, context: PresentationContext) -> Reception:
        if self.session is None:
            raise ConnectionError("No association.")
        return Reception(self.session, command, context)

    def _serve_request(self, msg: Any, context_id: int) -> None:
        context = self.contexts.get(context_id)
        if context is None or self.session is None:
            self.abort()
            return
        if msg.MessageIDBeingRespondedTo is not None:
            return  # an answer nobody waits for any more
        request = Request(self.session, msg, context)
        try:
            dispatch.dispatch(request)
        except OSError:
            log.info("the peer left while it was being answered", peer=self.peer, association=self._id)
            self.abort()
        finally:
            self.dimse.cancel_req = {}


class Listener(AssociationServer):
    """Takes connections from the socket of the process tree, or from one of its own, whose port others can share."""

    request_queue_size = BACKLOG

    def __init__(self, node: "Node", address: tuple[str, int], shared: socket.socket | None) -> None:
        self._node = node
        self._shared = shared
        super().__init__(node.entity, address, node.settings.aet, [])

    def server_bind(self) -> None:
        """Take the shared socket; else bind with SO_REUSEPORT: the kernel spreads connections over those who listen."""
        own: Any = self.socket
        if self._shared is not None:
            own.close()
            self.socket = self._shared
            self.server_address = self._shared.getsockname()
            return
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, unless a process with fewer associations does so first (an ``OSError`` then)."""
        if self._shared is not None:
            time.sleep(courtesy(self._node.number_of_associations))
        return super().get_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for the connection."""
        self._node.accept(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log the failure of one connection without a word of its content."""
        log.exception("a connection could not be served", address=client_address[0], exc_info=False)

    def shutdown(self) -> None:
        """Stop accepting and give the port back."""
        socketserver.BaseServer.shutdown(self)
        self.server_close()

    def service_actions(self) -> None:
        """Nothing: pynetdicom would collect garbage here, which stops every association."""


class Node:
    """One listening process: its archive, its policy and its associations."""

    def __init__(self, archive: Archive, settings: NodeSettings, shared: socket.socket | None = None) -> None:
        self.archive = archive
        self.settings = settings
        self.policy = AcceptancePolicy(archive, settings)
        self.entity = ApplicationEntity(settings.aet)
        self.entity.maximum_pdu_size = MAXIMUM_PDU_SIZE
        self.entity.acse_timeout = settings.association_timeout
        self.entity.dimse_timeout = settings.dimse_timeout
        self.entity.network_timeout = settings.idle_timeout
        self.entity.require_called_aet = False  # the policy decides, not pynetdicom
        self.entity.maximum_associations = settings.maximum_associations + WAITING_ROOM
        self._lock = threading.Lock()
        self._associations: dict[AcceptedAssociation, None] = {}  # in the order in which they came
        self._listener = Listener(self, (settings.dicom_host, settings.dicom_port), shared)

    @property
    def port(self) -> int:
        """The port really bound (differs from the setting if that is 0)."""
        return int(self._listener.server_address[1])

    def accept(self, connection: socket.socket, address: tuple[Any, ...]) -> None:
        """Serve a new connection in threads of its own; where there are too many, one that is silent makes room."""
        with self._lock:
            crowded = len(self._associations) >= self.settings.maximum_associations + WAITING_ROOM
            silent = next((one for one in self._associations if one.is_silent), None) if crowded else None
        if silent is not None:
            silent.hang_up()
        elif crowded:
            log.warning("connection closed: too many at once", address=address[0])
            connection.close()
            return
        try:
            association = AcceptedAssociation(self, connection, address)
        except OSError:
            connection.close()
            return
        with self._lock:
            self._associations[association] = None
        try:
            association.start()
        except RuntimeError:  # the system has no thread left
            self.forget(association)
            association.provider.close()
            connection.close()

    @property
    def number_of_associations(self) -> int:
        """Connections this process serves now."""
        return len(self._associations)

    def is_full(self) -> bool:
        """Whether the limit of associations is exceeded by the one that asks."""
        with self._lock:
            established = sum(1 for association in self._associations if association.session is not None)
        return established >= self.settings.maximum_associations

    def forget(self, association: AcceptedAssociation) -> None:
        """An association has ended."""
        with self._lock:
            self._associations.pop(association, None)

    def run(self, stop: threading.Event, on_ready: Callable[[int], None]) -> None:
        """Serve until ``stop`` is set, then let running requests finish and end every association."""
        thread = threading.Thread(target=self._listener.serve_forever, args=(0.2,), name="listener", daemon=True)
        thread.start()
        log.info("DICOM node ready", aet=self.settings.aet, host=self.settings.dicom_host, port=self.port)
        on_ready(self.port)
        try:
            stop.wait()
        finally:
            self._listener.shutdown()
            thread.join()
            self._end_associations()
            log.info("DICOM node stopped")

    def _end_associations(self) -> None:
        deadline = time.monotonic() + STOP_GRACE
        with self._lock:
            remaining = list(self._associations)
        for association in remaining:
            association.halt()
        for association in remaining:
            association.join(max(0.0, deadline - time.monotonic()))
        for association in remaining:
            if association.is_alive():
                log.warning("an association did not end in time", peer=association.peer)
                association.abort(block=False)


def serve(
    archive: Archive,
    settings: NodeSettings,
    *,
    stop: threading.Event,
    on_ready: Callable[[int], None] = lambda port: None,
    shared: socket.socket | None = None,
) -> None:
    """Run a DICOM node until ``stop`` is set; ``on_ready`` is called with the bound port.

    Several processes may serve the same port, or take from one ``shared`` socket that listens. The caller reconciles
    the spool before.

    Raises:
        OSError: the port cannot be bound.
    """
    Node(archive, settings, shared).run(stop, on_ready)
