"""Verification: yes, we are here (PS3.4 Annex A)."""

from dicom_nodes.command import CommandField
from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code


def serve(request: Request) -> None:
    """Answer a C-ECHO.

    Raises:
        OSError: the connection is lost.
    """
    request.send(CommandField.C_ECHO_RSP, Code.SUCCESS)
