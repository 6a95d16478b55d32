"""Which handler serves which request, and under which abstract syntaxes: the table of services (PS3.7 §9, PS3.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pynetdicom.dimse_primitives import C_ECHO, C_FIND, C_GET, C_MOVE, N_ACTION, N_CREATE, N_EVENT_REPORT, N_GET, N_SET

from dicom_nodes.scp import (
    commitment,
    contexts,
    echo,
    find,
    get,
    move,
    performed_step,
    print_class,
    print_service,
    worklist,
)
from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code, Refused, Status, of_normalized, of_query


@dataclass(frozen=True)
class Service:
    """One DIMSE service: by which operation and under which presentation contexts it is asked for, what answers.

    ``serve`` answers, or raises before its last answer why it cannot.
    """

    operation: type[Any]
    abstract_syntaxes: frozenset[str]
    serve: Callable[[Request], None]


SERVICES: tuple[Service, ...] = (
    Service(C_ECHO, frozenset({contexts.VERIFICATION}), echo.serve),
    *(Service(operation, print_class.CONTEXTS, print_service.serve) for operation in print_service.OPERATIONS),
    Service(C_FIND, frozenset({contexts.PATIENT_ROOT_FIND, contexts.STUDY_ROOT_FIND}), find.serve),
    Service(C_FIND, frozenset({contexts.MODALITY_WORKLIST_FIND}), worklist.serve),
    Service(C_MOVE, frozenset({contexts.PATIENT_ROOT_MOVE, contexts.STUDY_ROOT_MOVE}), move.serve),
    Service(C_GET, frozenset({contexts.PATIENT_ROOT_GET, contexts.STUDY_ROOT_GET}), get.serve),
    Service(N_ACTION, frozenset({contexts.STORAGE_COMMITMENT}), commitment.serve_request),
    Service(N_EVENT_REPORT, frozenset({contexts.STORAGE_COMMITMENT}), commitment.serve_report),
    Service(N_CREATE, frozenset({contexts.PERFORMED_STEP}), performed_step.create),
    Service(N_SET, frozenset({contexts.PERFORMED_STEP}), performed_step.update),
    Service(N_GET, frozenset({contexts.PERFORMED_STEP_RETRIEVE}), performed_step.retrieve),
)


def dispatch(request: Request) -> None:
    """Serve the request, or say why not: the peer always gets an answer.

    Raises:
        OSError: the connection is lost.
    """
    try:
        _service(request).serve(request)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  what nobody thought of is answered too, under an id that the log has
        request.refuse(_status(type(request.message), error))


def _status(operation: type[Any], error: Exception) -> Status:
    return of_query(error) if operation in (C_ECHO, C_FIND, C_GET, C_MOVE) else of_normalized(error)


def _service(request: Request) -> Service:
    operation = type(request.message)
    services = [service for service in SERVICES if service.operation is operation]
    if not services:
        raise Refused(Code.UNRECOGNISED_OPERATION, "This service is not provided.")
    for service in services:
        if request.abstract_syntax in service.abstract_syntaxes:
            return service
    raise Refused(Code.SOP_CLASS_NOT_SUPPORTED, "Not a service of this presentation context.")
