"""The Image Pixel module of one instance as plain numbers, checked before any pixel is touched (PS3.3 C.7.6.3)."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from storage.errors import PixelError, TooLarge
from storage.pixels.element import value_of

PixelArray = npt.NDArray[Any]

MAXIMUM_SAMPLES: Final = 2**29
"""Default limit of a decoded frame, in samples (rows x columns x samples per pixel)."""

NATIVE_LITTLE_ENDIAN: Final = frozenset(
    {
        "1.2.840.10008.1.2",  # Implicit VR Little Endian
        "1.2.840.10008.1.2.1",  # Explicit VR Little Endian
        "1.2.840.10008.1.2.1.99",  # Deflated Explicit VR Little Endian
    }
)
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"

_CHROMA_SUBSAMPLED: Final = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})


@dataclass(frozen=True)
class ImageFormat:
    """What each frame's bytes mean; sizes in pixels, depths in bits."""

    rows: int
    columns: int
    samples_per_pixel: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    pixel_representation: int
    photometric_interpretation: str
    planar_configuration: int
    number_of_frames: int
    transfer_syntax_uid: str
    is_float: bool = False
    """Float Pixel Data or Double Float Pixel Data, PS3.3 C.7.6.24 and C.7.6.25."""
    is_word_swapped: bool = False
    """8-bit samples kept in OW of a big endian data set, PS3.5 8.1.2."""

    @classmethod
    def of(cls, dataset: Dataset, transfer_syntax_uid: str) -> "ImageFormat":
        """Read the module from a header, with or without its pixel data.

        Raises PixelError when an attribute that decoding needs is missing or impossible.
        """
        bits_allocated = _integer(dataset, "BitsAllocated")
        is_float = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
        is_float = is_float or (bits_allocated in {32, 64} and value_of(dataset, "BitsStored") is None)
        bits_stored = bits_allocated if is_float else _integer(dataset, "BitsStored", bits_allocated)
        samples = _integer(dataset, "SamplesPerPixel", 1)
        found = cls(
            rows=_integer(dataset, "Rows"),
            columns=_integer(dataset, "Columns"),
            samples_per_pixel=samples,
            bits_allocated=bits_allocated,
            bits_stored=bits_stored,
            high_bit=bits_stored - 1 if is_float else _integer(dataset, "HighBit", bits_stored - 1),
            pixel_representation=0 if is_float else _integer(dataset, "PixelRepresentation", 0),
            photometric_interpretation=_photometric(dataset, samples),
            planar_configuration=_integer(dataset, "PlanarConfiguration", 0) if samples > 1 else 0,
            number_of_frames=_integer(dataset, "NumberOfFrames", 1) or 1,
            transfer_syntax_uid=str(transfer_syntax_uid),
            is_float=is_float,
            is_word_swapped=_is_word_swapped(dataset, bits_allocated, str(transfer_syntax_uid)),
        )
        found._check()
        return found

    def _check(self) -> None:
        if not (1 <= self.rows <= 65535 and 1 <= self.columns <= 65535):
            raise PixelError("Rows or Columns is outside 1 to 65535")
        if self.samples_per_pixel not in {1, 3}:
            raise PixelError(f"Samples per Pixel {self.samples_per_pixel} is not 1 or 3")
        if self.bits_allocated not in {1, 8, 16, 32, 64}:
            raise PixelError(f"Bits Allocated {self.bits_allocated} cannot be decoded")
        if not 1 <= self.bits_stored <= self.bits_allocated:
            raise PixelError(f"Bits Stored {self.bits_stored} does not fit Bits Allocated {self.bits_allocated}")
        if self.pixel_representation not in {0, 1} or self.planar_configuration not in {0, 1}:
            raise PixelError("Pixel Representation or Planar Configuration is not 0 or 1")
        if self.number_of_frames < 1:
            raise PixelError("Number of Frames is below 1")

    @property
    def is_native(self) -> bool:
        """Whether frames lie uncompressed in the data set."""
        return self.transfer_syntax_uid in NATIVE_LITTLE_ENDIAN or self.is_big_endian

    @property
    def is_big_endian(self) -> bool:
        return self.transfer_syntax_uid == EXPLICIT_VR_BIG_ENDIAN

    @property
    def samples(self) -> int:
        """Samples of one decoded frame."""
        return self.rows * self.columns * self.samples_per_pixel

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a decoded frame: (rows, columns) or (rows, columns, 3)."""
        return (self.rows, self.columns, 3) if self.samples_per_pixel == 3 else (self.rows, self.columns)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a decoded frame: all allocated bits, little endian, signed by Pixel Representation; 1 bit as 0/1."""
        if self.bits_allocated == 1:
            return np.dtype(np.uint8)
        kind = "f" if self.is_float else "ui"[self.pixel_representation]
        return np.dtype(f"<{kind}{self.bits_allocated // 8}")

    @property
    def shift(self) -> int:
        """Bits below the stored value; an impossible High Bit is read as the usual one."""
        return (
            self.high_bit + 1 - self.bits_stored if self.bits_stored <= self.high_bit + 1 <= self.bits_allocated else 0
        )

    @property
    def native_bits(self) -> int:
        """Length of one native frame in bits, PS3.5 8.1.1 and PS3.3 C.7.6.3.1.2 (YBR_FULL_422 keeps 2 of 3 samples)."""
        if self.is_chroma_subsampled:
            return self.rows * self.columns * 2 * self.bits_allocated
        return self.samples * self.bits_allocated

    @property
    def native_length(self) -> int:
        """Length in bytes of one native frame that starts on a byte."""
        return (self.native_bits + 7) // 8

    @property
    def is_chroma_subsampled(self) -> bool:
        """Native frames hold Y Y CB CR for two pixels."""
        return self.is_native and self.samples_per_pixel == 3 and self.photometric_interpretation in _CHROMA_SUBSAMPLED

    def native_span(self, frame: int) -> tuple[int, int, int]:
        """Where 1-based ``frame`` lies in native Pixel Data: byte offset, bytes to read, bit offset in the first byte.

        Single-bit frames follow each other without padding (PS3.5 8.1.1), so only they can have a bit offset; pass it
        to ``decode_frame`` and ``deliver``.
        """
        start = (frame - 1) * self.native_bits
        return start // 8, (start % 8 + self.native_bits + 7) // 8, start % 8

    def require_within(self, maximum_samples: int) -> None:
        """Raise TooLarge when a decoded frame would hold more samples than allowed."""
        if self.samples > maximum_samples:
            raise TooLarge(f"a frame of {self.rows} x {self.columns} is over the limit of {maximum_samples} samples")


def _integer(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    try:
        value = dataset.get(keyword)
        if value is None or value == "":
            if default is None:
                raise PixelError(f"{keyword} is missing")
            return default
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise PixelError(f"{keyword} is not a number") from error


def _photometric(dataset: Dataset, samples: int) -> str:
    value = str(value_of(dataset, "PhotometricInterpretation") or "").strip().upper()
    return value or ("RGB" if samples == 3 else "MONOCHROME2")


def _is_word_swapped(dataset: Dataset, bits_allocated: int, transfer_syntax_uid: str) -> bool:
    if transfer_syntax_uid != EXPLICIT_VR_BIG_ENDIAN or bits_allocated > 8 or "PixelData" not in dataset:
        return False
    return bool(dataset.get_item("PixelData").VR == "OW")
