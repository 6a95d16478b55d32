"""Print management as SCP: the virtual film printer (PS3.4 Annex H)."""

from collections.abc import Callable, Mapping
from typing import Any

from pynetdicom.dimse_primitives import N_ACTION, N_CREATE, N_DELETE, N_GET, N_SET

from dicom_nodes import identifier as identifiers
from dicom_nodes.command import CommandField, normalized_request
from dicom_nodes.identifier import Told
from dicom_nodes.scp import print_class, print_content, print_film, print_session
from dicom_nodes.scp.print_film import Answer, Operation
from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code, Refused
from storage.access.permission import reach
from storage.archive.film import find
from storage.dicom.part10 import IMPLEMENTATION_VERSION_NAME, valid_uid
from storage.errors import NotFound, OutOfResources

JOB_DONE = 3  # Event Type ID of Print Job (PS3.4 Table H.4-16)
_FIRST_MESSAGE_ID = 0x7000


def serve(request: Request) -> None:
    """Answer a normalized operation on a print class.

    Raises:
        OSError: the connection is lost.
        Refused: it is none that this printer knows, or nothing that can be printed.
        ArchiveError: it may not be, or there is no room.
    """
    answer = _act(request)
    encoded = None
    if answer.attributes is not None:
        encoded = identifiers.encode(answer.attributes, request.transfer_syntax)
    request.answer(answer.status, sop_instance_uid=answer.uid, data_set=encoded)
    if answer.job_uid:
        _report(request, answer.job_uid)


def get_printer(operation: Operation) -> Answer:
    """N-GET of the printer (PS3.3 §C.13.9)."""
    if operation.uid != print_class.PRINTER_INSTANCE:
        raise Refused(Code.NO_SUCH_SOP_INSTANCE, "There is one printer, the well-known instance.")
    session = operation.request.session
    status, info = "NORMAL", "NORMAL"
    try:
        session.archive.spool.check_room()
    except OutOfResources:
        status, info = "FAILURE", "RECEIVER FULL"
    told: dict[int, Told] = {
        0x00080070: ("LO", "Filmless"),
        0x00081090: ("LO", "Virtual film printer"),
        0x00181000: ("LO", session.archive.spool.node),
        0x00181020: ("LO", IMPLEMENTATION_VERSION_NAME),
        0x00181200: ("DA", ""),
        0x00181201: ("TM", ""),
        0x21100010: ("CS", status),
        0x21100020: ("CS", info),
        0x21100030: ("LO", session.settings.aet),
    }
    return _asked(operation, told)


def get_job(operation: Operation) -> Answer:
    """N-GET of a print job: it is done when it has been accepted (PS3.3 §C.13.8)."""
    session = operation.request.session
    try:
        row = find(session.archive, operation.uid, reach(session.caller.principal))
    except NotFound:
        raise Refused(Code.NO_SUCH_SOP_INSTANCE, "There is no such print job.") from None
    printed = row["printed_at"].astimezone()
    told: dict[int, Told] = {
        0x20000020: ("CS", "MED"),
        0x21000020: ("CS", "DONE"),
        0x21000030: ("CS", "NORMAL"),
        0x21000040: ("DA", f"{printed:%Y%m%d}"),
        0x21000050: ("TM", f"{printed:%H%M%S}"),
        0x21000070: ("AE", row["ae_title"]),
        0x21100030: ("LO", session.settings.aet),
    }
    return _asked(operation, told)


ACTS: Mapping[tuple[type[Any], str], Callable[[Operation], Answer]] = {
    (N_CREATE, print_class.FILM_SESSION): print_film.create_session,
    (N_SET, print_class.FILM_SESSION): print_film.set_session,
    (N_DELETE, print_class.FILM_SESSION): print_film.delete_session,
    (N_ACTION, print_class.FILM_SESSION): print_film.print_session,
    (N_CREATE, print_class.FILM_BOX): print_film.create_box,
    (N_SET, print_class.FILM_BOX): print_film.set_box,
    (N_DELETE, print_class.FILM_BOX): print_film.delete_box,
    (N_ACTION, print_class.FILM_BOX): print_film.print_box,
    (N_SET, print_class.GRAYSCALE_IMAGE_BOX): print_content.set_image,
    (N_SET, print_class.COLOR_IMAGE_BOX): print_content.set_image,
    (N_SET, print_class.ANNOTATION_BOX): print_content.set_annotation,
    (N_CREATE, print_class.PRESENTATION_LUT): print_content.create_lut,
    (N_DELETE, print_class.PRESENTATION_LUT): print_content.delete_lut,
    (N_GET, print_class.PRINTER): get_printer,
    (N_GET, print_class.PRINT_JOB): get_job,
}
OPERATIONS = frozenset(operation for operation, _ in ACTS)


def _act(request: Request) -> Answer:
    sop_class, uid = request.sop_class_uid, request.sop_instance_uid
    operation = type(request.message)
    act = ACTS.get((operation, sop_class))
    if act is None:
        if any(known == sop_class for _, known in ACTS):
            raise Refused(Code.UNRECOGNISED_OPERATION, "This SOP class has no such operation.")
        raise Refused(Code.NO_SUCH_SOP_CLASS, "This is no class of print management.")
    if uid and not valid_uid(uid):
        raise Refused(Code.INVALID_SOP_INSTANCE, "The SOP Instance UID is malformed.")
    return act(Operation(request, print_session.of(request.session), sop_class, uid))


def _asked(operation: Operation, told: Mapping[int, Told]) -> Answer:
    """Those of the attributes that were asked for; all if none were named."""
    wanted = operation.request.message.AttributeIdentifierList
    tags = [int(tag) for tag in wanted] if isinstance(wanted, list) else [int(wanted)] if wanted else list(told)
    status = print_film.SUCCESS
    if any(tag not in told for tag in tags):
        status = print_film.SOME_UNKNOWN
    return Answer(status, operation.uid, {tag: told[tag] for tag in tags if tag in told})


def _report(request: Request, job_uid: str) -> None:
    """Tell the peer on this association that its print job is done (PS3.4 §H.4.5.2.1)."""
    association = request.session.association
    context = next(
        (
            identity
            for identity, context in association.contexts.items()
            if str(context.abstract_syntax) == print_class.PRINT_JOB
        ),
        None,
    )
    if context is None:
        return
    message_id = _FIRST_MESSAGE_ID + len(request.session.answers) % 0x0FFF
    syntax = str(association.contexts[context].transfer_syntax[0])
    report: dict[int, Told] = {0x21000030: ("CS", "NORMAL"), 0x21100030: ("LO", request.session.settings.aet)}
    command = normalized_request(
        CommandField.N_EVENT_REPORT_RQ,
        message_id=message_id,
        sop_class_uid=print_class.PRINT_JOB,
        sop_instance_uid=job_uid,
        type_id=JOB_DONE,
    )
    association.send_command(context, command, identifiers.encode(report, syntax))
