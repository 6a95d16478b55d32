"""What people draw on images, as plain data: between the viewer and the objects it is saved in (PS3.3 §C.18.6).

Points are column and row in pixels; (0, 0) is the outer corner of the first pixel, (columns, rows) that of the last: as
spatial coordinates of reports count them (C.18.6.1.2), and graphics of presentation states in PIXEL units (C.10.5.1.2).
"""

import hashlib
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.errors import InvalidRequest

Point = tuple[float, float]

# How many points each kind has; a freehand outline has these or more.
POINTS: Mapping[str, int] = {
    "length": 2, "angle": 3, "cobb": 4, "bidirectional": 4, "ellipse": 2, "rectangle": 2, "freehand": 3, "probe": 1,
    "arrow": 2, "text": 1,
}  # fmt: skip
# Shapes of others that are none of these: shown as they are, never measured.
SHAPES = ("polyline", "outline", "point", "label")
MOST_POINTS = 5000
# Single-precision numbers still tell a hundredth of a pixel apart there.
FARTHEST = 131072.0


@dataclass(frozen=True)
class Value:
    """A number that was measured; ``value`` is ``None`` where none could be given; units as the viewer shows them."""

    name: str
    value: float | None
    unit: str
    meaning: str = ""


@dataclass(frozen=True)
class Drawing:
    """One drawing on one frame (from 1): its ``points``, words, numbers, and what a person saw beside it (``label``).

    ``manual_spacing``: mm between rows and between columns, where somebody calibrated the image by hand.
    """

    id: str
    kind: str
    sop_instance_uid: str
    frame: int
    points: tuple[Point, ...]
    text: str = ""
    label: str = ""
    values: tuple[Value, ...] = ()
    manual_spacing: tuple[float, float] | None = None


def require_valid(drawing: Drawing) -> None:
    """Check the shape of a drawing.

    Raises:
        InvalidRequest: it is none that could be saved.
    """
    wanted = POINTS.get(drawing.kind)
    if wanted is None:
        raise InvalidRequest("There is no such kind of drawing.")
    count = len(drawing.points)
    if count < wanted or (count > wanted and drawing.kind != "freehand") or count > MOST_POINTS:
        raise InvalidRequest(f"A drawing of kind {drawing.kind!r} cannot have {count} points.")
    if any(not math.isfinite(one) or abs(one) > FARTHEST for point in drawing.points for one in point):
        raise InvalidRequest("A point of a drawing is not on an image.")
    if any(one.value is not None and not math.isfinite(one.value) for one in drawing.values):
        raise InvalidRequest("A value of a drawing is not a number.")
    spacing = drawing.manual_spacing
    if spacing is not None and not all(math.isfinite(one) and one > 0 for one in spacing):
        raise InvalidRequest("A calibration must be of positive numbers.")


def derived_uid(*parts: str) -> str:
    """The same UID for the same parts, below the arc of UUIDs (PS3.5 §B.2)."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    # version 8 of RFC 9562: a UUID of our own making
    number = int.from_bytes(digest[:16], "big") & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62)
    return f"2.25.{number}"


def uuid_uid(text: str) -> str | None:
    """The UID of a UUID (PS3.5 §B.2); ``None`` if the text is none."""
    try:
        return f"2.25.{uuid.UUID(text).int}"
    except ValueError:
        return None


def uid_uuid(uid: str) -> str | None:
    """The UUID that a UID is made of; ``None`` if of none."""
    number = uid.removeprefix("2.25.")
    if number == uid or not number.isdigit() or int(number) >= 1 << 128:
        return None
    return str(uuid.UUID(int=int(number)))


def box_corners(points: Sequence[Point]) -> list[Point]:
    """The closed outline of the box between two opposite corners, from its first corner on."""
    (x0, y0), (x1, y1) = points
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


def ellipse_axes(points: Sequence[Point]) -> list[Point]:
    """The ends of the major and of the minor axis of the ellipse in the box between two corners (C.18.6.1.2)."""
    (x0, y0), (x1, y1) = points
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    across: list[Point] = [(min(x0, x1), middle_y), (max(x0, x1), middle_y)]
    down: list[Point] = [(middle_x, min(y0, y1)), (middle_x, max(y0, y1))]
    return across + down if abs(x1 - x0) >= abs(y1 - y0) else down + across


def box_of(points: Sequence[Point]) -> tuple[Point, Point] | None:
    """The corners of a closed outline that is a box along rows and columns; ``None`` if it is another outline."""
    corners = list(points[:-1]) if len(points) == 5 and points[0] == points[-1] else list(points)
    if len(corners) != 4:
        return None
    columns, rows = sorted({x for x, _ in corners}), sorted({y for _, y in corners})
    sides = zip(corners, corners[1:] + corners[:1], strict=True)
    if len(columns) != 2 or len(rows) != 2 or any((a[0] == b[0]) == (a[1] == b[1]) for a, b in sides):
        return None
    return corners[0], corners[2]


def ellipse_box(points: Sequence[Point]) -> tuple[Point, Point] | None:
    """The box around an ellipse along rows and columns, from the ends of its axes; ``None`` if it is turned."""
    if len(points) != 4:
        return None
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    level = abs(ay - by) < 1e-3 and abs(cx - dx) < 1e-3
    upright = abs(ax - bx) < 1e-3 and abs(cy - dy) < 1e-3
    if not level and not upright:
        return None
    columns, rows = ((ax, bx), (cy, dy)) if level else ((cx, dx), (ay, by))
    return (min(columns), min(rows)), (max(columns), max(rows))


def ellipse_outline(points: Sequence[Point], steps: int = 72) -> tuple[Point, ...]:
    """An ellipse of any direction as an outline, from the ends of its axes."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    middle = (ax + bx) / 2, (ay + by) / 2
    major, minor = ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2)
    return tuple(
        (
            middle[0] + math.cos(turn) * major[0] + math.sin(turn) * minor[0],
            middle[1] + math.cos(turn) * major[1] + math.sin(turn) * minor[1],
        )
        for turn in (2 * math.pi * step / steps for step in range(steps))
    )


def circle_outline(points: Sequence[Point]) -> tuple[Point, ...]:
    """A circle as an outline, from its centre and a point on it."""
    (x, y), (on_x, on_y) = points[:2]
    radius = math.hypot(on_x - x, on_y - y)
    return ellipse_outline([(x - radius, y), (x + radius, y), (x, y - radius), (x, y + radius)])
