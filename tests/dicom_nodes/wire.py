"""A peer that speaks raw bytes: what a broken machine, or a wicked one, sends."""

import socket
import struct
from types import TracebackType

from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
)
from pynetdicom.presentation import build_context

from tests.wait import HUNG_S

CT = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
ACCEPTED, REJECTED, DATA, RELEASE_REQUEST, RELEASED, ABORTED = 2, 3, 4, 5, 6, 7


def association_request(called: str = "FILMLESS", calling: str = "WIRE") -> bytes:
    """An A-ASSOCIATE-RQ for Verification (context 1) and CT (context 3)."""
    request = A_ASSOCIATE()
    request.application_context_name = "1.2.840.10008.3.1.1.1"
    request.calling_ae_title, request.called_ae_title = calling, called
    contexts = [build_context(VERIFICATION, ExplicitVRLittleEndian), build_context(CT, ExplicitVRLittleEndian)]
    for number, context in enumerate(contexts):
        context.context_id = 1 + 2 * number
    request.presentation_context_definition_list = contexts
    length = MaximumLengthNotification()
    length.maximum_length_received = 16384
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = "1.2.3.4"
    request.user_information = [length, implementation]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(request)
    encoded: bytes = pdu.encode()
    return encoded


def data_pdu(context_id: int, fragment: bytes, *, command: bool, last: bool) -> bytes:
    """A P-DATA-TF of one presentation data value."""
    return (
        struct.pack(">BBLLBB", 4, 0, len(fragment) + 6, len(fragment) + 2, context_id, command | last << 1) + fragment
    )


class Wire:
    """A TCP connection to the node."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=HUNG_S)

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()

    def associate(self, called: str = "FILMLESS") -> tuple[int, bytes]:
        """Ask for an association; type and body of the answer."""
        self.socket.sendall(association_request(called))
        return self.pdu()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def pdu(self) -> tuple[int, bytes]:
        """The next PDU: its type and body; type 0 if the connection was closed."""
        try:
            head = self._exactly(6)
            kind, _, length = struct.unpack(">BBL", head)
            return int(kind), self._exactly(length)
        except (EOFError, ConnectionError):
            return 0, b""

    def is_closed(self) -> bool:
        """Whether the node ends the connection, with an abort or without."""
        while True:
            kind, _ = self.pdu()
            if kind == 0:
                return True
            if kind != ABORTED:
                return False

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data
