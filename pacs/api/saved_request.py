"""What the viewer asks to save, read from JSON: every value is of its type and size, or the request is refused."""

import math
from typing import Any

from pacs.web.body import text_of
from storage.archive.saved import KeyImages, Measurements, View
from storage.dicom.code import QUANTITIES
from storage.dicom.drawing import MOST_POINTS, Drawing, Point, Value
from storage.dicom.key_objects import KeyImage
from storage.dicom.part10 import valid_uid
from storage.dicom.presentation_state import Look
from storage.dicom.spatial_length import Place, SpatialLength
from storage.errors import InvalidRequest

_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
_MOST = 2000


def content_of(body: dict[str, Any]) -> Measurements | View | KeyImages:
    """Read the body of a request to save.

    Raises:
        InvalidRequest: it is not what can be saved.
    """
    kind = text_of(body, "kind", 32)
    if kind == "measurements":
        lengths = tuple(_length(one) for one in _several(body, "lengths"))
        return Measurements(_drawings(body), tuple(_uid(one) for one in _several(body, "replaces")), lengths)
    if kind == "key_images":
        images = tuple(KeyImage(_uid(_of(one, "sop_instance_uid")), _frame(one)) for one in _several(body, "images"))
        return KeyImages(text_of(body, "title", 16), text_of(body, "note", 1024), images)
    if kind == "view":
        place = _uid(_of(body, "sop_instance_uid")), _frame(body)
        return View(text_of(body, "name", 64), *place, _look(_of(body, "look")), _drawings(body))
    raise InvalidRequest("kind must be measurements, view or key_images.")


def _of(source: Any, name: str) -> Any:
    if not isinstance(source, dict):
        raise InvalidRequest("The body is not what can be saved.")
    return source.get(name)


def _several(source: Any, name: str) -> list[Any]:
    found = _of(source, name)
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > _MOST:
        raise InvalidRequest(f"{name!r} must be a list of at most {_MOST}.")
    return found


def _uid(value: Any) -> str:
    if not isinstance(value, str) or not valid_uid(value):
        raise InvalidRequest("A UID is malformed.")
    return value


def _frame(source: Any) -> int:
    value = _of(source, "frame")
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1_000_000:
        raise InvalidRequest("A frame must be a whole number from 1.")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise InvalidRequest("A number is malformed.")
    return float(value)


def _text(source: Any, name: str, longest: int) -> str:
    value = _of(source, name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest or any(ord(one) < 32 and one != "\n" for one in value):
        raise InvalidRequest(f"{name!r} must be text of at most {longest} characters.")
    return value


def _pair(value: Any) -> Point:
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidRequest("A point must be two numbers.")
    return _number(value[0]), _number(value[1])


def _length(source: Any) -> SpatialLength:
    return SpatialLength(
        _text(source, "id", 64),
        _uid(_of(source, "frame_of_reference_uid")),
        _place(_of(source, "from")),
        _place(_of(source, "to")),
        _number(_of(source, "millimetres")),
        tuple(_uid(one) for one in _several(source, "sources")),
    )


def _place(value: Any) -> Place:
    if not isinstance(value, list) or len(value) != 3:
        raise InvalidRequest("A point of the patient must be three numbers.")
    x, y, z = (_number(one) for one in value)
    return x, y, z


def _drawings(body: dict[str, Any]) -> tuple[Drawing, ...]:
    return tuple(_drawing(one) for one in _several(body, "drawings"))


def _drawing(source: Any) -> Drawing:
    points = _of(source, "points")
    if not isinstance(points, list) or len(points) > MOST_POINTS:
        raise InvalidRequest(f"A drawing has at most {MOST_POINTS} points.")
    spacing = _of(source, "manual_spacing")
    return Drawing(
        _text(source, "id", 64),
        _text(source, "kind", 16),
        _uid(_of(source, "sop_instance_uid")),
        _frame(source),
        tuple(_pair(point) for point in points),
        _text(source, "text", 1024),
        _text(source, "label", 256),
        tuple(_value(one) for one in _several(source, "values")),
        None if spacing is None else _pair(spacing),
    )


def _value(source: Any) -> Value:
    name, number = _text(source, "name", 32), _of(source, "value")
    if name not in QUANTITIES:
        raise InvalidRequest("There is no such quantity.")
    return Value(name, None if number is None else _number(number), _text(source, "unit", 12))


def _look(source: Any) -> Look:
    window, centre = _of(source, "window"), _of(source, "centre")
    rotation = _of(source, "rotation")
    if rotation not in (0, 90, 180, 270):
        raise InvalidRequest("A rotation must be by quarters.")
    return Look(
        None if window is None else _window(window),
        _of(source, "inverted") is True,
        int(rotation),
        _of(source, "flipped") is True,
        _number(_of(source, "magnification")),
        None if centre is None else _pair(centre),
    )


def _window(source: Any) -> tuple[float, float, str]:
    function = _text(source, "function", 16)
    if function not in _FUNCTIONS:
        raise InvalidRequest("There is no such VOI LUT function.")
    return _number(_of(source, "center")), _number(_of(source, "width")), function
