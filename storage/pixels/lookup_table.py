"""LUT Descriptor and LUT Data, one reading for every table (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from storage.errors import PixelError
from storage.pixels.element import value_of

Entries = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Descriptor:
    """Number of entries, stored value that the first one maps, bits of each entry."""

    count: int
    first_mapped: int
    bits: int

    @classmethod
    def of(cls, dataset: Dataset, keyword: str = "LUTDescriptor") -> "Descriptor":
        """Raises PixelError when it is missing or impossible. A count of 0 means 65536."""
        value = value_of(dataset, keyword)
        if isinstance(value, bytes) and len(value) >= 6:
            value = np.frombuffer(value[:6], "<u2").tolist()
        if value is None or isinstance(value, str | bytes) or not isinstance(value, Sequence) or len(value) != 3:
            raise PixelError(f"{keyword} is missing or does not have three values")
        count, first, bits = (int(number) for number in value)
        if not 8 <= bits <= 16:
            raise PixelError(f"{keyword} asks for entries of {bits} bits")
        return cls((count & 0xFFFF) or 65536, first, bits)


def lut_entries(dataset: Dataset, keyword: str, descriptor: Descriptor) -> Entries:
    """LUT Data as numbers: 8-bit entries may be packed or one in a word, whatever the VR. Raises PixelError."""
    element = value_of(dataset, keyword)
    if element is None:
        raise PixelError(f"{keyword} is missing")
    if isinstance(element, bytes | bytearray):
        packed = descriptor.bits == 8 and len(element) < 2 * descriptor.count
        usable = len(element) if packed else len(element) // 2 * 2
        entries = np.frombuffer(bytes(element[:usable]), np.uint8 if packed else word_type(dataset)).astype(np.uint16)
    else:
        numbers = [element] if isinstance(element, int) else list(element)
        entries = np.array(numbers, np.int64).astype(np.uint16)
    if len(entries) < descriptor.count:
        raise PixelError(f"{keyword} has {len(entries)} of {descriptor.count} entries")
    return entries[: descriptor.count]


def word_type(dataset: Dataset) -> str:
    """How 16-bit words lie in raw bytes that came with a data set: as it was encoded (PS3.5 7.3)."""
    return ">u2" if dataset.original_encoding[1] is False else "<u2"
