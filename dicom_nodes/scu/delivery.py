"""Kept instances go to a destination, in parallel associations, each in a transfer syntax it takes (PS3.4 §C.4.2).

C-MOVE and the forwarding of instances send this way; C-GET does over the association that asks.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import structlog

from dicom_nodes.scu.association import MAXIMUM_CONTEXTS, AssociationFailed, NothingAccepted, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.sender import Answer, Content, Interrupted, Ready, Sender, exchange
from dicom_nodes.settings import NodeSettings
from dicom_nodes.status import of_query
from dicom_nodes.upper_layer.association import Association
from storage.archive import Archive, conversion, retrieve
from storage.archive.retrieve import InstanceRow
from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from storage.errors import ArchiveError, NotAcceptable, NotFound

log = structlog.get_logger(__name__)

# What an instance may be converted to, in order of preference.
UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
ROUNDED = "Its colours were rounded: it is compressed with loss, and the destination takes it uncompressed only."
# So many instances are worth an association of their own.
_SHARE = 8
# A larger one is not converted while the one before is still in memory.
_CONVERTED_AHEAD = 32 * 1024 * 1024

Proposal = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Delivery:
    """What became of one instance; ``status`` is ``None`` if the destination never answered, and ``reason`` says why.

    ``is_rounded``: it went out with values that differ in the last place, which is a warning.
    """

    row: InstanceRow
    status: int | None
    reason: str = ""
    is_rounded: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the destination has acknowledged it."""
        return self.status is not None and Answer(self.status).is_kept

    @property
    def is_warning(self) -> bool:
        """Whether it is kept, but not quite as it was sent or as it is here."""
        return self.is_kept and (self.status != 0 or self.is_rounded)


Call = Callable[[], AbstractContextManager[Association]]
Report = Callable[[Delivery], None]
Cancelled = Callable[[], bool]


def deliver(
    archive: Archive,
    rows: Sequence[InstanceRow],
    destination: Destination,
    settings: NodeSettings,
    *,
    report: Report,
    originator: tuple[str, int] | None = None,
    cancelled: Cancelled = lambda: False,
    associations: int = 1,
) -> None:
    """Send instances in their order over up to ``associations`` at once; asks no permission and writes no audit.

    ``report`` is called once for each instance, from one thread at a time, unless ``cancelled`` says to stop: what was
    not begun then stays unreported. ``originator``: AE title and message ID of the C-MOVE behind it. An association
    that breaks is opened anew as long as it got something across.

    Raises:
        AssociationFailed: the destination was never reached, or takes none of this; nothing is reported.
    """
    reached = False
    for proposals, batch in _batches(rows):
        if cancelled():
            return
        crew = _Crew(archive, deque(batch), report, cancelled)
        try:
            crew.run(partial(associated, destination, proposals, settings), originator, associations)
        except AssociationFailed as error:
            # What it takes none of is one reason more; the rest may be something else.
            if not reached and not (isinstance(error, NothingAccepted) and len(batch) < len(rows)):
                raise
            crew.give_up(str(error))
        reached = True


def send_over(archive: Archive, rows: Sequence[InstanceRow], sender: Sender, report: Report, stop: Cancelled) -> None:
    """Send instances over one association that stands already; as :func:`deliver`.

    Raises:
        Interrupted: it broke; the instance under way is reported.
    """
    _Crew(archive, deque(rows), report, stop).send(sender)


class _Crew:
    """Some associations that share the work of one batch."""

    def __init__(self, archive: Archive, rows: deque[InstanceRow], report: Report, cancelled: Cancelled) -> None:
        self._archive = archive
        self._rows = rows
        self._report_one = report
        self._cancelled = cancelled
        self._reporting = threading.Lock()

    def run(self, call: Call, originator: tuple[str, int] | None, associations: int) -> None:
        """Send all; what is left when every association has broken is reported as failed.

        Raises:
            AssociationFailed: the first association could not be made.
        """
        helpers = [
            threading.Thread(target=self._help, args=(call, originator), name="delivery", daemon=True)
            for _ in range(min(associations, -(-len(self._rows) // _SHARE)) - 1)
        ]
        begun: list[threading.Thread] = []

        def start_helpers() -> None:
            while helpers:
                helpers[0].start()
                begun.append(helpers.pop(0))

        try:
            self._work(call, originator, start_helpers)
        finally:
            for helper in begun:
                helper.join()
        if not self._cancelled():
            self.give_up("The destination ended the association.")

    def give_up(self, reason: str) -> None:
        """Report what is left as failed."""
        while self._rows:
            self._report(Delivery(self._rows.popleft(), None, reason))

    def _help(self, call: Call, originator: tuple[str, int] | None) -> None:
        try:
            self._work(call, originator, lambda: None)
        except AssociationFailed as error:
            log.info("the destination takes no further association at once", reason=str(error))

    def _work(self, call: Call, originator: tuple[str, int] | None, opened: Callable[[], None]) -> None:
        """Send until nothing is left, or an association breaks before anything got across.

        Raises:
            AssociationFailed: the first association of this thread could not be made.
        """
        successes = 1
        is_first = True
        while self._rows and successes and not self._cancelled():
            try:
                with call() as association:
                    is_first = False
                    opened()
                    successes = self.send(Sender(association, originator), break_is_final=False)
            except AssociationFailed:
                if is_first:
                    raise
                return

    def send(self, sender: Sender, *, break_is_final: bool = True) -> int:
        """Send over one association; how many got across.

        Raises:
            Interrupted: it broke.
        """
        successes = 0
        try:
            for (row, is_rounded), answer in exchange(sender, partial(self._take, sender), self._cancelled):
                successes += 1
                self._report(Delivery(row, answer.status, answer.comment or ROUNDED * is_rounded, is_rounded))
        except Interrupted as cut:
            if cut.ahead is not None:
                self._rows.appendleft(cut.ahead[0])
            self._report(Delivery(cut.item[0], None, str(cut)))
            if break_is_final:
                raise
        return successes

    def _take(self, sender: Sender, ahead: bool) -> tuple[tuple[InstanceRow, bool], Ready] | None:
        """The next instance that can be sent, read; those that cannot are reported."""
        while not self._cancelled():
            try:
                if ahead and self._is_heavy(self._rows[0], sender):
                    return None
                row = self._rows.popleft()
            except IndexError:
                return None
            try:
                content, is_rounded = _content(self._archive, row, sender)
                return (row, is_rounded), sender.prepare(content)
            except Exception as error:  # noqa: BLE001  one instance must not stop the others
                reason = str(error) if isinstance(error, ArchiveError) else of_query(error).comment
                self._report(Delivery(row, None, reason))
        return None

    @staticmethod
    def _is_heavy(row: InstanceRow, sender: Sender) -> bool:
        return row.size > _CONVERTED_AHEAD and not sender.accepts(row.sop_class_uid, row.transfer_syntax_uid)

    def _report(self, delivery: Delivery) -> None:
        with self._reporting:
            self._report_one(delivery)


def _content(archive: Archive, row: InstanceRow, sender: Sender) -> tuple[Content, bool]:
    """The data set as it is kept, or in a syntax that the peer takes; and whether that rounded its colours."""
    if sender.accepts(row.sop_class_uid, row.transfer_syntax_uid):
        kept = retrieve.open_instance(archive, row)
        offset = row.dataset_offset
        return Content(
            row.sop_class_uid,
            row.sop_instance_uid,
            row.transfer_syntax_uid,
            kept.size - offset,
            partial(kept.chunks, offset),
            partial(kept.read_into, offset=offset),
        ), False
    for target in UNCOMPRESSED:
        if sender.accepts(row.sop_class_uid, target):
            made, is_rounded = _converted(archive, row, target)
            return Content(
                row.sop_class_uid, row.sop_instance_uid, target, made.size, partial(iter, made.pieces)
            ), is_rounded
    raise NotFound("The destination accepts no transfer syntax this instance can be sent in.")


def _converted(archive: Archive, row: InstanceRow, target: str) -> tuple[conversion.DataSet, bool]:
    """Exactly the same values; only colours of what was compressed with loss may be rounded, which is a warning."""
    try:
        return conversion.converted(archive, row, target), False
    except NotAcceptable:
        return conversion.converted(archive, row, target, may_round=True), True


def _batches(rows: Sequence[InstanceRow]) -> Iterator[tuple[list[Proposal], list[InstanceRow]]]:
    """Instances in order, cut where an association has no presentation context left for the next."""
    proposals: dict[Proposal, None] = {}
    batch: list[InstanceRow] = []
    for row in rows:
        needed = dict.fromkeys(_proposals(row))
        if len(proposals | needed) > MAXIMUM_CONTEXTS:
            yield list(proposals), batch
            proposals, batch = {}, []
        proposals |= needed
        batch.append(row)
    if batch:
        yield list(proposals), batch


def _proposals(row: InstanceRow) -> list[Proposal]:
    """The stored transfer syntax alone, so that its choice is ours, and what it can be converted to."""
    other = tuple(syntax for syntax in UNCOMPRESSED if syntax != row.transfer_syntax_uid)
    return [(row.sop_class_uid, (row.transfer_syntax_uid,)), (row.sop_class_uid, other)]
