"""Storage as user: the data set of a file goes out byte for byte, in the syntax it has (PS3.4 Annex B)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dicom_nodes.scu.association import MAXIMUM_CONTEXTS, AssociationFailed, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.instance_file import InstanceFile
from dicom_nodes.scu.sender import Answer, Interrupted, Ready, Sender, exchange
from dicom_nodes.settings import NodeSettings
from storage.errors import ArchiveError


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

    files = deque(_readable(paths, report))
    while files:
        batch = _fitting(files)
        try:
            while batch:
                _send(batch, destination, settings, report)
        except AssociationFailed as error:
            for file in (*batch, *files):
                report(Sent(file.path, None, str(error)))
            break
    return results


def _readable(paths: Iterable[Path], report: Callable[[Sent], None]) -> Iterator[InstanceFile]:
    for path in paths:
        try:
            yield InstanceFile.read(path)
        except ArchiveError as error:
            report(Sent(path, None, str(error)))
        except OSError as error:
            report(Sent(path, None, error.strerror or type(error).__name__))


def _fitting(files: deque[InstanceFile]) -> deque[InstanceFile]:
    """Take the first files, as many as have presentation contexts that fit into one association."""
    batch: deque[InstanceFile] = deque()
    contexts: set[tuple[str, str]] = set()
    while files:
        contexts.add((files[0].sop_class_uid, files[0].transfer_syntax_uid))
        if len(contexts) > MAXIMUM_CONTEXTS:
            break
        batch.append(files.popleft())
    return batch


def _send(
    files: deque[InstanceFile], destination: Destination, settings: NodeSettings, report: Callable[[Sent], None]
) -> None:
    """Send over one association until it breaks; takes the files that were dealt with, at least one."""
    pairs = dict.fromkeys((file.sop_class_uid, file.transfer_syntax_uid) for file in files)
    with associated(destination, [(sop_class, [syntax]) for sop_class, syntax in pairs], settings) as association:
        sender = Sender(association)

        def take(ahead: bool) -> tuple[InstanceFile, Ready] | None:
            while files:
                file = files.popleft()
                ready = _prepared(sender, file, report)
                if ready is not None:
                    return file, ready
            return None

        try:
            for file, answer in exchange(sender, take):
                report(Sent(file.path, answer.status, answer.comment))
        except Interrupted as cut:
            report(Sent(cut.item.path, None, str(cut)))
            if cut.ahead is not None:
                files.appendleft(cut.ahead)


def _prepared(sender: Sender, file: InstanceFile, report: Callable[[Sent], None]) -> Ready | None:
    """The request of a file; nothing, where that is impossible, and reported."""
    if not sender.accepts(file.sop_class_uid, file.transfer_syntax_uid):
        report(Sent(file.path, None, "The destination does not accept this SOP class in this transfer syntax."))
        return None
    try:
        return sender.prepare(file.content())
    except ArchiveError as error:
        report(Sent(file.path, None, str(error)))
    except OSError as error:
        report(Sent(file.path, None, error.strerror or type(error).__name__))
    return None
