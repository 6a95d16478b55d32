"""C-STORE requests over an established association: the next instance is read while the peer keeps this one.

The bytes of a file go from the disk between the headers of its PDUs and from there to the socket; nothing is decoded,
and nothing is copied in between (PS3.4 Annex B, PS3.8 §9.3.5).
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from dicom_nodes.command import MalformedCommand, store_request
from dicom_nodes.upper_layer.association import Association, AssociationEnded
from dicom_nodes.upper_layer.envelope import Envelope
from storage.dicom.part10 import DEFLATED
from storage.errors import ArchiveError, InvalidInstance

T = TypeVar("T")

SUCCESS = 0x0000


@dataclass(frozen=True)
class Answer:
    """What the peer said to one C-STORE."""

    status: int
    comment: str = ""

    @property
    def is_kept(self) -> bool:
        """Success, or a warning that still means stored (PS3.4 Table B.2-1)."""
        return self.status == SUCCESS or self.status >> 12 == 0xB


@dataclass(frozen=True)
class Content:
    """The data set of an instance that is to be sent: ``size`` bytes, to be had in one of two ways.

    ``read_into`` fills places in memory that are ``size`` bytes together; ``pieces`` gives it bit by bit.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    size: int
    pieces: Callable[[], Iterable[bytes | memoryview]]
    read_into: Callable[[Sequence[memoryview]], None] | None = None


@dataclass(frozen=True)
class Ready:
    """A message that can be sent: its data set lies in an envelope, or comes in pieces that are read on the way."""

    context_id: int
    command: bytes
    envelope: Envelope | None
    pieces: Iterable[bytes | memoryview]


class Sender:
    """Sends instances over an association, one after the other; :meth:`prepare` the next before the answer is there."""

    def __init__(self, association: Association, move_originator: tuple[str, int] | None = None) -> None:
        self._association = association
        self._move_originator = move_originator
        self._is_armed = False
        self._message_ids = itertools.cycle(range(1, 0x10000))
        size = association.fragment_size
        self._envelopes = itertools.cycle((Envelope(size), Envelope(size)))  # one is sent, one is filled
        self._accepted = {
            (str(context.abstract_syntax), str(context.transfer_syntax[0])): context_id
            for context_id, context in association.contexts.items()
            if context.as_scu
        }

    def accepts(self, sop_class_uid: str, transfer_syntax_uid: str) -> bool:
        """Whether the peer takes this class in this transfer syntax."""
        return (sop_class_uid, transfer_syntax_uid) in self._accepted

    def prepare(self, content: Content) -> Ready:
        """Read an instance, all of it where it is not large, so that nothing is in the way of sending it.

        At most one message may be prepared beside the one that is under way.

        Raises:
            InvalidInstance: the data set cannot travel, because its length is odd (PS3.8 §E.2).
            KeyError: the peer did not accept this class in this syntax; ask :meth:`accepts` first.
            ArchiveError, OSError: the data set cannot be read.
        """
        context_id = self._accepted[content.sop_class_uid, content.transfer_syntax_uid]
        odd = content.size % 2
        if odd and content.transfer_syntax_uid not in DEFLATED:
            raise InvalidInstance("The data set has an odd length, which no DICOM network takes.")
        command = store_request(
            message_id=next(self._message_ids),
            sop_class_uid=content.sop_class_uid,
            sop_instance_uid=content.sop_instance_uid,
            move_originator=self._move_originator,
        )
        envelope = next(self._envelopes)
        if content.read_into is not None and not odd and 0 < content.size <= envelope.most_bytes:
            content.read_into(envelope.lay_out(context_id, content.size))
            return Ready(context_id, command, envelope, ())
        pieces = iter(content.pieces())
        first = next(pieces, b"")
        padding = [b"\0"] if odd else []  # that PS3.5 §A.5 asks for
        return Ready(context_id, command, None, itertools.chain([first], pieces, padding))

    def send(self, ready: Ready) -> None:
        """Send a request; its answer is then to be awaited.

        Raises:
            AssociationEnded: the association broke, or had to, because the data set could not be read to its end.
        """
        try:
            if ready.envelope is not None:
                self._association.send_envelope(ready.context_id, ready.command, ready.envelope)
            else:
                self._association.send_message(ready.context_id, ready.command, ready.pieces)
        except (OSError, ArchiveError) as error:
            # Half a message cannot be taken back.
            self._association.abort()
            raise AssociationEnded(_broken(error)) from None

    def arm(self, ready: Ready, unless: Callable[[], bool]) -> None:
        """Have a request sent with no thread in between when the answer under way comes, if it lies ready."""
        envelope = ready.envelope
        if envelope is not None:
            send = partial(self._association.send_envelope, ready.context_id, ready.command, envelope)
            self._association.arm(send, unless)
            self._is_armed = True

    def disarm(self) -> bool:
        """Whether what was armed has not been sent, nor will be; true where nothing was."""
        was_armed, self._is_armed = self._is_armed, False
        return not was_armed or self._association.disarm()

    def answer(self) -> Answer:
        """Wait for what the peer says to the request under way.

        Raises:
            AssociationEnded: it will not come.
        """
        command = self._association.next_store_response()
        try:
            return Answer(command.number(0x0900), command.text(0x0902))
        except MalformedCommand:
            self._association.abort()
            raise AssociationEnded("The peer answered without a status.") from None


class Interrupted(AssociationEnded, Generic[T]):
    """The association ended while ``item`` was under way; ``ahead`` was prepared and has not been sent."""

    def __init__(self, reason: str, item: T, ahead: T | None) -> None:
        super().__init__(reason)
        self.item = item
        self.ahead = ahead


def exchange(
    sender: Sender, take: Callable[[bool], tuple[T, Ready] | None], stop: Callable[[], bool] = lambda: False
) -> Iterator[tuple[T, Answer]]:
    """Send what ``take`` gives until it gives nothing, or ``stop`` says so; each that was sent with its answer.

    ``take`` is called with True while the peer is busy with the instance before, and may then decline; with False when
    nothing is under way. To be iterated to its end: an instance may be under way while one before it is given.

    Raises:
        Interrupted: the association broke.
    """
    under_way: tuple[T, Ready] | None = None
    following = take(False)
    while under_way is not None or (following is not None and not stop()):
        try:
            if under_way is None and following is not None:
                under_way, following = following, None
                sender.send(under_way[1])
            following = take(True)
            if following is not None:
                sender.arm(following[1], stop)
            answer = sender.answer()
        except AssociationEnded as error:
            sender.disarm()
            assert under_way is not None
            raise Interrupted(str(error), under_way[0], following[0] if following is not None else None) from None
        answered, under_way = under_way, None
        if following is not None and not sender.disarm():
            under_way, following = following, None
        assert answered is not None
        yield answered[0], answer
        if under_way is None and following is None:
            following = take(False)


def _broken(error: Exception) -> str:
    if isinstance(error, BlockingIOError):
        return "The peer stopped reading."
    if isinstance(error, ConnectionError):
        return "The connection broke while an instance was being sent."
    return "The instance could not be read to its end."
