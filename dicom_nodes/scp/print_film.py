"""Film sessions and film boxes: created, changed, deleted and printed (PS3.4 §H.4.1, §H.4.2, §H.4.9)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import BoundedSemaphore

from dicom_nodes.identifier import Answer as Attributes
from dicom_nodes.identifier import Told
from dicom_nodes.scp.attribute_list import AttributeList
from dicom_nodes.scp.print_class import (
    ANNOTATION_BOX,
    COLOR_META,
    FILM_SESSION,
    PRESENTATION_LUT,
    PRINT_JOB,
)
from dicom_nodes.scp.print_session import (
    MOST_FILM_BOXES,
    AnnotationBox,
    FilmBox,
    FilmSession,
    ImageBox,
    PrintSession,
    new_uid,
)
from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code, Refused, Status
from storage.access.permission import may
from storage.access.principal import Action
from storage.archive import film as archive_film
from storage.archive.film import Printer, TrayFull
from storage.dicom.film import Film, Proposal
from storage.dicom.film_format import SIZES, number_of_boxes
from storage.errors import InvalidRequest, OutOfResources
from storage.pixels.film import ANNOTATION_BOXES

PRINT = 1  # the only Action Type ID
MAGNIFICATIONS = ("REPLICATE", "BILINEAR", "CUBIC", "NONE")
# Hundredths of optical density that this printer knows.
LEAST_DENSITY, MOST_DENSITY = 0, 400
_PRIORITIES = ("HIGH", "MED", "LOW")
# A film is in memory while it is taken in: so many at once in a process.
_PRESSES = BoundedSemaphore(2)
_UID_CLASS, _UID_INSTANCE = 0x00081150, 0x00081155


SUCCESS = Status(Code.SUCCESS)
SOME_UNKNOWN = Status(Code.ATTRIBUTE_LIST_ERROR, "Some attributes are not known here.")


@dataclass(frozen=True)
class Operation:
    """One request on an instance of a print class; ``uid`` is empty where the peer leaves it to us."""

    request: Request
    prints: PrintSession
    sop_class: str
    uid: str

    @property
    def attributes(self) -> AttributeList:
        """The attributes that came with it."""
        return AttributeList.of(self.request)


@dataclass(frozen=True)
class Answer:
    """What is answered; ``job_uid``: a print job has been done, which the peer is told of."""

    status: Status = SUCCESS
    uid: str = ""
    attributes: Attributes | None = None
    job_uid: str = ""


def create_session(operation: Operation) -> Answer:
    """N-CREATE of the film session."""
    request = operation.request
    may(request.session.caller.principal, Action.PRINT, request.session.caller.facility_id)
    if operation.prints.film_session is not None:
        if operation.uid == operation.prints.film_session.uid:
            raise Refused(Code.DUPLICATE_SOP_INSTANCE, "This film session exists already.")
        raise Refused(Code.RESOURCE_LIMITATION, "An association has one film session; delete it first.")
    request.session.archive.spool.check_room()
    session = FilmSession(operation.uid or new_uid())
    out_of_range = _set_session(session, operation.attributes)
    operation.prints.film_session = session
    told: dict[int, Told] = {
        0x20000010: ("IS", str(session.copies)),
        0x20000020: ("CS", session.priority),
        0x20000030: ("CS", session.medium),
        0x20000040: ("CS", session.destination),
    }
    if session.label:
        told[0x20000050] = ("LO", session.label)
    return Answer(_accepted(out_of_range), session.uid, told)


def set_session(operation: Operation) -> Answer:
    """N-SET of the film session."""
    session = operation.prints.session(operation.uid)
    out_of_range = _set_session(session, operation.attributes)
    for film_box in session.film_boxes.values():
        film_box.job_uid = ""
    return Answer(_accepted(out_of_range), session.uid)


def delete_session(operation: Operation) -> Answer:
    """N-DELETE of the film session, with all that hangs on it."""
    uid = operation.prints.session(operation.uid).uid
    operation.prints.close()
    return Answer(uid=uid)


def print_session(operation: Operation) -> Answer:
    """N-ACTION of the film session: print all its films."""
    session = operation.prints.session(operation.uid)
    _check_action(operation)
    if not session.film_boxes:
        raise Refused(Code.NO_FILM_BOX, "The film session has no film box.")
    filled = [box for box in session.film_boxes.values() if box.bytes]
    if not filled:
        return Answer(Status(Code.EMPTY_FILM_SESSION, "No film of the session has an image."), session.uid)
    for box in filled:
        _print(operation, box, Code.SESSION_QUEUE_FULL)
    return _printed(operation, session.uid, filled[-1])


def create_box(operation: Operation) -> Answer:
    """N-CREATE of a film box, with its image boxes and annotation boxes."""
    session = operation.prints.film_session
    if session is None:
        raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "There is no film session.")
    if operation.uid in session.film_boxes:
        raise Refused(Code.DUPLICATE_SOP_INSTANCE, "This film box exists already.")
    if len(session.film_boxes) >= MOST_FILM_BOXES:
        raise Refused(Code.RESOURCE_LIMITATION, "Too many film boxes; delete those that are printed.")
    attributes = operation.attributes
    parent = attributes.item(0x20100500)
    if parent is not None and parent.text(_UID_INSTANCE) not in ("", session.uid):
        raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "The film session it refers to does not exist.")
    if not attributes.text(0x20100010):
        raise Refused(Code.MISSING_ATTRIBUTE, "Image Display Format is missing.")
    empty = Film("", datetime.now(UTC), "", (), display_format=attributes.text(0x20100010))
    box = FilmBox(operation.uid or new_uid(), empty, {}, {})
    warning = _set_box(operation.prints, box, attributes)
    try:
        number = number_of_boxes(box.film.display_format, box.film.size, box.film.orientation)
    except InvalidRequest:
        raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "This Image Display Format is not printed here.") from None
    colour = operation.request.abstract_syntax == COLOR_META
    for position in range(1, number + 1):
        image_box = ImageBox(new_uid(), position, colour)
        box.image_boxes[image_box.uid] = image_box
    box.annotation_format = attributes.text(0x20100030)
    if box.annotation_format:
        for position in range(1, ANNOTATION_BOXES + 1):
            annotation = AnnotationBox(new_uid(), position)
            box.annotations[annotation.uid] = annotation
    session.film_boxes[box.uid] = box
    return Answer(warning, box.uid, _told(session, box))


def set_box(operation: Operation) -> Answer:
    """N-SET of a film box; its layout stays."""
    box = operation.prints.film_box(operation.uid)
    attributes = operation.attributes
    if attributes.text(0x20100010, box.film.display_format) != box.film.display_format:
        raise Refused(Code.NO_SUCH_ATTRIBUTE, "The layout of a film box cannot be changed.")
    warning = _set_box(operation.prints, box, attributes)
    box.job_uid = ""
    return Answer(warning, box.uid)


def delete_box(operation: Operation) -> Answer:
    """N-DELETE of a film box, with all that hangs on it."""
    box = operation.prints.film_box(operation.uid)
    if operation.prints.film_session is not None:
        del operation.prints.film_session.film_boxes[box.uid]
    return Answer(uid=box.uid)


def print_box(operation: Operation) -> Answer:
    """N-ACTION of a film box: print this film."""
    box = operation.prints.film_box(operation.uid)
    _check_action(operation)
    if not box.bytes:
        return Answer(Status(Code.EMPTY_FILM_BOX, "The film has no image; nothing is printed."), box.uid)
    _print(operation, box, Code.PRINT_QUEUE_FULL)
    return _printed(operation, box.uid, box)


def _check_action(operation: Operation) -> None:
    if operation.request.message.ActionTypeID != PRINT:
        raise Refused(Code.NO_SUCH_ACTION_TYPE, "The only action is 1, Print.")
    caller = operation.request.session.caller
    may(caller.principal, Action.PRINT, caller.facility_id)


def _print(operation: Operation, box: FilmBox, full: Code) -> None:
    """Take the film in; one that has not changed since it was printed is another copy, which nobody needs here."""
    if box.job_uid:
        return
    session = operation.request.session
    caller = session.caller
    with _PRESSES:
        film = operation.prints.film_of(box, caller.ae_title)
        try:
            archive_film.take(
                session.archive, film, Printer(caller.ae_title, caller.address, caller.facility_id), caller.principal
            )
        except (TrayFull, OutOfResources) as error:
            raise Refused(full, str(error)[:64]) from error
    box.job_uid = film.uid


def _printed(operation: Operation, uid: str, box: FilmBox) -> Answer:
    told: dict[int, Told] = {0x21000500: ("SQ", [_reference(PRINT_JOB, box.job_uid)])}
    negotiated = any(
        str(context.abstract_syntax) == PRINT_JOB for context in operation.request.session.association.contexts.values()
    )
    return Answer(
        uid=uid,
        attributes=told,
        job_uid=box.job_uid if negotiated else "",
    )


def _set_session(session: FilmSession, attributes: AttributeList) -> bool:
    """Take what is given; whether something had to be replaced."""
    copies = attributes.number(0x20000010, session.copies)
    priority = attributes.code(0x20000020, session.priority)
    out_of_range = not 1 <= copies <= 100 or priority not in _PRIORITIES
    session.copies = min(max(copies, 1), 100)
    session.priority = priority if priority in _PRIORITIES else "MED"
    session.medium = attributes.code(0x20000030, session.medium)[:16]
    session.destination = attributes.code(0x20000040, session.destination)[:16]
    session.label = attributes.text(0x20000050, session.label)[:64]
    session.owner = attributes.text(0x21000160, session.owner)[:16]
    study = attributes.item(0x213000A0)
    if study is not None:
        session.proposal = Proposal(
            patient_name=study.text(0x00100010),
            patient_id=study.text(0x00100020),
            patient_birth_date=study.text(0x00100030),
            patient_sex=study.code(0x00100040)[:16],
            accession_number=study.text(0x00080050),
            study_instance_uid=study.text(0x0020000D),
        )
    return out_of_range


def _set_box(prints: PrintSession, box: FilmBox, attributes: AttributeList) -> Status:
    """Take what is given; a warning where something had to be replaced."""
    film = box.film
    orientation = attributes.code(0x20100040, film.orientation)
    if orientation not in ("PORTRAIT", "LANDSCAPE"):
        raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "Film Orientation is PORTRAIT or LANDSCAPE.")
    size = attributes.code(0x20100050, film.size or "14INX17IN")
    magnification = attributes.code(0x20100060, film.magnification)
    least, most = attributes.number(0x20100120, film.min_density), attributes.number(0x20100130, film.max_density)
    box.film = replace(
        film,
        orientation=orientation,
        size=size[:16],
        magnification=magnification[:16],
        border_density=attributes.code(0x20100100, film.border_density)[:16],
        empty_density=attributes.code(0x20100110, film.empty_density)[:16],
        min_density=min(max(least, LEAST_DENSITY), MOST_DENSITY - 1),
        max_density=min(max(most, least + 1, LEAST_DENSITY + 1), MOST_DENSITY),
        trim=attributes.code(0x20100140, "YES" if film.trim else "NO") == "YES",
        illumination=attributes.number(0x2010015E, film.illumination),
        ambient_light=attributes.number(0x20100160, film.ambient_light),
    )
    box.resolution = attributes.code(0x20100052, box.resolution)[:16]
    reference = attributes.item(0x20500500)
    if reference is not None:
        box.lut_uid = reference.text(_UID_INSTANCE)
        prints.lut(box.lut_uid)
    if not LEAST_DENSITY <= least < most <= MOST_DENSITY:
        return Status(Code.DENSITY_OUT_OF_RANGE, "Densities are from 0 to 400; the nearest is taken.")
    return _accepted(size not in SIZES or magnification not in (*MAGNIFICATIONS, ""))


def _accepted(out_of_range: bool) -> Status:
    if out_of_range:
        return Status(Code.ATTRIBUTE_VALUE_OUT_OF_RANGE, "A value is unknown here; the usual one is taken.")
    return SUCCESS


def _told(session: FilmSession, box: FilmBox) -> Attributes:
    """The attributes of a film box that was created."""
    film = box.film
    told: dict[int, Told] = {
        0x20100010: ("ST", film.display_format),
        0x20100040: ("CS", film.orientation),
        0x20100050: ("CS", film.size),
        0x20100052: ("CS", box.resolution),
        0x20100060: ("CS", film.magnification or "CUBIC"),
        0x20100100: ("CS", film.border_density),
        0x20100110: ("CS", film.empty_density),
        0x20100120: ("US", str(film.min_density)),
        0x20100130: ("US", str(film.max_density)),
        0x20100140: ("CS", "YES" if film.trim else "NO"),
        0x2010015E: ("US", str(film.illumination)),
        0x20100160: ("US", str(film.ambient_light)),
        0x20100500: ("SQ", [_reference(FILM_SESSION, session.uid)]),
        0x20100510: ("SQ", [_reference(one.sop_class, one.uid) for one in box.image_boxes.values()]),
    }
    if box.annotations:
        told[0x20100030] = ("CS", box.annotation_format)
        told[0x20100520] = ("SQ", [_reference(ANNOTATION_BOX, one.uid) for one in box.annotations.values()])
    if box.lut_uid:
        told[0x20500500] = ("SQ", [_reference(PRESENTATION_LUT, box.lut_uid)])
    return told


def _reference(sop_class: str, uid: str) -> dict[int, Told]:
    return {_UID_CLASS: ("UI", sop_class), _UID_INSTANCE: ("UI", uid)}
