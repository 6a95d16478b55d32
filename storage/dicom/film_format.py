"""Where images stand on a film: sizes, orientations and display formats in millimetres (PS3.3 §C.13.3, §C.13.5.1)."""

import re
from dataclasses import dataclass
from typing import Literal

from storage.errors import InvalidRequest

MOST_IMAGE_BOXES = 400
# The finest dot of this printer: what is larger than its box in such dots is cropped or decimated (§C.13.5).
PITCH_MM = 0.05
MARGIN_MM = 1.0
# Around each box, so that a trim line touches no other image.
GAP_MM = 0.8
SIZES = (
    *("8INX10IN", "8_5INX11IN", "10INX12IN", "10INX14IN", "11INX14IN", "11INX17IN", "14INX14IN", "14INX17IN"),
    *("24CMX24CM", "24CMX30CM", "A4", "A3"),
)
_DEFAULT_MM = (355.6, 431.8)  # 14INX17IN
# 10INX14IN is the name of a film of 257 by 364 mm (note of Table C.13-3).
_NAMED_MM = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "10INX14IN": (257.0, 364.0)}
_SIZE = re.compile(r"(\d{1,3})(?:_(\d))?(IN|CM)X(\d{1,3})(?:_(\d))?(IN|CM)", re.IGNORECASE)
_LARGEST_MM = 2000.0
# A slide of 35 mm is 36 by 24 mm in a mount of 50; a superslide is 40 mm square in the same mount.
_MOUNT_MM = 50.0
_SLIDES = {"SLIDE": (36.0, 24.0), "SUPERSLIDE": (40.0, 40.0)}

Outcome = Literal["fits", "decimated", "cropped", "refused"]


@dataclass(frozen=True)
class Rectangle:
    """A part of the film in mm from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Placement:
    """How an image is printed into its box: its size on film, and what of it is left out at each edge, in mm."""

    width: float
    height: float
    outcome: Outcome


def film_size(size: str, orientation: str) -> tuple[float, float]:
    """Width and height of a film; an unknown name is the usual 14 by 17 inches."""
    width, height = _NAMED_MM.get(size.upper(), (0.0, 0.0))
    found = _SIZE.fullmatch(size)
    if found is not None and not width:
        width, height = _length(found[1], found[2], found[3]), _length(found[4], found[5], found[6])
    if not (0 < width <= _LARGEST_MM and 0 < height <= _LARGEST_MM):
        width, height = _DEFAULT_MM
    return (max(width, height), min(width, height)) if orientation == "LANDSCAPE" else (width, height)


def number_of_boxes(display_format: str, size: str = "", orientation: str = "PORTRAIT") -> int:
    """How many image boxes a film of this format has.

    Raises:
        InvalidRequest: as :func:`image_boxes`.
    """
    return len(image_boxes(display_format, *film_size(size, orientation)))


def image_boxes(
    display_format: str, width: float, height: float, *, above: float = 0.0, below: float = 0.0
) -> list[Rectangle]:
    """The image boxes in the order of their positions; ``above`` and ``below``: what annotations take, in mm.

    Raises:
        InvalidRequest: there is no such Image Display Format here, or it has too many boxes.
    """
    kind, _, rest = display_format.strip().partition("\\")
    kind = kind.strip().upper()
    page = Rectangle(MARGIN_MM, MARGIN_MM + above, width - 2 * MARGIN_MM, height - 2 * MARGIN_MM - above - below)
    if kind in _SLIDES and not rest:
        return _slides(page, *_SLIDES[kind])
    counts = _numbers(rest)
    if kind == "STANDARD" and len(counts) == 2:
        counts = [counts[0]] * counts[1] if counts[0] * counts[1] <= MOST_IMAGE_BOXES else []
        kind = "ROW"
    if kind not in ("ROW", "COL") or not 1 <= sum(counts) <= MOST_IMAGE_BOXES:
        raise InvalidRequest("This Image Display Format is not printed here.")
    return _lanes(page, counts, in_columns=kind == "COL")


def placement(
    box: Rectangle, columns: int, rows: int, aspect: tuple[int, int], requested_width: float, behaviour: str
) -> Placement:
    """How large an image is printed in its box (PS3.3 §C.13.5, Requested Image Size and Decimate/Crop Behavior).

    ``aspect``: vertical and horizontal size of a pixel.
    """
    tall = rows * aspect[0] / (columns * aspect[1])  # height for each mm of width
    best = min(box.width, box.height / tall)
    too_fine = best / columns < PITCH_MM - 1e-9
    if requested_width > best + 1e-6 or (too_fine and not requested_width):
        width = requested_width or columns * PITCH_MM
        if behaviour == "FAIL":
            return Placement(best, best * tall, "refused")
        if behaviour == "CROP":
            return Placement(width, width * tall, "cropped")
        return Placement(best, best * tall, "decimated")
    width = requested_width or best
    return Placement(width, width * tall, "fits")


def _length(whole: str, tenth: str | None, unit: str) -> float:
    return (int(whole) + int(tenth or 0) / 10) * (25.4 if unit.upper() == "IN" else 10.0)


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.replace("\\", ",").split(",")]
    return [int(part) for part in parts] if all(re.fullmatch(r"[1-9]\d{0,2}", part) for part in parts) else []


def _lanes(page: Rectangle, counts: list[int], *, in_columns: bool) -> list[Rectangle]:
    """Rows of boxes from top to bottom, or columns from left to right, each with so many boxes."""
    boxes = []
    for lane, count in enumerate(counts):
        for one in range(count):
            if in_columns:
                width, height = page.width / len(counts), page.height / count
                boxes.append(_inner(page.left + lane * width, page.top + one * height, width, height))
            else:
                width, height = page.width / count, page.height / len(counts)
                boxes.append(_inner(page.left + one * width, page.top + lane * height, width, height))
    return boxes


def _inner(left: float, top: float, width: float, height: float) -> Rectangle:
    gap = min(GAP_MM, width / 4, height / 4)
    return Rectangle(left + gap, top + gap, width - 2 * gap, height - 2 * gap)


def _slides(page: Rectangle, width: float, height: float) -> list[Rectangle]:
    across, down = max(1, int(page.width // _MOUNT_MM)), max(1, int(page.height // _MOUNT_MM))
    left, top = page.width / across, page.height / down
    return [
        Rectangle(
            page.left + column * left + (left - width) / 2, page.top + row * top + (top - height) / 2, width, height
        )
        for row in range(down)
        for column in range(across)
    ]
