"""What a presentation state shows of an image, whoever made it (PS3.3 §C.10, §C.11; PS3.4 §N)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from storage.dicom.drawing import (
    MOST_POINTS,
    POINTS,
    Drawing,
    Point,
    box_of,
    circle_outline,
    ellipse_box,
    ellipse_outline,
)

MOST_DRAWINGS = 1000
_CLOSED = frozenset({"rectangle", "freehand"})
_SHAPES = {"POINT": "point", "CIRCLE": "outline", "ELLIPSE": "outline"}


@dataclass(frozen=True)
class SeenImage:
    """An image that a state is for; ``frame`` from 1."""

    series_instance_uid: str
    sop_instance_uid: str
    frame: int


@dataclass(frozen=True)
class SeenView:
    """A state for the first of its images.

    ``window``: center, width, function. ``inverse``: the polarity of the whole way, ``None`` where a table says it.
    ``area``: left, top, right, bottom in image coordinates. ``rotation`` before ``flipped`` as the standard has it.
    ``unsupported``: what of it cannot be shown here.
    """

    images: tuple[SeenImage, ...]
    window: tuple[float, float, str] | None
    inverse: bool | None
    rotation: int
    flipped: bool
    area: tuple[float, float, float, float] | None
    size_mode: str
    drawings: tuple[Drawing, ...]
    unsupported: tuple[str, ...]


def read_presentation(state: Dataset) -> SeenView:
    """What a state of anybody's says of its first image."""
    images = tuple(_images(state))
    first = images[0] if images else SeenImage("", "", 1)
    rotation = int(_number(state.get("ImageRotation")) or 0) % 360
    flipped = str(state.get("ImageHorizontalFlip") or "N") == "Y"
    area_item = _item_for(state.get("DisplayedAreaSelectionSequence"), first)
    corners = _corners(area_item)
    voi = _item_for(state.get("SoftcopyVOILUTSequence"), first)
    shape = str(state.get("PresentationLUTShape") or "")
    ours = str(state.get("Manufacturer") or "") == "Filmless"
    unsupported = tuple(
        name
        for name, there in (
            ("voi_lut", voi is not None and bool(voi.get("VOILUTSequence"))),
            ("presentation_lut", bool(state.get("PresentationLUTSequence"))),
            ("mask", bool(state.get("MaskSubtractionSequence"))),
            # What we write repeats the image's own; others' may differ from it (PS3.4 §N.2).
            ("modality", not ours and any(name in state for name in ("ModalityLUTSequence", "RescaleSlope"))),
            ("shutter", not ours and bool(state.get("ShutterShape"))),
            ("overlays", not ours and any((group, 0x1001) in state for group in range(0x6000, 0x6020, 2))),
        )
        if there
    )
    return SeenView(
        images,
        _window(voi),
        None if state.get("PresentationLUTSequence") else shape == "INVERSE",
        rotation if rotation in (0, 90, 180, 270) else 0,
        flipped,
        _area(corners) if corners else None,
        str(area_item.get("PresentationSizeMode") or "") if area_item is not None else "",
        tuple(_drawings(state, images, corners, rotation)),
        unsupported,
    )


def _images(state: Dataset) -> Iterator[SeenImage]:
    for series in state.get("ReferencedSeriesSequence") or ():
        for reference in series.get("ReferencedImageSequence") or ():
            yield from _seen(reference, str(series.get("SeriesInstanceUID") or ""))


def _seen(reference: Dataset, series: str) -> Iterator[SeenImage]:
    frames = reference.get("ReferencedFrameNumber")
    numbers = [1] if frames is None else [frames] if isinstance(frames, (int, str)) else list(frames)
    for number in numbers:
        yield SeenImage(series, str(reference.get("ReferencedSOPInstanceUID") or ""), int(number))


def _is_for(item: Dataset, image: SeenImage) -> bool:
    """Whether an item is for an image: those without references are for all."""
    references = item.get("ReferencedImageSequence")
    if not references:
        return True
    for reference in references:
        if str(reference.get("ReferencedSOPInstanceUID") or "") != image.sop_instance_uid:
            continue
        if reference.get("ReferencedFrameNumber") is None:
            return True
        if any(one.frame == image.frame for one in _seen(reference, "")):
            return True
    return False


def _item_for(items: Sequence[Dataset] | None, image: SeenImage) -> Dataset | None:
    return next((item for item in items or () if _is_for(item, image)), None)


def _window(voi: Dataset | None) -> tuple[float, float, str] | None:
    if voi is None:
        return None
    center, width = _number(voi.get("WindowCenter")), _number(voi.get("WindowWidth"))
    function = str(voi.get("VOILUTFunction") or "LINEAR")
    if center is None or width is None or width <= 0 or function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        return None
    return center, width, function


def _number(value: object) -> float | None:
    """The first number of a value."""
    if value is None or isinstance(value, str | bytes):
        return None
    if isinstance(value, Sequence):
        value = value[0] if value else None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _corners(item: Dataset | None) -> tuple[Point, Point] | None:
    if item is None:
        return None
    first, last = item.get("DisplayedAreaTopLeftHandCorner"), item.get("DisplayedAreaBottomRightHandCorner")
    if first is None or last is None or len(first) != 2 or len(last) != 2:
        return None
    return (float(first[0]), float(first[1])), (float(last[0]), float(last[1]))


def _edges(corners: tuple[Point, Point]) -> tuple[Point, Point]:
    """The outer corners of the pixels that are top left and bottom right on the screen, in image coordinates."""
    (x0, y0), (x1, y1) = corners
    return (
        (x0 - 1 if x0 <= x1 else x0, y0 - 1 if y0 <= y1 else y0),
        (x1 if x0 <= x1 else x1 - 1, y1 if y0 <= y1 else y1 - 1),
    )


def _area(corners: tuple[Point, Point]) -> tuple[float, float, float, float]:
    (x0, y0), (x1, y1) = _edges(corners)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _drawings(
    state: Dataset, images: Sequence[SeenImage], corners: tuple[Point, Point] | None, rotation: int
) -> Iterator[Drawing]:
    made = 0
    for number, annotation in enumerate(state.get("GraphicAnnotationSequence") or (), 1):
        wanted = [one for one in images if _is_for(annotation, one)]
        kind = str(annotation.get("GraphicLayer") or "").lower()
        for image in wanted[:20]:
            for drawing in _annotation(annotation, f"graphic-{number}", kind, image, corners, rotation):
                made += 1
                if made > MOST_DRAWINGS:
                    return
                yield drawing


def _annotation(
    annotation: Dataset, name: str, kind: str, image: SeenImage, corners: tuple[Point, Point] | None, rotation: int
) -> Iterator[Drawing]:
    """What one annotation draws: one of our kinds where its layer and its graphics say so, else shapes and labels."""
    graphics = [
        (str(item.get("GraphicType") or ""), points)
        for item in annotation.get("GraphicObjectSequence") or ()
        if (points := _points(item, corners, rotation))
    ]
    labels = [
        (str(item.get("UnformattedTextValue") or ""), place)
        for item in annotation.get("TextObjectSequence") or ()
        if (place := _place(item, corners, rotation))
    ]
    own = _own(kind, graphics, labels)
    if own is not None:
        yield Drawing(name, own[0], image.sop_instance_uid, image.frame, own[1], own[2])
        return
    for at, (type_, points) in enumerate(graphics):
        shape = _SHAPES.get(type_, "polyline")
        yield Drawing(f"{name}-{at}", shape, image.sop_instance_uid, image.frame, _drawn(type_, points))
    for at, (words, place) in enumerate(labels):
        yield Drawing(f"{name}-label-{at}", "label", image.sop_instance_uid, image.frame, (place,), words)


def _own(
    kind: str, graphics: Sequence[tuple[str, tuple[Point, ...]]], labels: Sequence[tuple[str, Point]]
) -> tuple[str, tuple[Point, ...], str] | None:
    """Kind, points and words of a drawing that we have saved in the layer of its kind."""
    wanted = POINTS.get(kind)
    if wanted is None:
        return None
    words = labels[0][0].replace("\r\n", "\n") if labels else ""
    if kind == "text":
        return ("text", (labels[0][1],), words) if labels and not graphics else None
    points = tuple(point for _, part in graphics for point in part)
    if kind == "ellipse" and len(points) == 4:
        box = ellipse_box(points)
        return ("ellipse", box, "") if box else None
    if kind in _CLOSED and len(points) > 3 and points[0] == points[-1]:
        box = box_of(points) if kind == "rectangle" else None
        return (kind, box or points[:-1], "") if box or kind == "freehand" else None
    if len(points) != wanted or kind in _CLOSED:
        return None
    return kind, points, words if kind == "arrow" else ""


def _drawn(graphic_type: str, points: tuple[Point, ...]) -> tuple[Point, ...]:
    if graphic_type == "CIRCLE" and len(points) == 2:
        return circle_outline(points)
    if graphic_type == "ELLIPSE" and len(points) == 4:
        return ellipse_outline(points)
    return points


def _points(item: Dataset, corners: tuple[Point, Point] | None, rotation: int) -> tuple[Point, ...]:
    data = item.get("GraphicData")
    numbers = [float(one) for one in data] if data is not None and not isinstance(data, str | bytes) else []
    if len(numbers) < 2 or len(numbers) % 2 or len(numbers) > 2 * MOST_POINTS:
        return ()
    points = zip(numbers[::2], numbers[1::2], strict=True)
    units = str(item.get("GraphicAnnotationUnits") or "PIXEL")
    placed = [_on_image(point, units, corners, rotation) for point in points]
    return tuple(one for one in placed if one is not None) if None not in placed else ()


def _place(item: Dataset, corners: tuple[Point, Point] | None, rotation: int) -> Point | None:
    """Where words are: at their anchor, else at the top left of their box."""
    for keyword, units in (
        ("AnchorPoint", "AnchorPointAnnotationUnits"),
        ("BoundingBoxTopLeftHandCorner", "BoundingBoxAnnotationUnits"),
    ):
        point = item.get(keyword)
        if point is not None and len(point) == 2:
            return _on_image((float(point[0]), float(point[1])), str(item.get(units) or "PIXEL"), corners, rotation)
    return None


def _on_image(point: Point, units: str, corners: tuple[Point, Point] | None, rotation: int) -> Point | None:
    """A point in image coordinates; in DISPLAY units it is a part of the area displayed (PS3.3 §C.10.5.1.1)."""
    if units != "DISPLAY":
        return point
    if corners is None:
        return None
    (x0, y0), (x1, y1) = _edges(corners)
    across, down = (point[1], point[0]) if rotation % 180 else point
    return x0 + (x1 - x0) * across, y0 + (y1 - y0) * down
