"""The DICOM node: listens, accepts associations by policy, and serves them until told to stop (PS3.8 §7, §9.1)."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from pynetdicom.ae import ApplicationEntity
from pynetdicom.transport import AssociationServer

from dicom_nodes.scp.accepted_association import AcceptedAssociation
from dicom_nodes.scp.associations import AcceptancePolicy
from dicom_nodes.scp.bulletin import Bulletin
from dicom_nodes.scp.entrance import Entrance
from dicom_nodes.scp.listening import BACKLOG, courtesy
from dicom_nodes.settings import NodeSettings
from dicom_nodes.upper_layer import MAXIMUM_PDU_SIZE
from storage.archive import Archive
from storage.archive.live_association import Live, Register

log = structlog.get_logger(__name__)

# Connections beyond the limit of associations that may wait for their polite refusal.
WAITING_ROOM = 32
STOP_GRACE = 20.0


class Listener(AssociationServer):
    """Takes connections from the socket of the process tree, or from one of its own, whose port others can share."""

    request_queue_size = BACKLOG

    def __init__(
        self, node: "Node", address: tuple[str, int], shared: socket.socket | None, *, only_tls: bool = False
    ) -> None:
        self._node = node
        self._shared = shared
        self._only_tls = only_tls
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
        self._node.accept(request, client_address, only_tls=self._only_tls)

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

    def __init__(
        self,
        archive: Archive,
        settings: NodeSettings,
        shared: socket.socket | None = None,
        shared_tls: socket.socket | None = None,
    ) -> None:
        self.archive = archive
        self.settings = settings
        self.policy = AcceptancePolicy(archive, settings)
        self.entrance = Entrance(settings)
        self.entity = ApplicationEntity(settings.aet)
        self.entity.maximum_pdu_size = MAXIMUM_PDU_SIZE
        self.entity.acse_timeout = settings.association_timeout
        self.entity.dimse_timeout = settings.dimse_timeout
        self.entity.network_timeout = settings.idle_timeout
        self.entity.require_called_aet = False  # the policy decides, not pynetdicom
        self.entity.maximum_associations = settings.maximum_associations + WAITING_ROOM
        self._lock = threading.Lock()
        self._associations: dict[AcceptedAssociation, None] = {}  # in the order in which they came
        self._listeners = [Listener(self, (settings.dicom_host, settings.dicom_port), shared)]
        if shared_tls is not None or settings.dicom_tls_port:
            address = (settings.dicom_host, settings.dicom_tls_port)
            self._listeners.append(Listener(self, address, shared_tls, only_tls=True))
        register = Register(
            archive,
            ae_title=settings.aet,
            port=self.port,
            tls_port=self.tls_port,
            maximum_associations=settings.maximum_associations,
        )
        self.bulletin = Bulletin(archive, register, self._live)

    @property
    def port(self) -> int:
        """The port really bound (differs from the setting if that is 0)."""
        return int(self._listeners[0].server_address[1])

    @property
    def tls_port(self) -> int:
        """The port of TLS alone; 0 without one."""
        return int(self._listeners[1].server_address[1]) if len(self._listeners) > 1 else 0

    def accept(self, connection: socket.socket, address: tuple[Any, ...], *, only_tls: bool = False) -> None:
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
            association = AcceptedAssociation(self, connection, address, only_tls=only_tls)
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

    def associations_of(self, ae_title: str) -> int:
        """How many associations a machine has with this process."""
        with self._lock:
            sessions = [association.session for association in self._associations]
        return sum(session is not None and session.caller.ae_title == ae_title for session in sessions)

    def _live(self) -> list[Live]:
        with self._lock:
            associations = list(self._associations)
        return [live for association in associations if (live := association.live()) is not None]

    def forget(self, association: AcceptedAssociation) -> None:
        """An association has ended."""
        with self._lock:
            self._associations.pop(association, None)

    def run(self, stop: threading.Event, on_ready: Callable[[int], None]) -> None:
        """Serve until ``stop`` is set, then let running requests finish and end every association."""
        threads = [
            threading.Thread(target=listener.serve_forever, args=(0.2,), name="listener", daemon=True)
            for listener in self._listeners
        ]
        for thread in threads:
            thread.start()
        self.bulletin.start()
        log.info("DICOM node ready", aet=self.settings.aet, host=self.settings.dicom_host, port=self.port)
        on_ready(self.port)
        try:
            stop.wait()
        finally:
            for listener, thread in zip(self._listeners, threads, strict=True):
                listener.shutdown()
                thread.join()
            self._end_associations()
            self.bulletin.close()
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
    shared_tls: socket.socket | None = None,
) -> None:
    """Run a DICOM node until ``stop`` is set; ``on_ready`` is called with the bound port.

    Several processes may serve the same port, or take from one ``shared`` socket that listens, and another for TLS. The
    caller reconciles the spool before.

    Raises:
        OSError: the port cannot be bound.
        TLSUnavailable: TLS is asked for, and the certificates are not there.
    """
    Node(archive, settings, shared, shared_tls).run(stop, on_ready)
