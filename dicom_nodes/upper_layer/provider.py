"""Reads PDUs into one buffer; C-STORE data goes straight on, the rest pynetdicom's way (PS3.8 §9.2, §9.3)."""

import os
import select
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import A_ASSOCIATE, A_P_ABORT, P_DATA

from dicom_nodes.command import Command, CommandField, MalformedCommand
from dicom_nodes.upper_layer.tls import TLSSocket
from dicom_nodes.upper_layer.transport import acknowledge_at_once
from storage.fault_point import reached

if TYPE_CHECKING:
    from dicom_nodes.upper_layer.association import Association

log = structlog.get_logger(__name__)

ESTABLISHED = "Sta6"
CLOSING = "Sta13"
P_DATA_TYPE = 0x04
# Some peers overrun the size we announce; a length beyond this one is not a PDU (PS3.8 §9.3.1).
LARGEST_PDU = 1 << 20
LARGEST_COMMAND = 1 << 16
LARGEST_IDENTIFIER = 1 << 24
LARGEST_PRINTED_IMAGE = 1 << 27  # an N-SET of print management brings a whole image
PRINT_META_CLASSES = frozenset({"1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.18"})
BUFFER = 1 << 18
_HEADER = struct.Struct(">BBL")
_PDV = struct.Struct(">LBB")


class MalformedPDU(Exception):
    """What arrived is no PDU, or none that may come now."""


class Halting(Exception):
    """A message begins although this node is stopping."""


class Reception(Protocol):
    """Takes the data set of one C-STORE request; never raises."""

    def write(self, fragment: memoryview) -> None:
        """Take the next bytes; the view is only valid during the call."""

    def finish(self) -> bytes:
        """The data set is complete: the command set of the answer."""

    def abandon(self) -> None:
        """The rest will not come: leave nothing behind."""


class Provider(DULServiceProvider):
    """The upper layer of one association; its thread reads, and answers C-STORE."""

    def __init__(self, assoc: "Association") -> None:
        super().__init__(assoc)
        self.daemon = True
        self._run_loop_delay = 0
        self._association = assoc
        self._wake_lock = threading.Lock()
        self._wake: int | None = os.eventfd(0, os.EFD_NONBLOCK)
        self._poller: tuple[socket.socket | None, select.poll] | None = None
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self._command = bytearray()
        self._reception: Reception | None = None
        self._forwarding = -1  # bytes of data set handed to pynetdicom for the message under way, or -1
        self._context_id = 0
        self._largest_data_set = LARGEST_IDENTIFIER
        self._last_pdu_at = time.monotonic()
        self.halting = False
        self.keeping = False  # the peer waits for us: a C-STORE has arrived and is not answered

    @property
    def in_message(self) -> bool:
        """Whether a message has begun to arrive and is not complete, or a C-STORE is being kept."""
        return self._reception is not None or self._forwarding >= 0 or bool(self._command)

    def stalled(self, limit: float) -> bool:
        """Whether the rest of a message has not come for ``limit`` seconds."""
        return self.in_message and not self.keeping and time.monotonic() - self._last_pdu_at > limit

    def restart_idle_timer(self) -> None:
        """Begin to count idle time anew."""
        self._idle_timer.restart()

    def unread_rejection(self) -> A_ASSOCIATE | None:
        """The refusal of our association that nobody has taken from the queue, if it has come."""
        while not self.to_user_queue.empty():
            primitive: object = self.to_user_queue.get()
            if isinstance(primitive, A_ASSOCIATE) and primitive.result:
                return primitive
        return None

    # Threads wait instead of polling

    def wake(self) -> None:
        """Let the thread look at its queues now."""
        with self._wake_lock:
            if self._wake is not None:
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Give back the file descriptor; the thread does so itself when it ends."""
        with self._wake_lock:
            if self._wake is not None:
                os.close(self._wake)
                self._wake = None

    def send_pdu(self, primitive: Any) -> None:
        """Queue a primitive and wake the thread that sends it."""
        super().send_pdu(primitive)
        self.wake()

    def stop_dul(self) -> bool:
        """Stop the thread if no connection is left; without pynetdicom's spinning."""
        if self.state_machine.current_state != "Sta1":
            return False
        self.kill_dul()
        self.wake()
        if self.is_alive():
            self.join()
        return True

    def run_reactor(self) -> None:
        """Run the state machine, and leave nothing behind at its end."""
        try:
            super().run_reactor()
        finally:
            if self._reception is not None:
                self._reception.abandon()
                self._reception = None
            self.close()
            self.to_user_queue.put(A_P_ABORT())
            self._association.ended()

    def _process_recv_primitive(self) -> bool:
        # One event at a time: pynetdicom would raise the same one twice while another is still queued.
        return self.event_queue.empty() and super()._process_recv_primitive()

    def wait_readable(self, connection: socket.socket | None) -> bool:
        """Whether bytes of a PDU are there; waits at most a quarter second, less if there is something else to do."""
        if not self.event_queue.empty():
            return False
        if self._end > self._start:
            return True
        # All that was read has reached its queue by now.
        self._association.activity.set()
        if isinstance(connection, TLSSocket) and connection.pending():
            return True
        ready = self._poll(connection, 250)
        if connection is None or all(fd == self._wake for fd, _ in ready):
            return False
        return not isinstance(connection, TLSSocket) or self._has_data(connection)

    def _has_data(self, connection: TLSSocket) -> bool:
        """Whether data has come, and not a message of TLS itself or a part of a record."""
        self._start = self._end = 0
        try:
            self._end = connection.recv_into(self._buffer, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True  # whoever reads meets it again
        return True

    def _poll(self, connection: socket.socket | None, milliseconds: int) -> list[tuple[int, int]]:
        if self._poller is None or self._poller[0] is not connection:
            poller = select.poll()
            if self._wake is not None:
                poller.register(self._wake, select.POLLIN)
            if connection is not None:
                poller.register(connection, select.POLLIN)
            self._poller = (connection, poller)
        ready = self._poller[1].poll(milliseconds)
        if self._wake is not None and any(fd == self._wake for fd, _ in ready):
            os.eventfd_read(self._wake)
        return ready

    # Reading

    def _read_pdu_data(self) -> None:
        """Read one PDU and raise its event; P-DATA of an established association is taken apart here."""
        try:
            if self.state_machine.current_state == CLOSING:
                self._discard()
                return
            start, end = self._next_pdu()
            self._last_pdu_at = time.monotonic()
            while self._buffer[start] == P_DATA_TYPE and self.state_machine.current_state == ESTABLISHED:
                self._take_data(start + _HEADER.size, end)
                if not self._goes_on():
                    return
                start, end = self._next_pdu()
                self._last_pdu_at = time.monotonic()
            self._take_control(bytearray(self._view[start:end]))
        except (MalformedPDU, MalformedCommand) as error:
            log.warning("invalid PDU", peer=self._association.peer, reason=str(error))
            self._start = self._end = 0
            self.event_queue.put("Evt19")
        except Halting:
            self._start = self._end = 0
            self.event_queue.put("Evt19")  # becomes an A-ABORT by the provider
        except TimeoutError:
            log.warning("peer stopped in the middle of a PDU", peer=self._association.peer)
            self.event_queue.put("Evt17")
        except OSError:
            self.event_queue.put("Evt17")

    def _goes_on(self) -> bool:
        """Whether the next PDU has begun to arrive, and pynetdicom's loop has nothing to do before it; may wait."""
        if self._forwarding >= 0 or self.event_queue.queue or self.to_provider_queue.queue or self._kill_thread:
            return False
        self._idle_timer.restart()
        if self._end > self._start:
            return True
        connection = self._connection()
        self._start = self._end = 0
        try:
            self._end = connection.recv_into(self._buffer, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            acknowledge_at_once(connection)
            if all(fd == self._wake for fd, _ in self._poll(connection, 250)):
                return False  # time for the timers, or there is something to send
            try:
                self._end = connection.recv_into(self._buffer, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False  # TLS: a record has come in part
        if not self._end:
            raise ConnectionError
        return True

    def _discard(self) -> None:
        """After an abort or a rejection only the end of the connection is of interest."""
        self._start = self._end = 0
        if not self._connection().recv_into(self._buffer):
            raise ConnectionError

    def _connection(self) -> socket.socket:
        connection = None if self.socket is None else self.socket.socket
        if connection is None:
            raise ConnectionError
        return connection

    def _next_pdu(self) -> tuple[int, int]:
        """Bounds in the buffer of the next whole PDU.

        Raises:
            MalformedPDU: unknown type or an absurd length.
            TimeoutError: the peer did not finish it in time.
            OSError: the connection ended.
        """
        if self._start == self._end:
            self._start = self._end = 0
        deadline = time.monotonic() + (self._association.acse_timeout or 30)
        self._need(_HEADER.size, deadline)
        kind, _, length = _HEADER.unpack_from(self._buffer, self._start)
        if not 1 <= kind <= 7:
            raise MalformedPDU(f"PDU type {kind:#04x} does not exist.")
        if length > LARGEST_PDU:
            raise MalformedPDU(f"A PDU of {length} bytes is over the limit of {LARGEST_PDU}.")
        self._need(_HEADER.size + length, deadline)
        start = self._start
        self._start += _HEADER.size + length
        return start, self._start

    def _need(self, count: int, deadline: float) -> None:
        """Have ``count`` unread bytes in the buffer."""
        if len(self._buffer) - self._start < count:
            unread = bytes(self._view[self._start : self._end])
            if len(self._buffer) < count:
                self._buffer = bytearray(count + BUFFER)
                self._view = memoryview(self._buffer)
            self._view[: len(unread)] = unread
            self._start, self._end = 0, len(unread)
        connection = self._connection()
        while self._end - self._start < count:
            try:
                received = connection.recv_into(self._view[self._end :], 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                acknowledge_at_once(connection)
                remaining = deadline - time.monotonic()
                if remaining <= 0 or self._kill_thread:
                    raise TimeoutError from None
                self._poll(connection, min(250, int(remaining * 1000) + 1))
                continue
            if not received:
                raise ConnectionError
            self._end += received
        acknowledge_at_once(connection)

    def _take_control(self, encoded: bytearray) -> None:
        try:
            pdu, event = self._decode_pdu(encoded)
        except Exception as error:  # noqa: BLE001  pynetdicom raises anything on a PDU it cannot decode
            raise MalformedPDU(f"The PDU cannot be decoded ({type(error).__name__}).") from None
        self._recv_pdu.put(pdu)
        self.event_queue.put(event)

    # P-DATA

    def _take_data(self, position: int, end: int) -> None:
        """Walk the presentation data values of a P-DATA-TF (PS3.8 §9.3.5)."""
        while position < end:
            if end - position < _PDV.size:
                raise MalformedPDU("A presentation data value is cut off.")
            length, context_id, control = _PDV.unpack_from(self._buffer, position)
            following = position + 4 + length
            if length < 2 or following > end:
                raise MalformedPDU("A presentation data value has a false length.")
            fragment = self._view[position + _PDV.size : following]
            if control & 1:
                self._take_command(context_id, fragment, last=bool(control & 2))
            else:
                self._take_data_set(context_id, fragment, last=bool(control & 2))
            position = following

    def _take_command(self, context_id: int, fragment: memoryview, *, last: bool) -> None:
        if self._reception is not None or self._forwarding >= 0:
            raise MalformedPDU("A message begins before the one under way has ended.")
        if self.halting and not self._command:
            raise Halting
        self._command += fragment
        if len(self._command) > LARGEST_COMMAND:
            raise MalformedPDU("The command set is over the limit.")
        if not last:
            return
        encoded, self._command = bytes(self._command), bytearray()
        command = Command(encoded)
        self._context_id = context_id
        context = self._association.contexts.get(context_id)
        if context is None:
            raise MalformedPDU("The presentation context was not accepted.")
        if command.field == CommandField.C_STORE_RQ and self._association.receiver is not None:
            self._reception = self._association.receiver(command, context)
            if not command.has_data_set:
                self._answer_store()
        elif command.field == CommandField.C_STORE_RSP:
            self._association.take_store_response(command)
        else:
            self._forwarding = 0 if command.has_data_set else -1
            printed = command.field == CommandField.N_SET_RQ and context.abstract_syntax in PRINT_META_CLASSES
            self._largest_data_set = LARGEST_PRINTED_IMAGE if printed else LARGEST_IDENTIFIER
            self._forward(context_id, b"\x03" + encoded)

    def _take_data_set(self, context_id: int, fragment: memoryview, *, last: bool) -> None:
        if context_id != self._context_id:
            raise MalformedPDU("A data set continues in another presentation context.")
        if self._reception is not None:
            self._reception.write(fragment)
            if last:
                self._answer_store()
        elif self._forwarding >= 0:
            self._forwarding += len(fragment)
            if self._forwarding > self._largest_data_set:
                raise MalformedPDU("The data set of the message is over the limit.")
            self._forward(context_id, (b"\x02" if last else b"\x00") + bytes(fragment))
            if last:
                self._forwarding = -1
        else:
            raise MalformedPDU("A data set comes without its command.")

    def _answer_store(self) -> None:
        reception = self._reception
        if reception is None:
            return
        self.keeping = True
        answer = reception.finish()
        self._last_pdu_at = time.monotonic()
        self.restart_idle_timer()
        self.keeping = False
        try:
            self._association.send_command(self._context_id, answer)
            reached("answer: sent")
        finally:
            self._reception = None

    def _forward(self, context_id: int, value: bytes) -> None:
        """Give a presentation data value to pynetdicom's message decoder by way of the state machine."""
        primitive = P_DATA()
        primitive.presentation_data_value_list.append((context_id, value))
        self._recv_pdu.put(P_DATA_TF(primitive))
        self.event_queue.put("Evt10")
