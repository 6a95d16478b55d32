"""An independent float64 reading of the display pipeline, from the standard's text alone (PS3.3 C.11, C.7.6.3.1).

It shares nothing with :mod:`storage.pixels`, so that the two can be wrong in different ways only.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
AnyArray = npt.NDArray[np.generic]


def to_bytes(unit: Floats) -> Bytes:
    """Display values 0.0-1.0 as 0-255, rounded half up."""
    return np.floor(np.clip(unit, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def linear(values: Floats, center: float, width: float) -> Floats:
    """LINEAR, PS3.3 C.11.2.1.2.1, as 0.0-1.0."""
    low = values <= center - 0.5 - (width - 1) / 2
    high = values > center - 0.5 + (width - 1) / 2
    slope = (values - (center - 0.5)) / (width - 1) + 0.5 if width != 1 else np.zeros_like(values)
    return np.where(low, 0.0, np.where(high, 1.0, slope))


def linear_exact(values: Floats, center: float, width: float) -> Floats:
    """LINEAR_EXACT, PS3.3 C.11.2.1.3.2, as 0.0-1.0."""
    low = values <= center - width / 2
    high = values > center + width / 2
    return np.where(low, 0.0, np.where(high, 1.0, (values - center) / width + 0.5))


def sigmoid(values: Floats, center: float, width: float) -> Floats:
    """SIGMOID, PS3.3 C.11.2.1.3.1, as 0.0-1.0."""
    return 1.0 / (1.0 + np.exp(-4.0 * (values - center) / width))


def full_range(values: Floats, counted: npt.NDArray[np.bool_] | None = None) -> Floats:
    """The product's rule without any VOI: LINEAR_EXACT from minimum to maximum of the modality values (no padding)."""
    chosen = values if counted is None else values[counted]
    low, high = float(chosen.min()), float(chosen.max())
    width = high - low if high > low else 1.0
    return linear_exact(values, low + width / 2, width)


def look_up(values: Floats, first_mapped: int, entries: AnyArray) -> Floats:
    """LUT Data for each value; values outside take the first or last entry, PS3.3 C.11.1.1 and C.11.2.1.1."""
    index = np.clip(np.floor(values + 0.5) - first_mapped, 0, len(entries) - 1).astype(np.int64)
    found: Floats = entries.astype(np.float64)[index]
    return found


def ybr_full_to_rgb(ybr: AnyArray) -> Bytes:
    """YBR_FULL to RGB, the inverse of the matrix in PS3.3 C.7.6.3.1.2; rows x columns x 3, 8 bits."""
    forward = np.array([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
    rgb = (ybr.astype(np.float64) - np.array([0.0, 128.0, 128.0])) @ np.linalg.inv(forward).T
    found: Bytes = np.floor(np.clip(rgb, 0, 255) + 0.5).astype(np.uint8)
    return found
