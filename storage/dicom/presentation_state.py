"""A view of an image as a softcopy presentation state (PS3.3 §A.33.1, §A.33.2; PS3.4 §N).

The state holds the whole way from stored values to the screen: what it does not say of the image is not done (N.2), so
rescale, polarity and shutter of the image are in it too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from storage.dicom.drawing import Drawing, Point, box_corners, ellipse_axes
from storage.dicom.measurement_report import decimal
from storage.dicom.saved_instance import (
    COLOUR_PRESENTATION,
    GRAYSCALE_PRESENTATION,
    Occasion,
    Referenced,
    begun,
)

_LONGEST_TEXT = 1024
_SHUTTER = (
    *("ShutterShape", "ShutterLeftVerticalEdge", "ShutterRightVerticalEdge", "ShutterUpperHorizontalEdge"),
    *("ShutterLowerHorizontalEdge", "CenterOfCircularShutter", "RadiusOfCircularShutter"),
    *("VerticesOfThePolygonalShutter", "ShutterPresentationValue"),
)


@dataclass(frozen=True)
class Look:
    """How an image stands in its cell, as the viewer says it.

    ``window``: center, width and function in modality units, ``None`` where the image's own table is used.
    ``inverted``: the reader turned the polarity round. ``rotation``: degrees clockwise after the mirroring.
    ``magnification``: 1 where the whole image just fits. ``centre``: the point of the image in the middle of the cell.
    """

    window: tuple[float, float, str] | None = None
    inverted: bool = False
    rotation: int = 0
    flipped: bool = False
    magnification: float = 1.0
    centre: Point | None = None


@dataclass(frozen=True)
class ShownImage:
    """What a presentation state has to repeat of the image, for the frame that is shown.

    ``spacing``: mm between rows and columns, where known; ``aspect``: height and width of a pixel, else.
    """

    reference: Referenced
    header: Dataset
    rows: int
    columns: int
    colour: bool
    inverse: bool
    rescale: tuple[float, float, str] | None
    spacing: tuple[float, float] | None
    aspect: tuple[int, int] = (1, 1)
    overlays: tuple[int, ...] = ()
    icc_profile: bytes = field(default=b"", repr=False)


def presentation_state(
    occasion: Occasion,
    number: int,
    name: str,
    look: Look,
    shown: ShownImage,
    frame: int,
    drawings: Sequence[Drawing] = (),
) -> Dataset:
    """The view of one image; ``name``: what its author calls it, ``drawings``: those on this frame."""
    made = begun(occasion, COLOUR_PRESENTATION if shown.colour else GRAYSCALE_PRESENTATION, number)
    moment = occasion.moment.astimezone(UTC)
    made.Laterality = ""  # of the image, not of the state
    made.ContentLabel = f"VIEW {number}"[:16]
    made.ContentDescription = name
    made.PresentationCreationDate, made.PresentationCreationTime = f"{moment:%Y%m%d}", f"{moment:%H%M%S}"
    with config.disable_value_validation():
        made.ContentCreatorName = occasion.author.person_name or occasion.author.account
    made.ReferencedSeriesSequence = Items([_series(shown.reference, frame)])
    _add_area(made, look, shown, frame)
    _add_turn(made, look)
    if shown.colour:
        made.ICCProfile = shown.icc_profile
    else:
        _add_grayscale(made, look, shown, frame)
    _add_shutter(made, shown)
    _add_annotations(made, drawings, shown, frame)
    return made


def seen_area(look: Look, rows: int, columns: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The part of the image that a look shows: its first and last pixel (column, row; from 1), before it is turned.

    It has the shape of the image, so that it fits a cell as the image does, whatever the shape of the cell.
    """
    width, height = columns / look.magnification, rows / look.magnification
    x, y = look.centre or (columns / 2, rows / 2)
    left, top = round(x - width / 2) + 1, round(y - height / 2) + 1
    return (left, top), (left + max(round(width), 1) - 1, top + max(round(height), 1) - 1)


def _series(reference: Referenced, frame: int) -> Dataset:
    made = Dataset()
    made.SeriesInstanceUID = reference.series_instance_uid
    made.ReferencedImageSequence = Items([reference.item(frame)])
    return made


def _add_area(made: Dataset, look: Look, shown: ShownImage, frame: int) -> None:
    """The displayed area: its corners are those of the screen, after turning (PS3.3 §C.10.4)."""
    (left, top), (right, bottom) = seen_area(look, shown.rows, shown.columns)
    first, last = displayed_corners(((left, top), (right, bottom)), _standard_rotation(look), look.flipped)
    area = Dataset()
    area.ReferencedImageSequence = Items([shown.reference.item(frame)])
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = list(first), list(last)
    area.PresentationSizeMode = "SCALE TO FIT"
    if shown.spacing is not None:
        area.PresentationPixelSpacing = [decimal(one) for one in shown.spacing]
    else:
        area.PresentationPixelAspectRatio = list(shown.aspect)
    made.DisplayedAreaSelectionSequence = Items([area])


def displayed_corners(
    box: tuple[tuple[int, int], tuple[int, int]], rotation: int, flipped: bool
) -> tuple[tuple[int, int], tuple[int, int]]:
    """The pixels of a box of the image that are top left and bottom right on the screen.

    ``rotation``: degrees clockwise before ``flipped``, as the standard has it (PS3.3 §C.10.6).
    """
    (left, top), (right, bottom) = box
    corners = {0: (left, top), 1: (right, top), 2: (right, bottom), 3: (left, bottom)}  # clockwise on the image
    turns = rotation // 90 % 4
    on_screen = [corners[(place - turns) % 4] for place in range(4)]  # clockwise on the screen, from the top left
    if flipped:
        on_screen = [on_screen[1], on_screen[0], on_screen[3], on_screen[2]]
    return on_screen[0], on_screen[2]


def _standard_rotation(look: Look) -> int:
    """The rotation before the flip; a mirrored rotation is the opposite one (PS3.3 §C.10.6)."""
    return (-look.rotation if look.flipped else look.rotation) % 360


def _add_turn(made: Dataset, look: Look) -> None:
    made.ImageHorizontalFlip = "Y" if look.flipped else "N"
    made.ImageRotation = _standard_rotation(look)


def _add_grayscale(made: Dataset, look: Look, shown: ShownImage, frame: int) -> None:
    header = shown.header
    modality_lut = header.get("ModalityLUTSequence")
    if modality_lut:
        made.ModalityLUTSequence = Items([modality_lut[0]])
    elif shown.rescale is not None:
        slope, intercept, kind = shown.rescale
        made.RescaleIntercept, made.RescaleSlope, made.RescaleType = decimal(intercept), decimal(slope), kind or "US"
    voi = Dataset()
    voi.ReferencedImageSequence = Items([shown.reference.item(frame)])
    if look.window is not None:
        center, width, function = look.window
        voi.WindowCenter, voi.WindowWidth, voi.VOILUTFunction = decimal(center), decimal(width), function
        made.SoftcopyVOILUTSequence = Items([voi])
    elif header.get("VOILUTSequence"):
        voi.VOILUTSequence = Items([header.VOILUTSequence[0]])
        made.SoftcopyVOILUTSequence = Items([voi])
    # The photometric interpretation has no say in a state: whoever shows it follows the shape alone (PS3.4 §N.2.1.3).
    made.PresentationLUTShape = "INVERSE" if shown.inverse != look.inverted else "IDENTITY"


def _add_shutter(made: Dataset, shown: ShownImage) -> None:
    """The shutter of the image: without one in the state it would be open (PS3.4 §N.2)."""
    if not shown.header.get("ShutterShape"):
        return
    for keyword in _SHUTTER:
        if keyword in shown.header:
            made[keyword] = shown.header[keyword]
    if "ShutterPresentationValue" not in made:
        made.ShutterPresentationValue = 0
    if shown.colour:
        made.ShutterPresentationColorCIELabValue = [0, 32896, 32896]


def _add_annotations(made: Dataset, drawings: Sequence[Drawing], shown: ShownImage, frame: int) -> None:
    """Drawings, each kind in a layer of its name; overlays of the image in one of theirs (PS3.3 §C.10.5, C.10.7)."""
    kinds = list(dict.fromkeys(one.kind for one in drawings))
    layers = [(kind.upper(), kind) for kind in kinds]
    if shown.overlays:
        layers.append(("OVERLAYS", "overlays"))
        for group in shown.overlays:
            made.add_new((group, 0x1001), "CS", "OVERLAYS")
    if not layers:
        return
    made.GraphicLayerSequence = Items()
    for order, (layer, description) in enumerate(layers, 1):
        item = Dataset()
        item.GraphicLayer, item.GraphicLayerOrder, item.GraphicLayerDescription = layer, order, description
        made.GraphicLayerSequence.append(item)
    if drawings:
        made.GraphicAnnotationSequence = Items([_annotation(one, shown.reference.item(frame)) for one in drawings])


def _annotation(drawing: Drawing, reference: Dataset) -> Dataset:
    made = Dataset()
    made.ReferencedImageSequence = Items([reference])
    made.GraphicLayer = drawing.kind.upper()
    words = (drawing.text or drawing.label).replace("\n", "\r\n")
    if words:
        made.TextObjectSequence = Items([_text(words, drawing.points[0])])
    graphics = [_graphic(kind, points) for kind, points in graphics_of(drawing)]
    if graphics:
        made.GraphicObjectSequence = Items(graphics)
    return made


def graphics_of(drawing: Drawing) -> list[tuple[str, Sequence[Point]]]:
    """The graphic objects of a drawing (PS3.3 §C.10.5.1.2); words alone have none."""
    points = drawing.points
    made: Mapping[str, list[tuple[str, Sequence[Point]]]] = {
        "cobb": [("POLYLINE", points[:2]), ("POLYLINE", points[2:])],
        "bidirectional": [("POLYLINE", points[:2]), ("POLYLINE", points[2:])],
        "probe": [("POINT", points)],
        "text": [],
    }
    if drawing.kind in made:
        return made[drawing.kind]
    if drawing.kind == "rectangle":
        return [("POLYLINE", box_corners(points))]
    if drawing.kind == "ellipse":
        return [("ELLIPSE", ellipse_axes(points))]
    if drawing.kind == "freehand":
        return [("POLYLINE", [*points, points[0]])]
    return [("POLYLINE", points)]


def _graphic(kind: str, points: Sequence[Point]) -> Dataset:
    made = Dataset()
    made.GraphicAnnotationUnits, made.GraphicDimensions = "PIXEL", 2
    made.NumberOfGraphicPoints = len(points)
    made.GraphicData = [part for point in points for part in point]
    made.GraphicType = kind
    if kind == "ELLIPSE" or (kind == "POLYLINE" and len(points) > 2 and points[0] == points[-1]):
        made.GraphicFilled = "N"
    return made


def _text(words: str, point: Point) -> Dataset:
    made = Dataset()
    made.UnformattedTextValue = words[:_LONGEST_TEXT]
    made.AnchorPointAnnotationUnits = "PIXEL"
    made.AnchorPoint = list(point)
    made.AnchorPointVisibility = "N"
    return made


def require_look(look: Look) -> bool:
    """Whether a look is one that could be on a screen."""
    numbers = [look.magnification, *(look.centre or ()), *(look.window or ())[:2]]
    return (
        all(isinstance(one, float | int) and math.isfinite(one) for one in numbers)
        and 1e-3 <= look.magnification <= 1e3
        and look.rotation in (0, 90, 180, 270)
        and (look.window is None or look.window[1] > 0)
        and all(abs(one) < 1e6 for one in look.centre or ())
    )
