"""Uncompressed frames: bytes to samples and back (PS3.5 8.1, A.1 - A.3; PS3.3 C.7.6.3.1)."""

import numpy as np
import numpy.typing as npt

from storage.errors import PixelError
from storage.pixels.image import ImageFormat, PixelArray


def little_endian(encoded: bytes, fmt: ImageFormat, bit_offset: int = 0) -> bytes:
    """The frame's bytes as Explicit VR Little Endian keeps them, nothing else changed. Raises PixelError."""
    if bit_offset:
        encoded = pack_bits(_bits(encoded, fmt, bit_offset))
    if len(encoded) < fmt.native_length:
        raise PixelError(f"the frame has {len(encoded)} of {fmt.native_length} bytes")
    if fmt.is_big_endian and (fmt.bits_allocated > 8 or fmt.is_word_swapped):
        width = max(fmt.bits_allocated // 8, 2)
        even = encoded[: (fmt.native_length + width - 1) // width * width]
        even += b"\0" * (-len(even) % width)
        encoded = np.frombuffer(even, f">u{width}").astype(f"<u{width}").tobytes()
    return encoded[: fmt.native_length]


def decode(encoded: bytes, fmt: ImageFormat, bit_offset: int = 0) -> PixelArray:
    """Samples of one native frame, interleaved; YBR stays YBR, with chroma repeated where it was subsampled."""
    if fmt.bits_allocated == 1 and fmt.samples_per_pixel == 1:
        return _bits(encoded, fmt, bit_offset).reshape(fmt.shape)
    if fmt.bits_allocated == 1:
        raise PixelError("single-bit pixels with several samples are not supported")
    samples = np.frombuffer(little_endian(encoded, fmt), fmt.dtype)
    if fmt.is_chroma_subsampled:
        return _repeat_chroma(samples, fmt)
    if fmt.samples_per_pixel == 3 and fmt.planar_configuration == 1:
        return np.ascontiguousarray(samples.reshape(3, fmt.rows, fmt.columns).transpose(1, 2, 0))
    return samples.reshape(fmt.shape)


def encode(array: PixelArray, fmt: ImageFormat) -> bytes:
    """A decoded frame as the bytes of an Explicit VR Little Endian frame, samples interleaved."""
    if fmt.bits_allocated == 1:
        return pack_bits(np.asarray(array, np.uint8).ravel())
    return np.ascontiguousarray(array, fmt.dtype).tobytes()


def pack_bits(bits: npt.NDArray[np.uint8]) -> bytes:
    """0/1 samples, first sample in the lowest bit, starting on a byte (PS3.5 8.1.1)."""
    return np.packbits(bits, bitorder="little").tobytes()


def _bits(encoded: bytes, fmt: ImageFormat, bit_offset: int) -> npt.NDArray[np.uint8]:
    if len(encoded) * 8 < bit_offset + fmt.native_bits:
        raise PixelError(f"the frame has {len(encoded)} of {(bit_offset + fmt.native_bits + 7) // 8} bytes")
    octets = np.frombuffer(encoded, np.uint8, (bit_offset + fmt.native_bits + 7) // 8)
    bits = np.unpackbits(octets, bitorder="little")
    return bits[bit_offset : bit_offset + fmt.native_bits]


def _repeat_chroma(samples: PixelArray, fmt: ImageFormat) -> PixelArray:
    if fmt.columns % 2:
        raise PixelError("YBR_FULL_422 needs an even number of columns")
    pairs = samples.reshape(fmt.rows, fmt.columns // 2, 4)
    full = np.empty(fmt.shape, samples.dtype)
    full[:, 0::2, 0] = pairs[..., 0]
    full[:, 1::2, 0] = pairs[..., 1]
    full[..., 1:] = pairs[..., 2:].repeat(2, axis=1)
    return full
