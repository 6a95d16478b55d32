"""The frames of an instance, found from its header: native, single-bit or encapsulated (PS3.5 §8, PS3.3 §C.7.6.3)."""

from dataclasses import dataclass

from storage.dicom.frames import FrameTable, group
from storage.dicom.header import PIXEL_DATA, PIXEL_DATA_TAGS, Element, Header

_ROWS, _COLUMNS, _SAMPLES, _BITS = 0x00280010, 0x00280011, 0x00280002, 0x00280100
_PHOTOMETRIC, _NUMBER_OF_FRAMES = 0x00280004, 0x00280008
_EXTENDED_OFFSETS = 0x7FE00001
# Of these, two samples of a pixel pair share their chroma: on average two samples a pixel (PS3.3 §C.7.6.3.1.2).
_HALF_CHROMA = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
_MAXIMUM_FRAMES = 2**31 - 1
_VIDEO = "1.2.840.10008.1.2.4.10"  # MPEG-2, MPEG-4 and HEVC: 1.2.840.10008.1.2.4.100 to .109


@dataclass(frozen=True)
class Frames:
    """Number of frames that the header declares (0: no image), where they are, and what is odd about them."""

    number: int
    table: FrameTable
    warnings: tuple[str, ...] = ()


def locate(header: Header, transfer_syntax_uid: str) -> Frames:
    """Find the frames of an instance.

    Raises nothing: pixel data that does not fit its description is kept, with a warning, and has fewer frames or none.
    """
    element = next((header.elements[tag] for tag in sorted(PIXEL_DATA_TAGS) if tag in header.elements), None)
    if element is None:
        return Frames(0, FrameTable())
    warnings: list[str] = []
    declared = header.integer(_NUMBER_OF_FRAMES)
    if declared is not None and not 0 < declared <= _MAXIMUM_FRAMES:
        warnings.append("Number of Frames is not usable; one frame is assumed.")
        declared = None
    number = declared or 1
    if element.fragments is not None:
        table = _encapsulated(header, element, number, transfer_syntax_uid, warnings)
    else:
        table = _native(header, element, number, warnings)
    return Frames(number, table, tuple(warnings))


def _encapsulated(
    header: Header, element: Element, number: int, transfer_syntax_uid: str, warnings: list[str]
) -> FrameTable:
    basic, items = element.fragments or (b"", [])
    extended = header.elements.get(_EXTENDED_OFFSETS)
    video = transfer_syntax_uid.startswith(_VIDEO)
    frames = group(
        header.data,
        items,
        number,
        basic=basic,
        extended=header.value(extended) if extended is not None and extended.items is None else b"",
        single_stream=video,
    )
    if frames is None:
        warnings.append("The fragments of the pixel data cannot be told apart into frames.")
        return FrameTable()
    if len(frames) < number and not video:
        warnings.append(f"The pixel data has {len(frames)} of {number} frames.")
    return FrameTable.encapsulated(frames, deflated=header.deflated)


def _native(header: Header, element: Element, number: int, warnings: list[str]) -> FrameTable:
    rows, columns = header.integer(_ROWS) or 0, header.integer(_COLUMNS) or 0
    bits = header.integer(_BITS) or {"OF": 32, "OD": 64}.get(element.vr, 0)
    samples = header.integer(_SAMPLES) or 1
    if PIXEL_DATA in header.elements and header.text(_PHOTOMETRIC) in _HALF_CHROMA:
        samples = 2
    frame_bits = rows * columns * samples * bits
    if frame_bits <= 0:
        warnings.append("The image has no usable Rows, Columns or Bits Allocated; its frames cannot be read.")
        return FrameTable()
    expected = -(-frame_bits * number // 8)
    if element.length < expected:
        warnings.append("The pixel data is shorter than Rows, Columns and Number of Frames say.")
    elif element.length > expected + expected % 2:
        warnings.append("The pixel data is longer than Rows, Columns and Number of Frames say.")
    return FrameTable.native(
        pixel_offset=element.offset,
        pixel_length=min(element.length, expected),
        frame_bits=frame_bits,
        count=number,
        deflated=header.deflated,
    )
