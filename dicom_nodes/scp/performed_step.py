"""Modality Performed Procedure Step: N-CREATE, N-SET and N-GET (PS3.4 §F.7 and §F.8)."""

from dicom_nodes import identifier
from dicom_nodes.scp import contexts
from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code, Refused, Status
from storage.archive import performed_step
from storage.dicom import header
from storage.dicom.json import elements_json
from storage.dicom.work_item import DicomJson
from storage.errors import InvalidInstance, InvalidRequest, TooLarge


def create(request: Request) -> None:
    """Answer an N-CREATE: a machine has begun.

    Raises:
        OSError: the connection is lost.
        Refused: it is of another class.
        ArchiveError: it does not fit, or may not be.
    """
    _check_class(request, contexts.PERFORMED_STEP)
    session = request.session
    data_set, uid = _data_set(request), request.sop_instance_uid
    made = performed_step.create(session.archive, data_set, uid, session.caller.facility_id, session.caller.principal)
    request.answer(Status(Code.SUCCESS), sop_instance_uid=made.uid)


def update(request: Request) -> None:
    """Answer an N-SET: a machine goes on, or has ended.

    Raises:
        OSError: the connection is lost.
        Refused: it is of another class.
        ArchiveError: it does not fit, or may not be.
    """
    _check_class(request, contexts.PERFORMED_STEP)
    session = request.session
    made = performed_step.update(
        session.archive, request.sop_instance_uid, _data_set(request), session.caller.principal
    )
    status = Status(Code.SUCCESS)
    if made.left:
        tags = " ".join(f"({tag[:4]},{tag[4:]})" for tag in made.left)
        status = Status(Code.ATTRIBUTE_LIST_ERROR, f"Not changed: {tags}"[:64])
    request.answer(status)


def retrieve(request: Request) -> None:
    """Answer an N-GET.

    Raises:
        OSError: the connection is lost.
        Refused: it is of another class.
        ArchiveError: there is none, or it may not be seen.
    """
    _check_class(request, contexts.PERFORMED_STEP_RETRIEVE)
    session = request.session
    found = performed_step.retrieve(session.archive, request.sop_instance_uid, session.caller.principal)
    tags = request.message.AttributeIdentifierList or ()
    asked = [f"{int(tag):08X}" for tag in ((tags,) if isinstance(tags, int) else tags)]
    told = {tag: one for tag, one in found.items() if "InlineBinary" not in one and (tag in asked or not asked)}
    missing = set(asked) - told.keys()
    answer = identifier.from_json(told, (int(tag, 16) for tag in told))
    encoded = identifier.encode(answer, request.transfer_syntax)
    request.answer(Status(Code.OPTIONAL_ATTRIBUTES_NOT_SUPPORTED if missing else Code.SUCCESS), data_set=encoded)


def _check_class(request: Request, expected: str) -> None:
    if request.sop_class_uid != expected:
        raise Refused(Code.SOP_CLASS_NOT_SUPPORTED, "Not the SOP Class of this presentation context.")


def _data_set(request: Request) -> DicomJson:
    try:
        found = header.parse(request.attributes, request.transfer_syntax)
    except (InvalidInstance, TooLarge):
        raise InvalidRequest("The attributes cannot be read as a data set.") from None
    return elements_json(found, found.elements)
