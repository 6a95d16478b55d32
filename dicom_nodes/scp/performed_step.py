"""Modality Performed Procedure Step: N-CREATE, N-SET and N-GET (PS3.4 §F.7 and §F.8)."""

from collections.abc import Callable

from dicom_nodes import identifier
from dicom_nodes.scp import contexts
from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code, Refused, Status, of_normalized
from storage.archive import performed_step
from storage.dicom import header
from storage.dicom.json import elements_json
from storage.dicom.work_item import DicomJson
from storage.errors import InvalidInstance, InvalidRequest, TooLarge


def create(request: Request) -> None:
    """Answer an N-CREATE: a machine has begun.

    Raises:
        OSError: the connection is lost.
    """
    _answer(request, _create)


def update(request: Request) -> None:
    """Answer an N-SET: a machine goes on, or has ended.

    Raises:
        OSError: the connection is lost.
    """
    _answer(request, _update)


def retrieve(request: Request) -> None:
    """Answer an N-GET.

    Raises:
        OSError: the connection is lost.
    """
    _answer(request, _retrieve)


_Answer = tuple[Status, str, bytes | None]  # with the SOP Instance UID, and the data set


def _answer(request: Request, serve: Callable[[Request], _Answer]) -> None:
    try:
        status, uid, data_set = serve(request)
    except Exception as error:  # noqa: BLE001  the peer always gets an answer
        status, uid, data_set = of_normalized(error), _uid(request), None
        request.log_refusal("performed step", status)
    request.send(request.response_field, status, sop_instance_uid=uid, data_set=data_set)


def _create(request: Request) -> _Answer:
    _check_class(str(request.message.AffectedSOPClassUID or ""), contexts.PERFORMED_STEP)
    caller = request.session.caller
    made = performed_step.create(
        request.session.archive, _data_set(request), _uid(request), caller.facility_id, caller.principal
    )
    return Status(Code.SUCCESS), made.uid, None


def _update(request: Request) -> _Answer:
    _check_class(str(request.message.RequestedSOPClassUID or ""), contexts.PERFORMED_STEP)
    made = performed_step.update(
        request.session.archive, _uid(request), _data_set(request), request.session.caller.principal
    )
    if made.left:
        tags = " ".join(f"({tag[:4]},{tag[4:]})" for tag in made.left)
        return Status(Code.ATTRIBUTE_LIST_ERROR, f"Not changed: {tags}"[:64]), made.uid, None
    return Status(Code.SUCCESS), made.uid, None


def _retrieve(request: Request) -> _Answer:
    _check_class(str(request.message.RequestedSOPClassUID or ""), contexts.PERFORMED_STEP_RETRIEVE)
    found = performed_step.retrieve(request.session.archive, _uid(request), request.session.caller.principal)
    tags = request.message.AttributeIdentifierList or ()
    asked = [f"{int(tag):08X}" for tag in ((tags,) if isinstance(tags, int) else tags)]
    told = {tag: one for tag, one in found.items() if "InlineBinary" not in one and (tag in asked or not asked)}
    missing = set(asked) - told.keys()
    answer = identifier.from_json(told, (int(tag, 16) for tag in told))
    encoded = identifier.encode(answer, request.transfer_syntax)
    return Status(Code.OPTIONAL_ATTRIBUTES_NOT_SUPPORTED if missing else Code.SUCCESS), _uid(request), encoded


def _uid(request: Request) -> str:
    message = request.message
    uid = getattr(message, "RequestedSOPInstanceUID", None) or getattr(message, "AffectedSOPInstanceUID", None)
    return str(uid or "")


def _check_class(given: str, expected: str) -> None:
    if given != expected:
        raise Refused(Code.SOP_CLASS_NOT_SUPPORTED, "Not the SOP Class of this presentation context.")


def _data_set(request: Request) -> DicomJson:
    try:
        found = header.parse(request.attributes, request.transfer_syntax)
    except (InvalidInstance, TooLarge):
        raise InvalidRequest("The attributes cannot be read as a data set.") from None
    return elements_json(found, found.elements)
