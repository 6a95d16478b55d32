"""What a structured report says was drawn on images: our own reports and those of others (PS3.16 TID 300, 1410, 1501).

Reading is lenient: whatever has coordinates on an image is shown, by its geometry and the concepts it is named with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from storage.dicom import code
from storage.dicom.code import Code, code_of, unit_shown
from storage.dicom.drawing import (
    MOST_POINTS,
    Drawing,
    Point,
    Value,
    box_of,
    circle_outline,
    ellipse_box,
    ellipse_outline,
    uid_uuid,
)

MOST_DRAWINGS = 1000
_DEEPEST = 20
_NAMES = {one.key: name for name, one in code.QUANTITIES.items()}
_LENGTHS = frozenset({"long_axis", "short_axis"})


@dataclass(frozen=True)
class _Shape:
    graphic_type: str
    points: tuple[Point, ...]
    sop_instance_uid: str
    frame: int


def read_drawings(report: Dataset) -> tuple[Drawing, ...]:
    """All drawings of a report, in its order; at most :data:`MOST_DRAWINGS`."""
    found: list[Drawing] = []
    for number, group in enumerate(_groups(report), 1):
        found += _of_group(group, number)
        if len(found) >= MOST_DRAWINGS:
            break
    return tuple(found[:MOST_DRAWINGS])


def children(item: Dataset) -> Sequence[Dataset]:
    """The content items below one."""
    return item.get("ContentSequence") or ()


def is_named(item: Dataset, name: Code) -> bool:
    """Whether a content item has this name."""
    found = code_of(item, "ConceptNameCodeSequence")
    return found is not None and found.key == name.key


def _groups(report: Dataset) -> Iterator[Dataset]:
    """Containers that have coordinates among their children, or below the numbers among them."""
    waiting = [(report, 0)]
    while waiting:
        item, depth = waiting.pop(0)
        if any(_shapes(child) for child in children(item)):
            yield item
        if depth < _DEEPEST:
            waiting += [(child, depth + 1) for child in children(item) if _value_type(child) == "CONTAINER"]


def _value_type(item: Dataset) -> str:
    return str(item.get("ValueType") or "")


def _shapes(item: Dataset) -> list[_Shape]:
    """The coordinates that an item is, or that its number is inferred from."""
    if _value_type(item) == "SCOORD":
        shape = _shape(item)
        return [shape] if shape else []
    if _value_type(item) == "NUM":
        found = (_shape(child) for child in children(item) if _value_type(child) == "SCOORD")
        return [shape for shape in found if shape]
    return []


def _shape(item: Dataset) -> _Shape | None:
    data = item.get("GraphicData")
    numbers = [float(one) for one in data] if data is not None and not isinstance(data, (str, bytes)) else []
    if len(numbers) < 2 or len(numbers) % 2 or len(numbers) > 2 * MOST_POINTS:
        return None
    image = next((child for child in children(item) if child.get("ReferencedSOPSequence")), None)
    if image is None:
        return None
    reference = image.ReferencedSOPSequence[0]
    frames = reference.get("ReferencedFrameNumber") or 1
    frame = int(frames if isinstance(frames, (int, str)) else frames[0])
    uid = str(reference.get("ReferencedSOPInstanceUID") or "")
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return _Shape(str(item.get("GraphicType") or ""), points, uid, max(frame, 1))


def _of_group(group: Dataset, number: int) -> list[Drawing]:
    """What one group draws: one drawing, as a rule."""
    values, own, numbered = [], [], []
    for child in children(group):
        shapes = _shapes(child)
        if _value_type(child) == "NUM":
            value = _value(child)
            values.append(value)
            numbered += [(value, shape) for shape in shapes]
        else:
            own += shapes
    identity, comment, label = _identity(group, number), _comment(group), _label(group)
    spacing = _spacing(group)
    shown = tuple(one for one in values if one.name != "spacing")
    if own:
        made = [
            _drawing(f"{identity}" if at == 0 else f"{identity}.{at}", _kind_of_region(shape, comment), shape, shown)
            for at, shape in enumerate(own)
        ]
    else:
        made = _inferred(identity, numbered)
    return [
        Drawing(one.id, one.kind, one.sop_instance_uid, one.frame, one.points, comment, label, one.values, spacing)
        for one in made
    ]


def _inferred(identity: str, numbered: Sequence[tuple[Value, _Shape]]) -> list[Drawing]:
    """Drawings of numbers that have coordinates of their own; the two axes of one thing are one."""
    axes = {value.name: (value, shape) for value, shape in numbered if value.name in _LENGTHS}
    made: list[Drawing] = []
    rest = list(numbered)
    if len(axes) == 2 and all(len(shape.points) == 2 for _, shape in axes.values()):
        (long, along), (short, across) = axes["long_axis"], axes["short_axis"]
        if (along.sop_instance_uid, along.frame) == (across.sop_instance_uid, across.frame):
            both = _Shape("POLYLINE", along.points + across.points, along.sop_instance_uid, along.frame)
            made.append(_drawing(identity, ("bidirectional", both.points), both, (long, short)))
            rest = [one for one in numbered if one[0].name not in _LENGTHS]
    for value, shape in rest:
        same = next((one for one in made if _is_same(one, shape)), None)
        if same is not None:  # several numbers of one outline
            made[made.index(same)] = _with_value(same, value)
            continue
        name = f"{identity}.{len(made)}" if made else identity
        made.append(_drawing(name, _kind_of_number(value, shape), shape, (value,)))
    return made


def _is_same(drawing: Drawing, shape: _Shape) -> bool:
    kind = _outlined(shape)[1]
    where = (drawing.sop_instance_uid, drawing.frame, drawing.points)
    return where == (shape.sop_instance_uid, shape.frame, kind)


def _with_value(drawing: Drawing, value: Value) -> Drawing:
    return Drawing(
        *(drawing.id, drawing.kind, drawing.sop_instance_uid, drawing.frame, drawing.points),
        values=(*drawing.values, value),
    )


def _drawing(identity: str, kind: tuple[str, tuple[Point, ...]], shape: _Shape, values: tuple[Value, ...]) -> Drawing:
    return Drawing(identity, kind[0], shape.sop_instance_uid, shape.frame, kind[1], values=values)


def _kind_of_number(value: Value, shape: _Shape) -> tuple[str, tuple[Point, ...]]:
    """What a number with these coordinates is a measurement of; another name than we know is only shown."""
    points = shape.points
    if shape.graphic_type == "POINT" and len(points) == 1:
        return "probe", points
    if shape.graphic_type == "POLYLINE":
        if len(points) == 2 and value.unit in ("mm", "px") and value.name in ("length", "long_axis", "short_axis", ""):
            return "length", points
        if len(points) == 3 and value.name == "angle":
            return "angle", points
        if len(points) == 4 and value.name == "cobb_angle":
            return "cobb", points
    return _outlined(shape)


def _kind_of_region(shape: _Shape, comment: str) -> tuple[str, tuple[Point, ...]]:
    """What the coordinates of a group are; two points with words are an arrow, one point with words a text."""
    if comment and shape.graphic_type == "POINT":
        return "text", shape.points[:1]
    if shape.graphic_type == "POLYLINE" and len(shape.points) == 2:
        return "arrow", shape.points
    return _outlined(shape)


def _outlined(shape: _Shape) -> tuple[str, tuple[Point, ...]]:
    """A shape by its geometry alone (PS3.3 §C.18.6.1.1)."""
    points = shape.points
    if shape.graphic_type in ("POINT", "MULTIPOINT"):
        return "point", points
    if shape.graphic_type == "CIRCLE" and len(points) == 2:
        return "freehand", circle_outline(points)
    if shape.graphic_type == "ELLIPSE" and len(points) == 4:
        box = ellipse_box(points)
        return ("ellipse", box) if box else ("freehand", ellipse_outline(points))
    if len(points) > 3 and points[0] == points[-1]:
        box = box_of(points)
        return ("rectangle", box) if box else ("freehand", points[:-1])
    return "polyline", points


def _value(item: Dataset) -> Value:
    """A NUM item by our name where we have one, else by its own; a modifier tells which statistic it is (TID 1419)."""
    name = code_of(item, "ConceptNameCodeSequence") or Code("", "", "")
    known = _known(name)
    if not known:
        modifiers = (code_of(child, "ConceptCodeSequence") for child in children(item))
        known = next((found for one in modifiers if one and (found := _known(one))), "")
    measured = item.get("MeasuredValueSequence")
    if not measured:
        return Value(known, None, "", name.meaning)
    number = measured[0].get("FloatingPointValue")
    number = measured[0].get("NumericValue") if number is None else number
    unit = unit_shown(code_of(measured[0], "MeasurementUnitsCodeSequence"))
    try:
        return Value(known, float(number), unit, name.meaning)
    except (TypeError, ValueError):
        return Value(known, None, unit, name.meaning)


def _known(name: Code) -> str:
    if name.key in (code.VERTICAL_PIXEL_SPACING.key, code.HORIZONTAL_PIXEL_SPACING.key):
        return "spacing"
    return _NAMES.get(code.SAME_AS.get(name.key, name).key, "")


def _identity(group: Dataset, number: int) -> str:
    for child in children(group):
        if is_named(child, code.TRACKING_UNIQUE_IDENTIFIER) and child.get("UID"):
            uid = str(child.UID)
            return uid_uuid(uid) or uid
    return f"group-{number}"


def _comment(group: Dataset) -> str:
    found = (str(child.get("TextValue") or "") for child in children(group) if is_named(child, code.COMMENT))
    return next(found, "")


def _label(group: Dataset) -> str:
    """What was found, in the words of the report."""
    for child in children(group):
        if is_named(child, code.FINDING) and _value_type(child) == "CODE":
            value = code_of(child, "ConceptCodeSequence")
            return value.meaning if value else ""
    return ""


def _spacing(group: Dataset) -> tuple[float, float] | None:
    found = {}
    for name in (code.VERTICAL_PIXEL_SPACING, code.HORIZONTAL_PIXEL_SPACING):
        item = next((child for child in children(group) if is_named(child, name)), None)
        value = _value(item).value if item is not None else None
        if value is None or value <= 0:
            return None
        found[name.value] = value
    return found[code.VERTICAL_PIXEL_SPACING.value], found[code.HORIZONTAL_PIXEL_SPACING.value]
