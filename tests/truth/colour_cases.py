"""Colour cases: RGB in both planar configurations, YBR, PALETTE COLOR (PS3.3 C.7.6.3.1.2 - C.7.6.3.1.6)."""

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from tests.truth import reference
from tests.truth.case import Case
from tests.truth.mosaic import base, mosaic, set_pixels, values

AnyArray = npt.NDArray[np.generic]

HUES = np.stack(
    [values(0, 255), values(0, 255)[::-1], (np.arange(128) * 37) % 256], axis=1
).astype(np.uint8)  # fmt: skip
"""128 colours that no channel swap leaves alike."""


def _ybr() -> npt.NDArray[np.uint8]:
    """YBR_FULL triplets, some of them outside RGB so that clipping shows."""
    luma = values(0, 255)
    blue = (np.arange(128) * 53 + 128) % 256
    red = (np.arange(128) * 29 + 128) % 256
    return np.stack([luma, blue, red], axis=1).astype(np.uint8)


def _rgb(name: str, planar: int) -> Case:
    image = mosaic(HUES).astype(np.uint8)
    dataset = base(name)
    set_pixels(dataset, image.transpose(2, 0, 1) if planar else image, photometric="RGB", planar=planar)
    return Case(name, dataset, image, "C.7.6.3.1.3: Planar Configuration")


def _ybr_full(name: str, planar: int) -> Case:
    image = mosaic(_ybr())
    dataset = base(name)
    set_pixels(dataset, image.transpose(2, 0, 1) if planar else image, photometric="YBR_FULL", planar=planar)
    return Case(name, dataset, reference.ybr_full_to_rgb(image), "C.7.6.3.1.2: YBR_FULL")


def _ybr_full_422() -> Case:
    image = mosaic(_ybr())
    dataset = base("ybr-full-422")
    luma, chroma = image[..., 0], image[:, ::2, 1:]
    pairs = np.stack([luma[:, ::2], luma[:, 1::2], chroma[..., 0], chroma[..., 1]], axis=-1)
    set_pixels(dataset, pairs, photometric="YBR_FULL_422")
    note = "C.7.6.3.1.2: YBR_FULL_422, native, Y Y CB CR"
    return Case("ybr-full-422", dataset, reference.ybr_full_to_rgb(image), note)


def _add_palette(dataset: Dataset, palette: AnyArray, first_mapped: int, bits: int) -> None:
    count = len(palette) if len(palette) < 65536 else 0
    for channel in range(3):
        data = palette[:, channel].astype("<u1" if bits == 8 else "<u2").tobytes()
        dataset.add(DataElement(0x00281101 + channel, "US", [count, first_mapped, bits]))
        dataset.add(DataElement(0x00281201 + channel, "OW", data))


def _palette(name: str, dtype: str, indices: npt.NDArray[np.int64], *, first: int, count: int, bits: int) -> Case:
    """``count`` entries from stored value ``first`` on; values outside take the first or last entry."""
    ramp = np.linspace(0, 1, count)
    palette = np.stack([ramp, 1 - ramp, np.abs(2 * ramp - 1)], axis=1)
    palette = np.floor(palette * (2**bits - 1) + 0.5)
    dataset = base(name)
    set_pixels(dataset, mosaic(indices.astype(dtype)), photometric="PALETTE COLOR")
    _add_palette(dataset, palette, first, bits)
    shown = palette[np.clip(mosaic(indices).astype(np.int64) - first, 0, count - 1)] / (2**bits - 1)
    return Case(name, dataset, reference.to_bytes(shown), "C.7.6.3.1.5, C.7.6.3.1.6: Palette Color LUT")


def colour_cases() -> list[Case]:
    """All native colour cases."""
    return [
        _rgb("rgb-planar-0", 0),
        _rgb("rgb-planar-1", 1),
        _ybr_full("ybr-full", 0),
        _ybr_full("ybr-full-planar-1", 1),
        _ybr_full_422(),
        _palette("palette-8", "u1", values(0, 255), first=0, count=256, bits=8),
        _palette("palette-8-wide", "u1", values(0, 255), first=0, count=256, bits=16),
        _palette("palette-8-short", "u1", values(0, 255), first=50, count=100, bits=16),
        _palette("palette-16", "<u2", values(0, 5000), first=1000, count=3000, bits=16),
        _palette("palette-16-full", "<u2", values(0, 65535), first=0, count=65536, bits=16),
    ]
