"""Overlay planes, group 60xx: graphics that lie over an image (PS3.3 C.9.2)."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from storage.pixels.element import value_of
from storage.pixels.image import PixelArray

_GROUPS = range(0x6000, 0x6020, 2)
_MOST_PIXELS = 2**28


def shutter_group(dataset: Dataset) -> int | None:
    """The group whose plane is a bitmap shutter and no overlay (PS3.3 C.7.6.15)."""
    shape = value_of(dataset, "ShutterShape")
    if str(shape or "").strip().upper() != "BITMAP":
        return None
    group = value_of(dataset, "ShutterOverlayGroup")
    return group if isinstance(group, int) and group in _GROUPS else None


def painted(pixels: PixelArray, dataset: Dataset, frame: int, stored: PixelArray | None = None) -> PixelArray:
    """A copy of 8-bit display values with the planes of a 1-based frame in white; the same array when there is none.

    ``stored``: the cells of the frame as kept, for planes in unused bits of them (retired, PS3.5 8.1.1).
    """
    made = pixels
    shutter = shutter_group(dataset)
    for group in _GROUPS:
        plane = None if group == shutter else plane_of(dataset, group, frame, stored)
        if plane is None:
            continue
        if made is pixels:
            made = pixels.copy()
        _paint(made, plane, *_origin(dataset, group))
    return made


def _paint(pixels: PixelArray, plane: PixelArray, top: int, left: int) -> None:
    """Set white where the plane is set; what lies outside of the image is left out."""
    rows, columns = pixels.shape[:2]
    first, last = max(0, top), min(rows, top + plane.shape[0])
    start, end = max(0, left), min(columns, left + plane.shape[1])
    if first < last and start < end:
        part = plane[first - top : last - top, start - left : end - left]
        pixels[first:last, start:end][part.astype(bool)] = 255


def _whole(dataset: Dataset, group: int, element: int) -> int | None:
    value = value_of(dataset, Tag(group, element))
    found = getattr(value, "value", value)
    return found if isinstance(found, int) else int(found) if str(found or "").strip().isdigit() else None


def _origin(dataset: Dataset, group: int) -> tuple[int, int]:
    value = getattr(value_of(dataset, Tag(group, 0x0050)), "value", None)
    try:
        top, left = (int(part) for part in list(value or [1, 1])[:2])
    except (TypeError, ValueError):
        return 0, 0
    return top - 1, left - 1


def plane_of(dataset: Dataset, group: int, frame: int, stored: PixelArray | None) -> PixelArray | None:
    """The bits of a group's plane for a 1-based frame, rows x columns of its own; None when there is none."""
    rows, columns = _whole(dataset, group, 0x0010), _whole(dataset, group, 0x0011)
    if not rows or not columns or rows * columns > _MOST_PIXELS:
        return None
    number = _whole(dataset, group, 0x0015) or 1
    origin = _whole(dataset, group, 0x0051)
    at = 0 if number <= 1 and origin is None else frame - (origin or 1)
    if not 0 <= at < number:
        return None
    data = getattr(value_of(dataset, Tag(group, 0x3000)), "value", None)
    size = rows * columns
    if isinstance(data, bytes) and data:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[at * size : (at + 1) * size]
        return bits.reshape(rows, columns) if bits.size == size else None
    position = _whole(dataset, group, 0x0102) or 0
    if position and stored is not None and stored.shape == (rows, columns) and stored.dtype.kind in "iu":
        return (stored >> position) & 1
    return None
