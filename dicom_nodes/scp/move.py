"""C-MOVE: the instances go to a registered AE over associations of our own (PS3.4 §C.4.2)."""

import structlog

from dicom_nodes.command import CommandField
from dicom_nodes.scp.request import Request
from dicom_nodes.scp.retrieval import SubOperationRun, selected
from dicom_nodes.scu.delivery import deliver
from dicom_nodes.scu.destination import Destination
from dicom_nodes.status import Code, Refused
from storage.access import ae
from storage.errors import ArchiveError

log = structlog.get_logger(__name__)


def serve(request: Request) -> None:
    """Answer a C-MOVE.

    Raises:
        OSError: the connection of the asker is lost.
        Refused: the destination is not known.
        ArchiveError: what is asked for may not be sent, or is not said clearly.
    """
    destination = _destination(request)
    rows = selected(request, destination.ae_title)
    session = request.session
    run = SubOperationRun(request, CommandField.C_MOVE_RSP, len(rows))
    try:
        deliver(
            session.archive,
            rows,
            destination,
            session.settings,
            report=run.report,
            originator=(session.caller.ae_title, request.message_id),
            cancelled=run.is_over,
            associations=session.settings.move_associations,
        )
    except ArchiveError as error:
        log.warning("C-MOVE could not reach the destination", association=session.id, reason=str(error))
        run.fail(rows, str(error))
    run.finish()


def _destination(request: Request) -> Destination:
    title = str(request.message.MoveDestination or "").strip()
    entity = ae.by_title(request.session.archive.index, title) if title else None
    if entity is None:
        raise Refused(Code.DESTINATION_UNKNOWN, f"Destination {title or '(empty)'} is not registered; pacs ae add")
    return Destination.of(entity)
