"""An association with the fast lane, as requestor or acceptor (PS3.8 §7)."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association as PynetdicomAssociation
from pynetdicom.presentation import PresentationContext

from dicom_nodes.command import Command
from dicom_nodes.upper_layer import MAXIMUM_PDU_SIZE
from dicom_nodes.upper_layer.envelope import COMMAND, DATA_SET, DATA_SET_LAST, PDV_OVERHEAD, Envelope, header
from dicom_nodes.upper_layer.provider import Provider, Reception
from dicom_nodes.upper_layer.transport import MOST_BUFFERS, Transport

SMALLEST_FRAGMENT = 128
# A data set in pieces goes out in sends of about this many bytes.
_SEND_BYTES = 512 * 1024


class AssociationEnded(Exception):
    """The association was released, aborted or lost while an answer was awaited."""


class Association(PynetdicomAssociation):
    """pynetdicom's association on :class:`Provider`; sends messages itself, whole and as they are."""

    def __init__(self, ae: ApplicationEntity, mode: str) -> None:
        self.activity = threading.Event()
        self.store_responses: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self.receiver: Callable[[Command, PresentationContext], Reception] | None = None
        self._contexts: dict[int, PresentationContext] = {}
        self._arming = threading.Lock()
        self._armed: tuple[Callable[[], None], Callable[[], bool]] | None = None
        super().__init__(ae, mode)
        self.dul = self.provider = Provider(self)
        # The timers of the provider were set on the one it replaces.
        self.acse_timeout = ae.acse_timeout
        self.network_timeout = ae.network_timeout

    @property
    def peer(self) -> str:
        """``TITLE@address`` of the other side, for the log."""
        user = self.requestor if self.is_acceptor else self.acceptor
        information = user.address_info
        title = "".join(letter if letter.isprintable() else "?" for letter in str(user.ae_title)).strip()
        return f"{title or '?'}@{information.address if information else '?'}"

    @property
    def contexts(self) -> dict[int, PresentationContext]:
        """Accepted presentation contexts by ID."""
        if not self._contexts:
            self._contexts = {int(context.context_id or 0): context for context in self.accepted_contexts}
        return self._contexts

    def request(self) -> None:
        """Propose the association and wait for the answer, which is then ``acceptor.primitive``; ``None`` without one.

        pynetdicom takes a connection that has ended before it looks for one that never was, also where the peer's
        refusal has come on it and lies in the queue.
        """
        super().request()
        if self.acceptor.primitive is None:
            self.acceptor.primitive = self.provider.unread_rejection()

    def ended(self) -> None:
        """Called by the provider's thread as its last act: whoever waits for the peer waits in vain."""
        self.store_responses.put(None)
        self.dimse.msg_queue.put((None, None))
        self.activity.set()

    # Sending

    @property
    def fragment_size(self) -> int:
        """Most bytes of a message in one PDU to this peer (PS3.8 §D.1; 0 is no limit)."""
        announced = int(self.dimse.maximum_pdu_size or 0)
        if announced == 0 or announced > MAXIMUM_PDU_SIZE:
            announced = MAXIMUM_PDU_SIZE
        return max(announced - PDV_OVERHEAD, SMALLEST_FRAGMENT)

    def send_command(self, context_id: int, command: bytes, data_set: bytes | None = None) -> None:
        """Send a message in one piece.

        Raises:
            OSError: the connection is lost.
        """
        pdus = self._pdus(context_id, command, COMMAND)
        if data_set is not None:
            pdus += self._pdus(context_id, data_set, DATA_SET)
        self._transport().send_all(pdus)

    def send_envelope(self, context_id: int, command: bytes, envelope: Envelope) -> None:
        """Send a message whose data set lies ready in an envelope of :attr:`fragment_size`.

        Raises:
            OSError: the connection is lost.
        """
        self._transport().send_all(envelope.message(self._pdus(context_id, command, COMMAND)))

    def send_message(self, context_id: int, command: bytes, data_set: Iterable[bytes | memoryview]) -> None:
        """Send a message whose data set comes in pieces; memory stays bounded by the largest piece.

        Raises:
            OSError: the connection is lost.
        """
        transport, size = self._transport(), self.fragment_size
        full = header(context_id, size, DATA_SET)
        pending: list[bytes | memoryview] = [self._pdus(context_id, command, COMMAND)]
        waiting = 0
        held: bytes | memoryview = b""
        for piece in data_set:
            data, position = memoryview(piece), 0
            while len(held) + len(data) - position > size:  # the last fragment is only known at the end
                end = position + size - len(held)
                pending += (full, held, data[position:end])
                held, position = b"", end
                waiting += size
                if waiting >= _SEND_BYTES or len(pending) >= MOST_BUFFERS - 8:
                    transport.send_buffers(pending)
                    pending, waiting = [], 0
            held = b"".join((held, data[position:])) if held else data[position:]
        transport.send_buffers([*pending, header(context_id, len(held), DATA_SET_LAST), held])

    def _pdus(self, context_id: int, message: bytes, kind: int) -> bytes:
        size = self.fragment_size
        if len(message) <= size:
            return header(context_id, len(message), kind | 0x02) + message
        starts = range(0, len(message), size)
        fragments = ((message[start : start + size], 0x02 if start + size >= len(message) else 0) for start in starts)
        return b"".join(header(context_id, len(one), kind | last) + one for one, last in fragments)

    def _transport(self) -> Transport:
        transport = self.dul.socket
        if not isinstance(transport, Transport):
            raise ConnectionError("The association is closed.")
        return transport

    def next_store_response(self) -> Command:
        """Wait for the answer to a C-STORE request sent with :meth:`send_message`.

        Raises:
            AssociationEnded: it will not come.
        """
        try:
            command = self.store_responses.get(timeout=self.dimse_timeout)
        except queue.Empty:
            self.abort()
            raise AssociationEnded("The peer did not answer in time.") from None
        if command is None:
            self.store_responses.put(None)
            raise AssociationEnded("The association ended before the answer came.")
        return command

    def _serve_request(self, msg: Any, context_id: int) -> None:
        """As requestor: event reports of the peer, which pynetdicom gives here, are messages like all others."""
        self.dimse.msg_queue.put((context_id, msg))

    def arm(self, send: Callable[[], None], unless: Callable[[], bool]) -> None:
        """Have a C-STORE request sent when the answer to the one under way arrives, by the thread that reads it."""
        with self._arming:
            self._armed = (send, unless)

    def disarm(self) -> bool:
        """Take it back; whether that was in time."""
        with self._arming:
            armed, self._armed = self._armed, None
        return armed is not None

    def take_store_response(self, command: Command) -> None:
        """Called by the provider's thread: an answer has come; what is armed goes out at once.

        Raises:
            OSError: the connection is lost.
        """
        send: Callable[[], None] | None = None
        with self._arming:
            if self._armed is not None and not self._armed[1]():
                send, self._armed = self._armed[0], None
        self.store_responses.put(command)
        if send is not None:
            send()

    # The association's own thread

    def kill(self) -> None:
        """End both threads; a connection that does not close within its timers is given up."""
        self._reactor_checkpoint.set()
        self._kill = True
        self.is_established = False
        self._is_paused = True
        deadline = time.monotonic() + (self.acse_timeout or 30) + 5
        while self.dul.is_alive() and not self.dul.stop_dul() and time.monotonic() < deadline:
            self.provider.wake()
            self.dul.join(0.01)

    def _run_reactor(self) -> None:
        """Act on what the provider has queued, and wait for it rather than poll."""
        while not self._kill:
            self._is_paused = True
            self.activity.wait(0.5)
            self.activity.clear()
            self._reactor_checkpoint.wait()
            self._is_paused = False
            if self._kill or self._react():
                return

    def _react(self) -> bool:
        """One round; whether the association is over."""
        if self.is_acceptor:
            self._serve_queue()
        if self._kill:
            return True
        if self.is_established and self.acse.is_release_requested():
            self.acse.send_release(is_response=True)
            self.is_released = True
            self.is_established = False
            self.kill()
            return True
        if self.acse.is_aborted() or not self.dul.is_alive():
            self.is_aborted = not self.is_released
            self.is_established = False
            self.kill()
            return True
        idle = self.dul.idle_timer_expired() and not self.provider.keeping
        if idle or self.provider.stalled(self.dimse_timeout or 60) or self._halts():
            self.abort()
            return True
        return False

    def _serve_queue(self) -> None:
        while not self._kill:
            context_id, message = self.dimse.get_msg(block=False)
            if message is None or context_id is None:
                return
            self._serve_request(message, context_id)
            # The peer was waiting for us, not idle.
            self.provider.restart_idle_timer()

    def halt(self) -> None:
        """Take no further message: end the association as soon as the one under way is answered."""
        self.provider.halting = True
        self.activity.set()

    def _halts(self) -> bool:
        """Whether this node is stopping and nothing is under way any more."""
        return self.provider.halting and not self.provider.in_message
