"""Storage as user: the data set of a file goes out byte for byte, in the syntax it has (PS3.4 Annex B)."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dicom_nodes.command import store_request
from dicom_nodes.scu.association import MAXIMUM_CONTEXTS, AssociationFailed, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.instance_file import InstanceFile
from dicom_nodes.settings import NodeSettings
from dicom_nodes.upper_layer.association import Association, AssociationEnded
from storage.dicom.part10 import DEFLATED
from storage.errors import ArchiveError, InvalidInstance

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
class Sent:
    """What became of one file; ``status`` is ``None`` if it was never answered, and ``reason`` says why."""

    path: Path
    status: int | None
    reason: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether the destination has acknowledged it."""
        return self.status is not None and Answer(self.status).is_kept


class Sender:
    """Sends instances over an established association, one after the other."""

    def __init__(self, association: Association, move_originator: tuple[str, int] | None = None) -> None:
        self._association = association
        self._move_originator = move_originator
        self._message_ids = itertools.cycle(range(1, 0x10000))
        self._accepted = {
            (str(context.abstract_syntax), str(context.transfer_syntax[0])): context_id
            for context_id, context in association.contexts.items()
            if context.as_scu
        }

    def accepts(self, sop_class_uid: str, transfer_syntax_uid: str) -> bool:
        """Whether the peer takes this class in this transfer syntax."""
        return (sop_class_uid, transfer_syntax_uid) in self._accepted

    @property
    def fragment_size(self) -> int:
        """Size of the pieces that are sent fastest."""
        return self._association.fragment_size

    def send(
        self,
        *,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax_uid: str,
        size: int,
        data_set: Iterable[bytes | memoryview],
    ) -> Answer:
        """Send one instance of ``size`` bytes and wait for the answer.

        Raises:
            InvalidInstance: the data set cannot travel, because its length is odd (PS3.8 §E.2).
            KeyError: the peer did not accept this class in this syntax; ask :meth:`accepts` first.
            AssociationEnded: the association broke, or had to, because the data set could not be read to its end.
            ArchiveError, OSError: the data set cannot be read at all; nothing was sent.
        """
        context_id = self._accepted[sop_class_uid, transfer_syntax_uid]
        if size % 2:
            if transfer_syntax_uid not in DEFLATED:
                raise InvalidInstance("The data set has an odd length, which no DICOM network takes.")
            data_set = itertools.chain(data_set, [b"\0"])  # the padding that PS3.5 §A.5 asks for
        command = store_request(
            message_id=next(self._message_ids),
            sop_class_uid=sop_class_uid,
            sop_instance_uid=sop_instance_uid,
            move_originator=self._move_originator,
        )
        pieces = iter(data_set)
        first = next(pieces, b"")
        try:
            self._association.send_message(context_id, command, itertools.chain([first], pieces))
        except (OSError, ArchiveError) as error:
            # Half a message cannot be taken back.
            self._association.abort()
            raise AssociationEnded(_broken(error)) from None
        answer = self._association.next_store_response()
        return Answer(answer.number(0x0900), answer.text(0x0902))


def _broken(error: Exception) -> str:
    if isinstance(error, BlockingIOError):
        return "The peer stopped reading."
    if isinstance(error, ConnectionError):
        return "The connection broke while an instance was being sent."
    return "The instance could not be read to its end."


def store(
    paths: Iterable[Path],
    destination: Destination,
    settings: NodeSettings,
    progress: Callable[[Sent], None] = lambda sent: None,
) -> list[Sent]:
    """Send files, each in its own SOP class and transfer syntax; what cannot be sent is reported, not raised.

    ``progress`` is called after each file. Files are sent in order, over as many associations as their presentation
    contexts need; after a lost connection the rest is tried over a new one.
    """
    results: list[Sent] = []

    def report(sent: Sent) -> None:
        results.append(sent)
        progress(sent)

    files = list(_readable(paths, report))
    while files:
        batch = list(_fitting(files))
        try:
            done = _send_batch(batch, destination, settings, report)
        except AssociationFailed as error:
            for file in files:
                report(Sent(file.path, None, str(error)))
            break
        del files[:done]
    return results


def _readable(paths: Iterable[Path], report: Callable[[Sent], None]) -> Iterator[InstanceFile]:
    for path in paths:
        try:
            yield InstanceFile.read(path)
        except ArchiveError as error:
            report(Sent(path, None, str(error)))
        except OSError as error:
            report(Sent(path, None, error.strerror or type(error).__name__))


def _fitting(files: list[InstanceFile]) -> Iterator[InstanceFile]:
    """The first files whose presentation contexts fit into one association."""
    contexts: set[tuple[str, str]] = set()
    for file in files:
        contexts.add((file.sop_class_uid, file.transfer_syntax_uid))
        if len(contexts) > MAXIMUM_CONTEXTS:
            return
        yield file


def _send_batch(
    files: list[InstanceFile], destination: Destination, settings: NodeSettings, report: Callable[[Sent], None]
) -> int:
    """Send over one association; how many files are dealt with, the one included on which it broke."""
    pairs = dict.fromkeys((file.sop_class_uid, file.transfer_syntax_uid) for file in files)
    with associated(destination, [(sop_class, [syntax]) for sop_class, syntax in pairs], settings) as association:
        sender = Sender(association)
        for position, file in enumerate(files):
            if not sender.accepts(file.sop_class_uid, file.transfer_syntax_uid):
                report(Sent(file.path, None, "The destination does not accept this SOP class in this transfer syntax."))
                continue
            try:
                answer = sender.send(
                    sop_class_uid=file.sop_class_uid,
                    sop_instance_uid=file.sop_instance_uid,
                    transfer_syntax_uid=file.transfer_syntax_uid,
                    size=file.size,
                    data_set=file.pieces(sender.fragment_size),
                )
            except AssociationEnded as error:
                report(Sent(file.path, None, str(error)))
                return position + 1
            except InvalidInstance as error:
                report(Sent(file.path, None, str(error)))
                continue
            except OSError as error:
                report(Sent(file.path, None, error.strerror or type(error).__name__))
                continue
            report(Sent(file.path, answer.status, answer.comment))
    return len(files)
