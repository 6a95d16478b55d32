"""Colour spaces to 8-bit RGB (PS3.3 C.7.6.3.1.2)."""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from storage.errors import PixelError
from storage.pixels.image import PixelArray

Rgb = npt.NDArray[np.uint8]

_PARTIAL: Final = np.array([[1.1644, 0.0, 1.5960], [1.1644, -0.3917, -0.8129], [1.1644, 2.0173, 0.0]], np.float32)
"""YBR_PARTIAL_422 to RGB: the inverse of the matrix in C.7.6.3.1.2."""


def ybr_full_to_rgb(ybr: PixelArray) -> Rgb:
    """YBR_FULL, 8 bits, rows x columns x 3, to RGB (C.7.6.3.1.2: the full-range matrix that JFIF has too)."""
    image = Image.frombuffer("YCbCr", (ybr.shape[1], ybr.shape[0]), np.ascontiguousarray(ybr, np.uint8).tobytes())
    return np.asarray(image.convert("RGB"))


def to_rgb(array: PixelArray, photometric_interpretation: str, bits_stored: int) -> Rgb:
    """A 3-sample frame as 8-bit RGB. Deeper samples keep their upper 8 bits. Raises PixelError for unknown spaces."""
    if photometric_interpretation in {"YBR_FULL", "YBR_FULL_422"} and array.dtype.itemsize == 1:
        return ybr_full_to_rgb(array)
    if photometric_interpretation in {"YBR_PARTIAL_422", "YBR_PARTIAL_420"} and array.dtype.itemsize == 1:
        centred = array.astype(np.float32) - np.array([16, 128, 128], np.float32)
        rgb: Rgb = np.clip(centred @ _PARTIAL.T + 0.5, 0, 255).astype(np.uint8)
        return rgb
    if photometric_interpretation not in {"RGB", "YBR_RCT", "YBR_ICT"}:
        raise PixelError(f"colour space {photometric_interpretation} with {bits_stored} bits is not supported")
    if bits_stored <= 8:
        return np.ascontiguousarray(array, np.uint8)
    mask = (1 << bits_stored) - 1
    return ((array.astype(np.uint64) & mask) >> (bits_stored - 8)).astype(np.uint8)
