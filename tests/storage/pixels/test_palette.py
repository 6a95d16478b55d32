"""Segmented palettes and 16-bit tables that hold 8-bit entries (PS3.3 C.7.9.2, C.7.6.3.1.6)."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from storage.errors import PixelError
from storage.pixels.palette import Palette, expand_segments


def words(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    return np.array(numbers, np.uint16)


def test_discrete_linear_and_indirect_segments() -> None:
    segments = words(0, 2, 10, 20, 1, 4, 100, 2, 1, 0, 0)
    assert expand_segments(segments, 8).tolist() == [10, 20, 40, 60, 80, 100, 10, 20]


@pytest.mark.parametrize(
    "segments",
    [words(), words(0, 5, 1), words(1, 4, 9), words(7, 1, 1), words(2, 1, 0, 0), words(0, 1, 5, 2, 9, 99, 0)],
)
def test_damaged_segments_are_refused(segments: np.ndarray[tuple[int], np.dtype[np.uint16]]) -> None:
    with pytest.raises(PixelError):
        expand_segments(segments, 16)


def test_entries_of_8_bits_in_a_16_bit_table_are_shown_as_meant() -> None:
    dataset = Dataset()
    for name in ("Red", "Green", "Blue"):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [4, 10, 16])
        setattr(dataset, f"{name}PaletteColorLookupTableData", np.array([0, 80, 160, 255], "<u2").tobytes())
    table = Palette.of(dataset).table(np.array([0, 10, 11, 13, 99]))
    assert table[:, 0].tolist() == [0, 0, 80, 255, 255]
