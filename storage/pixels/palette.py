"""Palette Color Lookup Tables, plain or segmented, to 8-bit RGB (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9)."""

from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from storage.errors import PixelError
from storage.pixels.element import value_of
from storage.pixels.lookup_table import Descriptor, Entries, lut_entries, word_type

Rgb = npt.NDArray[np.uint8]


class Palette:
    """The three Palette Color Lookup Tables of a PALETTE COLOR image as 8-bit RGB entries."""

    def __init__(self, first_mapped: int, entries: Rgb) -> None:
        self.first_mapped = first_mapped
        self.entries = entries

    @classmethod
    def of(cls, dataset: Dataset) -> "Palette":
        """Read descriptors and data, plain or segmented. Raises PixelError when one is missing or damaged."""
        descriptors = [Descriptor.of(dataset, f"{name}PaletteColorLookupTableDescriptor") for name in _CHANNELS]
        tables = []
        for name, descriptor in zip(_CHANNELS, descriptors, strict=True):
            segmented = f"Segmented{name}PaletteColorLookupTableData"
            if segmented in dataset:
                entries = expand_segments(_words(dataset, segmented, descriptor), descriptor.count)
            else:
                entries = lut_entries(dataset, f"{name}PaletteColorLookupTableData", descriptor)
            tables.append(entries)
        length = min(len(table) for table in tables)
        stacked = np.stack([table[:length] for table in tables], axis=1).astype(np.uint32)
        # Some senders declare 16 bits and fill 8: an all-black palette is never what they mean.
        wide = descriptors[0].bits > 8 and stacked.max(initial=0) > 255
        rgb = (stacked * 255 + 32767) // 65535 if wide else stacked
        return cls(descriptors[0].first_mapped, rgb.astype(np.uint8))

    def table(self, stored: npt.NDArray[np.int64]) -> Rgb:
        """RGB for each stored value: values outside the table take its first or last entry."""
        return self.entries[np.clip(stored - self.first_mapped, 0, len(self.entries) - 1)]


_CHANNELS: Final = ("Red", "Green", "Blue")


def expand_segments(words: Entries, count: int) -> Entries:
    """Segmented palette data to ``count`` plain entries (C.7.9.2). Raises PixelError when damaged."""
    found: list[int] = []
    position = 0
    while position + 1 < len(words) and len(found) < count:
        if words[position] == 2 and position + 4 <= len(words):
            target = int(words[position + 2]) | int(words[position + 3]) << 16
            for _ in range(int(words[position + 1])):
                if len(found) >= count:
                    break
                target = _segment(words, target, found)
            position += 4
        else:
            position = _segment(words, position, found)
    if len(found) < count:
        raise PixelError("the segmented palette is shorter than its descriptor says")
    return np.array(found[:count], np.uint16)


def _segment(words: Entries, position: int, found: list[int]) -> int:
    """Append one discrete (0) or linear (1) segment; answers where the next one starts."""
    if position + 2 <= len(words):
        opcode, length = int(words[position]), int(words[position + 1])
        if opcode == 0 and position + 2 + length <= len(words):
            found.extend(words[position + 2 : position + 2 + length].tolist())
            return position + 2 + length
        if opcode == 1 and found and position + 3 <= len(words):
            steps = np.linspace(found[-1], int(words[position + 2]), length + 1)[1:]
            found.extend(np.floor(steps + 0.5).astype(int).tolist())
            return position + 3
    raise PixelError("the segmented palette is damaged")


def _words(dataset: Dataset, keyword: str, descriptor: Descriptor) -> Entries:
    data = bytes(value_of(dataset, keyword) or b"")
    if descriptor.bits > 8:
        return np.frombuffer(data[: len(data) // 2 * 2], word_type(dataset)).astype(np.uint16)
    return np.frombuffer(data, np.uint8).astype(np.uint16)
