"""Which handler serves which request, and under which abstract syntaxes: the table of services (PS3.7 §9, PS3.4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pynetdicom.dimse_primitives import (
    C_ECHO,
    C_FIND,
    C_GET,
    C_MOVE,
    N_ACTION,
    N_CREATE,
    N_DELETE,
    N_EVENT_REPORT,
    N_GET,
    N_SET,
)

from dicom_nodes.command import CommandField
from dicom_nodes.scp import contexts, echo, find, get, move
from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code


@dataclass(frozen=True)
class Service:
    """One DIMSE service: where it may be asked for, and what answers."""

    abstract_syntaxes: frozenset[str]
    response: CommandField
    serve: Callable[[Request], None]


SERVICES: Mapping[type[Any], Service] = {
    C_ECHO: Service(frozenset({contexts.VERIFICATION}), CommandField.C_ECHO_RSP, echo.serve),
    C_FIND: Service(
        frozenset({contexts.PATIENT_ROOT_FIND, contexts.STUDY_ROOT_FIND}), CommandField.C_FIND_RSP, find.serve
    ),
    C_MOVE: Service(
        frozenset({contexts.PATIENT_ROOT_MOVE, contexts.STUDY_ROOT_MOVE}), CommandField.C_MOVE_RSP, move.serve
    ),
    C_GET: Service(frozenset({contexts.PATIENT_ROOT_GET, contexts.STUDY_ROOT_GET}), CommandField.C_GET_RSP, get.serve),
}


def dispatch(request: Request) -> None:
    """Serve the request, or say why not.

    Raises:
        OSError: the connection is lost.
    """
    service = SERVICES.get(type(request.message))
    if service is None:
        request.send(_response_field(request.message), Code.UNRECOGNISED_OPERATION, "This service is not provided.")
    elif request.abstract_syntax not in service.abstract_syntaxes:
        request.send(service.response, Code.SOP_CLASS_NOT_SUPPORTED, "Not a service of this presentation context.")
    else:
        service.serve(request)


def _response_field(message: Any) -> int:
    """Command Field of the answer: that of the request with the highest bit set (PS3.7 Table E.1-1)."""
    return _N_SERVICES.get(type(message), 0x0030) | 0x8000


_N_SERVICES: Mapping[type[Any], int] = {
    N_EVENT_REPORT: 0x0100,
    N_GET: 0x0110,
    N_SET: 0x0120,
    N_ACTION: 0x0130,
    N_CREATE: 0x0140,
    N_DELETE: 0x0150,
}
