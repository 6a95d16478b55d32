"""From stored values to 8-bit display values: the grayscale pipeline of one frame (PS3.3 C.11, PS3.4 N.2).

stored value -> Modality LUT or rescale -> VOI LUT or window -> Presentation LUT Shape / MONOCHROME1 -> 0-255

**Default VOI.** The header's first usable window; else its first VOI LUT; else, when the header has neither, the full
range of *this frame*: with ``low`` and ``high`` the smallest and largest modality value (after rescale or Modality LUT)
of the frame's pixels that are not padding, a LINEAR_EXACT window of width ``high - low`` (1 when they are equal) and
center ``low + width / 2``, so that ``low`` shows as 0 and ``high`` as 255 (before inversion).

**Usable window.** Center and width are numbers and width > 0; LINEAR below 1, where the equation of C.11.2.1.2.1 would
fall, is read as LINEAR_EXACT.
**Polarity.** MONOCHROME1 or Presentation LUT Shape INVERSE inverts, both together once. MONOCHROME1 with IDENTITY
contradicts itself (C.7.6.1 wants INVERSE there); what every image must state goes before what it may.
**Padding.** Pixel Padding Value (.. Range Limit) is shown black whatever the window and polarity (C.7.5.1.1.2).
**Rounding.** Display value = floor(255 y + 0.5) for y in 0.0-1.0.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from storage.errors import PixelError
from storage.pixels.element import number_of, numbers_of, value_of
from storage.pixels.functional_groups import functional_group_item
from storage.pixels.image import ImageFormat, PixelArray
from storage.pixels.lookup_table import Descriptor, Entries, lut_entries

VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
Values = npt.NDArray[np.float64]
Display = npt.NDArray[np.uint8]

_TABLE_BITS: Final = 16
"""Up to this many stored bits one table of all stored values is made instead of a calculation for each pixel."""


@dataclass(frozen=True)
class Window:
    """VOI window in modality units (C.11.2.1.2)."""

    center: float
    width: float
    function: VoiFunction = "LINEAR"

    def apply(self, values: Values) -> Values:
        """Display values 0.0-1.0 of modality values."""
        if self.function == "SIGMOID":  # C.11.2.1.3.1
            return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - self.center) / self.width, -700.0, 700.0)))
        if self.function == "LINEAR_EXACT" or self.width < 1:  # C.11.2.1.3.2
            return np.clip((values - self.center) / self.width + 0.5, 0.0, 1.0)
        if self.width == 1:  # C.11.2.1.2.1: what is left of the slope is a step
            return (values > self.center - 0.5).astype(np.float64)
        return np.clip((values - (self.center - 0.5)) / (self.width - 1) + 0.5, 0.0, 1.0)


@dataclass(frozen=True)
class LookupTable:
    """One item of a Modality LUT or VOI LUT Sequence (C.11.1.1, C.11.2.1.1)."""

    first_mapped: int
    bits: int
    entries: Entries

    def apply(self, values: Values) -> Values:
        """Entries of values, rounded half up; values outside take the first or last entry."""
        index = np.clip(np.floor(values + 0.5) - self.first_mapped, 0, len(self.entries) - 1)
        found: Values = self.entries.astype(np.float64)[index.astype(np.int64)]
        return found


@dataclass(frozen=True)
class GrayscalePipeline:
    """Everything of one frame that its display depends on; ``voi`` None means the frame's full range."""

    slope: float
    intercept: float
    modality_lut: LookupTable | None
    voi: Window | LookupTable | None
    inverted: bool
    padding: tuple[float, float] | None
    """Lowest and highest stored value that is padding."""

    @classmethod
    def of(cls, dataset: Dataset, frame: int, fmt: ImageFormat) -> "GrayscalePipeline":
        """Read the pipeline of 1-based ``frame`` from a header; functional groups go before the top level.

        Raises PixelError when a table that is there cannot be read.
        """
        slope, intercept, modality_lut = _modality(dataset, frame)
        return cls(
            slope, intercept, modality_lut, _voi(dataset, frame), _inverted(dataset, fmt), _padding(dataset, fmt)
        )

    def with_window(self, window: Window) -> "GrayscalePipeline":
        """The same frame with another window; raises PixelError for a width that is not above 0."""
        if not (np.isfinite(window.center) and np.isfinite(window.width) and window.width > 0):
            raise PixelError("the window's width must be above 0")
        return replace(self, voi=window)

    def modality(self, stored: Values) -> Values:
        """Modality values of stored values (C.11.1)."""
        if self.modality_lut is not None:
            return self.modality_lut.apply(stored)
        return stored * self.slope + self.intercept

    def display(self, array: PixelArray, fmt: ImageFormat) -> Display:
        """8-bit display values of a decoded frame, rows x columns."""
        if fmt.is_float or fmt.bits_stored > _TABLE_BITS:
            return self._display_each(array, fmt)
        index = _index(array, fmt)
        if self.modality_lut is None and isinstance(self.voi, Window):
            return np.take(_window_table(self, fmt.bits_stored, fmt.pixel_representation), index)
        return np.take(self.table(index, _stored(fmt.bits_stored, fmt.pixel_representation)), index)

    def table(self, index: PixelArray, stored: Values) -> Display:
        """Display value of every stored value; ``index`` (the frame) matters only for the full range."""
        padded = self._is_padding(stored)
        values = self.modality(stored)
        voi = self.voi
        if voi is None:
            present = np.zeros(len(stored), np.bool_)
            present[index.reshape(-1)] = True
            voi = full_range(values[present & ~padded])
        return self._finish(voi, values, padded)

    def full_range_of(self, array: PixelArray, fmt: ImageFormat) -> Window:
        """The default window of this frame when its header has no VOI."""
        stored = stored_values(array, fmt).astype(np.float64)
        return full_range(self.modality(stored)[~self._is_padding(stored)])

    def _display_each(self, array: PixelArray, fmt: ImageFormat) -> Display:
        stored = stored_values(array, fmt).astype(np.float64)
        padded = self._is_padding(stored) | ~np.isfinite(stored)
        values = self.modality(np.where(padded, 0.0, stored))
        voi = self.voi if self.voi is not None else full_range(values[~padded])
        return self._finish(voi, values, padded)

    def _finish(self, voi: Window | LookupTable, values: Values, padded: npt.NDArray[np.bool_]) -> Display:
        unit = voi.apply(values)
        if isinstance(voi, LookupTable):
            unit /= (1 << voi.bits) - 1
        if self.inverted:
            unit = 1.0 - unit
        display = (np.clip(unit, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
        display[padded] = 0
        return display

    def _is_padding(self, stored: Values) -> npt.NDArray[np.bool_]:
        if self.padding is None:
            return np.zeros(stored.shape, np.bool_)
        return (stored >= self.padding[0]) & (stored <= self.padding[1])


def full_range(values: Values) -> Window:
    """The window of the full range of some modality values; see the module's rule."""
    if not values.size:
        return Window(0.5, 1.0, "LINEAR_EXACT")
    low, high = float(values.min()), float(values.max())
    width = high - low if high > low else 1.0
    return Window(low + width / 2, width, "LINEAR_EXACT")


def stored_values(array: PixelArray, fmt: ImageFormat) -> PixelArray:
    """Stored values of a decoded frame: bits outside Bits Stored removed, sign extended from High Bit (PS3.5 8.1.1)."""
    if fmt.is_float or fmt.bits_stored == fmt.dtype.itemsize * 8:
        return array
    left = fmt.dtype.itemsize * 8 - fmt.shift - fmt.bits_stored
    shifted: PixelArray = (array << left) >> (left + fmt.shift)
    return shifted


@lru_cache(64)
def _window_table(pipeline: GrayscalePipeline, bits_stored: int, pixel_representation: int) -> Display:
    """The table of a pipeline that is but numbers: the slices of a series mostly share one."""
    stored = _stored(bits_stored, pixel_representation)
    return pipeline.table(np.empty(0, np.uint8), stored)


def _stored(bits_stored: int, pixel_representation: int) -> Values:
    """The stored value at each position of a table of all of them."""
    stored = np.arange(1 << bits_stored, dtype=np.float64)
    if pixel_representation:
        stored[1 << (bits_stored - 1) :] -= 1 << bits_stored
    return stored


def _index(array: PixelArray, fmt: ImageFormat) -> PixelArray:
    """Each pixel as a position in a table of all stored values."""
    bits = fmt.bits_stored
    index = array.view(f"<u{fmt.dtype.itemsize}")
    if fmt.shift:
        index = index >> fmt.shift
    if bits < fmt.dtype.itemsize * 8:
        index = index & index.dtype.type((1 << bits) - 1)
    return index


def _modality(dataset: Dataset, frame: int) -> tuple[float, float, LookupTable | None]:
    item = functional_group_item(dataset, frame, "PixelValueTransformationSequence") or dataset
    sequence = value_of(dataset, "ModalityLUTSequence")
    if item is dataset and sequence:
        return 1.0, 0.0, _lookup_table(sequence[0])
    return number_of(item, "RescaleSlope") or 1.0, number_of(item, "RescaleIntercept") or 0.0, None


def _voi(dataset: Dataset, frame: int) -> Window | LookupTable | None:
    item = functional_group_item(dataset, frame, "FrameVOILUTSequence")
    for source in (item, dataset):
        if source is None:
            continue
        found = windows(source)
        if found:
            return found[0]
        sequence = value_of(source, "VOILUTSequence")
        if sequence:
            return _lookup_table(sequence[0])
    return None


def windows(source: Dataset) -> list[Window]:
    """The usable windows of a header or Frame VOI LUT item, in its order."""
    function = str(value_of(source, "VOILUTFunction") or "LINEAR").strip().upper()
    chosen: VoiFunction = "LINEAR"
    if function == "LINEAR_EXACT":
        chosen = "LINEAR_EXACT"
    elif function == "SIGMOID":
        chosen = "SIGMOID"
    pairs = zip(numbers_of(source, "WindowCenter"), numbers_of(source, "WindowWidth"), strict=False)
    return [Window(center, width, chosen) for center, width in pairs if width > 0]


def _inverted(dataset: Dataset, fmt: ImageFormat) -> bool:
    """Of an image by itself; a presentation state's shape goes before the photometric (PS3.4 N.2.1.4)."""
    shape = str(value_of(dataset, "PresentationLUTShape") or "").strip().upper()
    return shape == "INVERSE" or fmt.photometric_interpretation == "MONOCHROME1"


def _padding(dataset: Dataset, fmt: ImageFormat) -> tuple[float, float] | None:
    prefix = "" if not fmt.is_float else "Float" if fmt.bits_allocated == 32 else "DoubleFloat"
    value = number_of(dataset, f"{prefix}PixelPaddingValue")
    if value is None:
        return None
    limit = number_of(dataset, f"{prefix}PixelPaddingRangeLimit")
    bounds = [value, value if limit is None else limit]
    if not fmt.is_float:
        bounds = [_as_stored(int(bound), fmt) for bound in bounds]
    return min(bounds), max(bounds)


def _as_stored(value: int, fmt: ImageFormat) -> int:
    """A padding value as the masked pixel data shows it: VR and Pixel Representation may disagree in the field."""
    value &= (1 << fmt.bits_stored) - 1
    return value - (1 << fmt.bits_stored) if fmt.pixel_representation and value >> (fmt.bits_stored - 1) else value


def _lookup_table(item: Dataset) -> LookupTable:
    descriptor = Descriptor.of(item)
    return LookupTable(descriptor.first_mapped, descriptor.bits, lut_entries(item, "LUTData", descriptor))
