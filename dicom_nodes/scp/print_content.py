"""What is put on a film: images, annotations and Presentation LUTs (PS3.4 §H.4.3, §H.4.4, §H.4.9; PS3.3 §C.13.5)."""

from dataclasses import replace

import numpy as np

from dicom_nodes.identifier import Told
from dicom_nodes.scp.attribute_list import AttributeList
from dicom_nodes.scp.print_film import Answer, Operation
from dicom_nodes.scp.print_session import MOST_LUTS, FilmBox, ImageBox, new_uid
from dicom_nodes.status import Code, Refused, Status
from storage.dicom.film import FilmImage, PresentationLUT
from storage.dicom.film_format import Outcome, film_size, image_boxes, placement
from storage.errors import OutOfResources
from storage.pixels.film import ANNOTATION_BOXES

_GRAYSCALE, _COLOR = 0x20200110, 0x20200111
_REQUIRED = {
    0x00280002: "Samples per Pixel",
    0x00280004: "Photometric Interpretation",
    0x00280010: "Rows",
    0x00280011: "Columns",
    0x00280100: "Bits Allocated",
    0x00280101: "Bits Stored",
    0x7FE00010: "Pixel Data",
}
_LOWER_LEFT = 4
_ELSEWHERE = Status(Code.ATTRIBUTE_VALUE_OUT_OF_RANGE, "Annotation Position is 1 to 6; 4 is taken.")
_OUTCOMES: dict[Outcome, Status] = {
    "fits": Status(Code.SUCCESS),
    "decimated": Status(Code.IMAGE_DECIMATED, "The image is larger than its box and was decimated."),
    "cropped": Status(Code.IMAGE_CROPPED, "The image is larger than its box and was cropped."),
}


def set_image(operation: Operation) -> Answer:
    """N-SET of an image box: its image, or how it is printed; an empty sequence takes the image away."""
    film_box, box = operation.prints.image_box(operation.uid)
    if box.sop_class != operation.sop_class:
        raise Refused(Code.CLASS_INSTANCE_CONFLICT, "The image box is of the other class.")
    attributes = operation.attributes
    if attributes.number(0x20200010, box.position) != box.position:
        raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "Image Box Position is not that of this box.")
    changed = _presentation(operation, box, attributes)
    sequence = _COLOR if box.colour else _GRAYSCALE
    item = attributes.item(sequence)
    if item is not None:
        changed.image = _read_image(item, box)
    status = _OUTCOMES["fits"]
    if changed.image is not None and (item is not None or box.image is not None):
        status = _fit(film_box, changed)
    if item is not None and changed.image is not None:
        try:
            changed.extent = operation.prints.keep(film_box, _pixels(item, changed.image))
        except OutOfResources as error:
            raise Refused(Code.INSUFFICIENT_PRINTER_MEMORY, str(error)[:64]) from error
    elif sequence in attributes:
        changed.image = changed.extent = None
    film_box.image_boxes[box.uid] = changed
    film_box.job_uid = ""
    return Answer(status, box.uid)


def set_annotation(operation: Operation) -> Answer:
    """N-SET of an annotation box; senders that fill the first box alone say by the position where it is to stand."""
    film_box, box = operation.prints.annotation_box(operation.uid)
    attributes = operation.attributes
    position = attributes.number(0x20300010, box.position)
    known = 1 <= position <= ANNOTATION_BOXES
    box.position = position if known else _LOWER_LEFT
    box.text = attributes.text(0x20300020)[:64]
    film_box.job_uid = ""
    return Answer(_OUTCOMES["fits"] if known else _ELSEWHERE, box.uid)


def create_lut(operation: Operation) -> Answer:
    """N-CREATE of a Presentation LUT."""
    luts = operation.prints.luts
    if operation.uid in luts:
        raise Refused(Code.DUPLICATE_SOP_INSTANCE, "This Presentation LUT exists already.")
    if len(luts) >= MOST_LUTS:
        raise Refused(Code.RESOURCE_LIMITATION, "Too many Presentation LUTs; delete some.")
    attributes = operation.attributes
    shape, item = attributes.code(0x20500020), attributes.item(0x20500010)
    told: dict[int, Told] = {}
    if item is not None:
        lut = _table(item)
    elif shape in ("IDENTITY", "LIN OD"):
        lut = PresentationLUT(shape=shape)
        told[0x20500020] = ("CS", shape)
    elif shape:
        raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "Presentation LUT Shape is IDENTITY or LIN OD.")
    else:
        raise Refused(Code.MISSING_ATTRIBUTE, "A Presentation LUT has a shape or a table.")
    uid = operation.uid or new_uid()
    luts[uid] = lut
    return Answer(uid=uid, attributes=told or None)


def delete_lut(operation: Operation) -> Answer:
    """N-DELETE of a Presentation LUT."""
    if operation.uid not in operation.prints.luts:
        raise Refused(Code.NO_SUCH_SOP_INSTANCE, "There is no such Presentation LUT.")
    session = operation.prints.film_session
    boxes = session.film_boxes.values() if session is not None else ()
    used = {box.lut_uid for box in boxes} | {image.lut_uid for box in boxes for image in box.image_boxes.values()}
    if operation.uid in used:
        raise Refused(Code.PROCESSING_FAILURE, "A film box refers to this Presentation LUT.")
    del operation.prints.luts[operation.uid]
    return Answer(uid=operation.uid)


def _presentation(operation: Operation, box: ImageBox, attributes: AttributeList) -> ImageBox:
    """The box with how its image is printed."""
    polarity = attributes.code(0x20200020, box.polarity)
    if polarity not in ("NORMAL", "REVERSE"):
        raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "Polarity is NORMAL or REVERSE.")
    behaviour = attributes.code(0x20200040, box.behaviour)
    if behaviour not in ("DECIMATE", "CROP", "FAIL"):
        raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "Requested Decimate/Crop Behavior is DECIMATE, CROP or FAIL.")
    reference = attributes.item(0x20500500)
    lut_uid = reference.text(0x00081155) if reference is not None else box.lut_uid
    if lut_uid:
        operation.prints.lut(lut_uid)
    return replace(
        box,
        polarity=polarity,
        behaviour=behaviour,
        magnification=attributes.code(0x20100060, box.magnification)[:16],
        requested_width=attributes.decimal(0x20200030) if 0x20200030 in attributes else box.requested_width,
        lut_uid=lut_uid,
    )


def _read_image(item: AttributeList, box: ImageBox) -> FilmImage:
    """The image of a box, without its pixels.

    Raises:
        Refused: an attribute is missing or cannot be.
    """
    missing = [name for tag, name in _REQUIRED.items() if tag not in item]
    if missing:
        raise Refused(Code.MISSING_ATTRIBUTE, f"{missing[0]} is missing.")
    aspect = item.numbers(0x00280034)
    image = FilmImage(
        position=box.position,
        rows=item.number(0x00280010),
        columns=item.number(0x00280011),
        samples_per_pixel=item.number(0x00280002),
        bits_allocated=item.number(0x00280100),
        bits_stored=item.number(0x00280101),
        photometric_interpretation=item.code(0x00280004),
        pixels=b"",
        aspect=(aspect[0], aspect[1]) if len(aspect) == 2 and 0 < min(aspect) <= max(aspect) < 65536 else (1, 1),
    )
    expected = ((3,), ("RGB",)) if box.colour else ((1,), ("MONOCHROME1", "MONOCHROME2"))
    depths = ((8, 8),) if box.colour else ((8, 8), *((16, stored) for stored in range(8, 17)))
    for right, name in (
        (image.samples_per_pixel in expected[0], "Samples per Pixel"),
        (image.photometric_interpretation in expected[1], "Photometric Interpretation"),
        (image.rows > 0 and image.columns > 0, "Rows or Columns"),
        ((image.bits_allocated, image.bits_stored) in depths, "Bits Allocated or Bits Stored"),
        (item.number(0x00280102, image.bits_stored - 1) == image.bits_stored - 1, "High Bit"),
        (item.number(0x00280103) == 0, "Pixel Representation"),
        (len(item.words(0x7FE00010)) >= _length(image), "The length of Pixel Data"),
    ):
        if not right:
            raise Refused(Code.INVALID_ATTRIBUTE_VALUE, f"{name} is not one that is printed here.")
    return image


def _length(image: FilmImage) -> int:
    return image.rows * image.columns * image.samples_per_pixel * image.bits_allocated // 8


def _pixels(item: AttributeList, image: FilmImage) -> memoryview | bytes:
    """The pixels in rows, colour by pixel."""
    pixels = item.words(0x7FE00010)[: _length(image)]
    if not image.is_colour or item.number(0x00280006) == 0:
        return pixels
    planes = np.frombuffer(pixels, np.uint8).reshape(3, image.rows, image.columns)
    return np.ascontiguousarray(planes.transpose(1, 2, 0)).tobytes()


def _fit(film_box: FilmBox, box: ImageBox) -> Status:
    """Whether the image fits its box.

    Raises:
        Refused: it does not, and is not to be made smaller.
    """
    if box.image is None:
        return _OUTCOMES["fits"]
    film, image = film_box.film, box.image
    places = image_boxes(film.display_format, *film_size(film.size, film.orientation))
    place = placement(
        places[box.position - 1], image.columns, image.rows, image.aspect, box.requested_width, box.behaviour
    )
    if place.outcome == "refused":
        raise Refused(Code.IMAGE_TOO_LARGE, "The image is larger than its box.")
    return _OUTCOMES[place.outcome]


def _table(item: AttributeList) -> PresentationLUT:
    """A Presentation LUT given as a table (PS3.3 §C.11.4.1)."""
    descriptor = item.numbers(0x00283002)
    if len(descriptor) != 3:
        raise Refused(Code.MISSING_ATTRIBUTE, "LUT Descriptor is missing.")
    count, bits = descriptor[0] or 65536, descriptor[2]
    entries = item.numbers(0x00283006)[:count]
    if descriptor[1] != 0 or not 8 <= bits <= 16 or len(entries) != count or max(entries) >= 1 << bits:
        raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "The table of the Presentation LUT does not fit its descriptor.")
    return PresentationLUT(bits=bits, entries=tuple(entries))
