"""What a real file should look like: decoded by pydicom with pylibjpeg or GDCM, shown after PS3.3 C.11 and C.7.6.3."""

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
            pixels = pixel_array(ds, index=0)
            if ds.SamplesPerPixel == 3:
                colour: npt.NDArray[np.float64] = np.asarray(pixels, dtype=np.float64)
                return colour / 2.0 ** (int(ds.BitsAllocated) - 8)
            if ds.PhotometricInterpretation == "PALETTE COLOR":
                return np.asarray(apply_color_lut(pixels, ds), dtype=np.float64) / _top(ds) * 255
            grey: npt.NDArray[np.float64] = _grey(ds, pixels) * 255
            return grey
        except Exception:  # noqa: BLE001 - see above
            return None


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
