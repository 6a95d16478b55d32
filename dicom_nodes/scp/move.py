"""C-MOVE: the instances go to a registered AE over associations of our own (PS3.4 §C.4.2)."""

from collections.abc import Iterator, Sequence

import structlog

from dicom_nodes.command import CommandField
from dicom_nodes.scp.request import Request
from dicom_nodes.scp.retrieval import UNCOMPRESSED, SubOperationRun, selected
from dicom_nodes.scu.association import MAXIMUM_CONTEXTS, AssociationFailed, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.store import Sender
from dicom_nodes.status import Code, Refused, Status, of_query
from dicom_nodes.upper_layer.association import AssociationEnded
from storage.access import ae
from storage.archive.retrieve import InstanceRow

log = structlog.get_logger(__name__)

Proposal = tuple[str, tuple[str, ...]]


def serve(request: Request) -> None:
    """Answer a C-MOVE.

    Raises:
        OSError: the connection of the asker is lost.
    """
    try:
        destination = _destination(request)
        rows = selected(request, destination.ae_title)
    except Exception as error:  # noqa: BLE001  the peer always gets an answer
        refusal = of_query(error)
        request.log_refusal("C-MOVE", refusal)
        request.send(CommandField.C_MOVE_RSP, refusal)
        return
    run = SubOperationRun(request, CommandField.C_MOVE_RSP, len(rows))
    run.finish(_move(request, run, rows, destination))


def _destination(request: Request) -> Destination:
    title = str(request.message.MoveDestination or "").strip()
    entity = ae.by_title(request.session.archive.index, title) if title else None
    if entity is None:
        raise Refused(Code.DESTINATION_UNKNOWN, f"Destination {title or '(empty)'} is not registered; pacs ae add")
    return Destination(entity.ae_title, entity.host, entity.port)


def _move(
    request: Request, run: SubOperationRun, rows: Sequence[InstanceRow], destination: Destination
) -> Status | None:
    """Send the instances; the final status if it is not what the counts say."""
    originator = (request.session.caller.ae_title, request.message_id)
    for proposals, batch in _batches(rows):
        if request.cancelled:
            return None
        before = run.counts.remaining
        try:
            with associated(destination, proposals, request.session.settings) as association:
                run.send_all(batch, Sender(association, originator))
        except AssociationFailed as error:
            log.warning("C-MOVE could not reach the destination", association=request.session.id, reason=str(error))
            run.fail(rows[len(rows) - run.counts.remaining :])
            return Status(Code.CANNOT_PERFORM_SUB_OPERATIONS, str(error)[-64:])
        except AssociationEnded as error:
            log.warning("C-MOVE was cut off by the destination", association=request.session.id, reason=str(error))
            done = before - run.counts.remaining
            run.fail(batch[done:])
    return None


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
