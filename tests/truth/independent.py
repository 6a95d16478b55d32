"""What a real file should look like: decoded by pydicom with pylibjpeg or GDCM, shown after PS3.3 C.11 and C.7.6.3.

Display shutters (C.7.6.11) cover what they hide, and over all lie the overlay planes (C.9.2).
"""

import io
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array
from pydicom.sequence import Sequence

from tests.truth.reference import full_range, linear, linear_exact, sigmoid

_FUNCTIONS = {"LINEAR": linear, "LINEAR_EXACT": linear_exact, "SIGMOID": sigmoid}
_OVERLAY_GROUPS = range(0x6000, 0x6020, 2)

Picture = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def picture(file: bytes) -> npt.NDArray[np.float64] | None:
    """The first frame as 0-255, grey or RGB; ``None`` where these decoders have none or the VOI is a table.

    Damaged files are decoded as far as that goes, so every failure of a decoder means that there is nothing to compare.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ds = pydicom.dcmread(io.BytesIO(file), force=True)
            if "PixelData" not in ds or "VOILUTSequence" in ds or _frame(ds, "FrameVOILUTSequence", "VOILUTSequence"):
                return None
            shown = _shut(ds, _image(ds))
            for group in _OVERLAY_GROUPS:
                plane = _overlay(ds, group)
                if plane is not None:
                    shown[plane] = 255
            return shown
        except Exception:  # noqa: BLE001 - see above
            return None


def _image(ds: Dataset) -> Picture:
    pixels = pixel_array(ds, index=0)
    if ds.SamplesPerPixel == 3:
        colour: Picture = np.asarray(pixels, dtype=np.float64)
        return colour / 2.0 ** (int(ds.BitsAllocated) - 8)
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        return np.asarray(apply_color_lut(pixels, ds), dtype=np.float64) / _top(ds) * 255
    return _grey(ds, pixels) * 255


def _overlay(ds: Dataset, group: int) -> Mask | None:
    """Where the plane of the first frame is set, in the matrix of the image; planes in its unused bits are retired."""
    if (group, 0x3000) not in ds:
        return None
    planes = ds.overlay_array(group)
    first = ds[group, 0x0051].value if (group, 0x0051) in ds else 1  # the frame of the image that the first plane is of
    if first != 1:
        return None
    plane = planes[0] if planes.ndim == 3 else planes
    top, left = ds[group, 0x0050].value if (group, 0x0050) in ds else (1, 1)
    found: Mask = np.zeros((ds.Rows, ds.Columns), dtype=np.bool_)
    rows, columns = np.nonzero(plane)
    rows, columns = rows + int(top) - 1, columns + int(left) - 1
    inside = (rows >= 0) & (rows < ds.Rows) & (columns >= 0) & (columns < ds.Columns)
    found[rows[inside], columns[inside]] = True
    return found


def _shut(ds: Dataset, shown: Picture) -> Picture:
    """Cover what is outside of any of the shapes with the P-Value (0-FFFF) of the shutter."""
    scope = _shutter_of(ds)
    shapes = scope.get("ShutterShape") or []
    # Pixels are counted from 1, the middle of the first being at 1.
    row, column = np.mgrid[1 : ds.Rows + 1, 1 : ds.Columns + 1].astype(np.float64)
    covered: Mask = np.zeros((ds.Rows, ds.Columns), dtype=np.bool_)
    for shape in [shapes] if isinstance(shapes, str) else shapes:
        if shape == "RECTANGULAR":
            covered |= (column < scope.ShutterLeftVerticalEdge) | (column > scope.ShutterRightVerticalEdge)
            covered |= (row < scope.ShutterUpperHorizontalEdge) | (row > scope.ShutterLowerHorizontalEdge)
        elif shape == "CIRCULAR":
            # The radius is a number of pixels along a row.
            down, across = (float(one) for one in scope.CenterOfCircularShutter)
            height, width = (float(one) for one in ds.get("PixelSpacing") or ds.get("PixelAspectRatio") or (1, 1))
            covered |= np.hypot((row - down) * height / width, column - across) > float(scope.RadiusOfCircularShutter)
        elif shape == "POLYGONAL":
            covered |= ~_inside(np.reshape(scope.VerticesOfThePolygonalShutter, (-1, 2)).astype(float), row, column)
    shown[covered] = scope.get("ShutterPresentationValue", 0) / 0xFFFF * 255
    return shown


def _shutter_of(ds: Dataset) -> Dataset:
    for groups in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        found: Sequence | None = ds.get(groups)
        inner = found[0].get("FrameDisplayShutterSequence") if found else None
        if inner:
            scope: Dataset = inner[0]
            return scope
    return ds


def _inside(corners: Picture, row: Picture, column: Picture) -> Mask:
    """By the even-odd rule: how often a ray along the row crosses the edges of a polygon of (row, column)."""
    inside: Mask = np.zeros(row.shape, dtype=np.bool_)
    for (row_a, column_a), (row_b, column_b) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        if row_a != row_b:
            crossed = column_a + (row - row_a) / (row_b - row_a) * (column_b - column_a)
            inside ^= ((row_a > row) != (row_b > row)) & (column < crossed)
    return inside


def _top(ds: Dataset) -> int:
    return int(2 ** ds.RedPaletteColorLookupTableDescriptor[2] - 1)


def _grey(ds: Dataset, pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    slope = _frame(ds, "PixelValueTransformationSequence", "RescaleSlope")
    if slope is not None:
        intercept = _frame(ds, "PixelValueTransformationSequence", "RescaleIntercept")
        values = pixels.astype(np.float64) * float(slope) + float(intercept)
    else:
        values = np.asarray(apply_modality_lut(pixels, ds), dtype=np.float64)
    counted = _counted(ds, pixels)
    center, width = (_first(ds, name) for name in ("WindowCenter", "WindowWidth"))
    if center is None or width is None or width < 1:
        unit = full_range(values, counted)
    else:
        unit = _FUNCTIONS[ds.get("VOILUTFunction") or "LINEAR"](values, center, width)
    inverted = ds.get("PresentationLUTShape", "") == "INVERSE" or ds.PhotometricInterpretation == "MONOCHROME1"
    unit = 1 - unit if inverted else unit
    # Padding is no part of the image; the product shows it black.
    return unit if counted is None else np.where(counted, unit, 0.0)


def _counted(ds: Dataset, pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_] | None:
    padding = ds.get("PixelPaddingValue")
    if padding is None:
        return None
    limit = ds.get("PixelPaddingRangeLimit", padding)
    found: npt.NDArray[np.bool_] = (pixels < min(padding, limit)) | (pixels > max(padding, limit))
    return found if found.any() else None


def _first(ds: Dataset, keyword: str) -> float | None:
    value = ds.get(keyword)
    if value is None:
        value = _frame(ds, "FrameVOILUTSequence", keyword)
    if value is None or value == "":
        return None
    return float(value if isinstance(value, int | float | str) else value[0])


def _frame(ds: Dataset, sequence: str, keyword: str) -> Any:
    """An attribute of the first frame's functional groups, its own before the shared."""
    for groups in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        found: Sequence | None = ds.get(groups)
        inner = found[0].get(sequence) if found else None
        if inner and keyword in inner[0]:
            return inner[0].get(keyword)
    return None
