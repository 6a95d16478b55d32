"""The TCP side of an association: no Nagle delay, no delayed acknowledgement, no endless wait (PS3.8 §9.1)."""

import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

from dicom_nodes.upper_layer.tls import TLSSocket

# What the system takes in one writev (IOV_MAX).
MOST_BUFFERS = 1024

if TYPE_CHECKING:
    from dicom_nodes.upper_layer.association import Association


def tune(connection: socket.socket, send_timeout: float) -> None:
    """Set the options of a DIMSE connection; our send fails if the peer does not read for ``send_timeout`` seconds."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    seconds, fraction = divmod(send_timeout, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(seconds), int(fraction * 1e6)))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    acknowledge_at_once(connection)


def acknowledge_at_once(connection: socket.socket) -> None:
    """Re-arm TCP_QUICKACK, which the kernel drops again after a while.

    A sender that leaves Nagle's algorithm on holds its last small packet back until we acknowledge: 40 ms an instance.
    """
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


class Transport(AssociationSocket):
    """pynetdicom's socket, with whole messages in one send and a wait in place of polling."""

    def __init__(
        self,
        assoc: "Association",
        client_socket: socket.socket | None = None,
        address: AddressInformation | None = None,
    ) -> None:
        self._sending = threading.Lock()
        self._association = assoc
        self.was_connected = client_socket is not None
        self.tls: ssl.SSLContext | None = None
        self._secured: TLSSocket | None = None
        super().__init__(assoc, client_socket=client_socket, address=address)

    def _create_socket(self, address: AddressInformation) -> socket.socket:
        connection: socket.socket = super()._create_socket(address)
        tune(connection, self._association.ae.dimse_timeout or 60)
        return connection

    def connect(self, primitive: T_CONNECT) -> None:
        """Connect, under TLS if :attr:`tls` is set; the result is an event of the state machine."""
        if self.tls is not None and self.socket is not None:
            self.socket = self._secured = cast(TLSSocket, self.tls.wrap_socket(self.socket))
        super().connect(primitive)
        self.was_connected = self._is_connected
        if self._secured is not None and self._is_connected:
            self._secured.setblocking(False)

    def secure(self, connection: TLSSocket) -> None:
        """Go on under TLS, on the connection that was accepted."""
        self.socket = self._secured = connection

    @property
    def is_secure(self) -> bool:
        """Whether the connection is under TLS."""
        return self._secured is not None

    @property
    def secured(self) -> TLSSocket | None:
        """The connection under TLS, also after it was closed."""
        return self._secured

    @property
    def ready(self) -> bool:
        """Whether a PDU can be read; waits until one can, something is to be sent, or a timer may have run out."""
        return self._association.provider.wait_readable(self.socket if self._is_connected else None)

    def _shutdown_socket(self) -> None:
        """Close the socket; pynetdicom leaves it open where the peer has left first."""
        connection = self.socket
        if connection is None:
            return
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def send(self, bytestream: bytes) -> None:
        """Send for the state machine; a broken connection becomes its event."""
        try:
            self.send_all(bytestream)
        except OSError:
            self.event_queue.put("Evt17")

    def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of it as one piece.

        Raises:
            OSError: the connection is closed, or the peer does not read.
        """
        with self._sending:
            connection = self.socket
            if connection is None:
                raise ConnectionError("The association is closed.")
            connection.sendall(data)
            acknowledge_at_once(connection)

    def send_buffers(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Send at most :data:`MOST_BUFFERS` buffers, one behind the other, without copying them together.

        Raises:
            OSError: the connection is closed, or the peer does not read.
        """
        with self._sending:
            connection = self.socket
            if connection is None:
                raise ConnectionError("The association is closed.")
            sent = connection.sendmsg(buffers)
            for buffer in buffers:
                if sent >= len(buffer):
                    sent -= len(buffer)
                    continue
                connection.sendall(memoryview(buffer)[sent:])
                sent = 0
            acknowledge_at_once(connection)
