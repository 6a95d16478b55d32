"""C-GET: the instances come back over the association that asks (PS3.4 §C.4.3)."""

from dicom_nodes.command import CommandField
from dicom_nodes.scp.request import Request
from dicom_nodes.scp.retrieval import SubOperationRun, selected
from dicom_nodes.scu.delivery import send_over
from dicom_nodes.scu.sender import Sender
from dicom_nodes.upper_layer.association import AssociationEnded


def serve(request: Request) -> None:
    """Answer a C-GET.

    Raises:
        OSError: the connection is lost.
        ArchiveError: what is asked for may not be sent, or is not said clearly.
    """
    rows = selected(request, request.session.caller.ae_title)
    run = SubOperationRun(request, CommandField.C_GET_RSP, len(rows))
    try:
        send_over(request.session.archive, rows, Sender(request.session.association), run.report, run.is_over)
    except AssociationEnded as error:
        raise ConnectionError(str(error)) from None
    run.finish()
