"""Decoded frames to compressed ones (PS3.5 §8.2, §A.4): what is lossless keeps all allocated bits and the sign.

Codecs: libjpeg-turbo, CharLS and OpenJPEG through imagecodecs; RLE is PackBits row by row (PS3.5 Annex G).
"""

from collections.abc import Callable, Mapping
from typing import Final

import imagecodecs
import numpy as np

from storage.errors import PixelError
from storage.pixels.decode import HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL, JPEG_BASELINE, RLE_LOSSLESS
from storage.pixels.image import PixelArray

JPEG_LOSSLESS: Final = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1: Final = "1.2.840.10008.1.2.4.70"
JPEG_LS_LOSSLESS: Final = "1.2.840.10008.1.2.4.80"
JPEG_2000_LOSSLESS: Final = "1.2.840.10008.1.2.4.90"

JPEG_QUALITY: Final = 90
LOSSY: Final = frozenset({JPEG_BASELINE})


def encode_frame(array: PixelArray, transfer_syntax_uid: str) -> bytes:
    """One frame: 8- or 16-bit integers, rows x columns, or rows x columns x 3 (RGB of 8 bits).

    Colours stay RGB, except in JPEG baseline, which is YBR_FULL_422, and HTJ2K, which transforms reversibly.
    Raises PixelError when the samples are of another kind, or the codec cannot take them.
    """
    wide = array.dtype.itemsize > (1 if array.ndim == 3 or transfer_syntax_uid in LOSSY else 2)
    if array.dtype.kind not in "ui" or wide:
        raise PixelError("frames of this kind of samples cannot be compressed so")
    samples = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    try:
        return ENCODERS[transfer_syntax_uid](samples)
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise PixelError("the frame cannot be compressed so") from error


def _jpeg_lossless(array: PixelArray) -> bytes:
    """Process 14, selection value 1: the sample before predicts the next (T.81 §H)."""
    if array.ndim == 3:
        made = imagecodecs.jpeg8_encode(array, lossless=True, predictor=1, colorspace="RGB", outcolorspace="RGB")
    else:
        made = imagecodecs.jpeg8_encode(_unsigned(array), lossless=True, predictor=1)
    return bytes(made)


def _jpeg_baseline(array: PixelArray) -> bytes:
    if array.ndim == 3:
        return bytes(imagecodecs.jpeg8_encode(array, JPEG_QUALITY, subsampling="422"))
    return bytes(imagecodecs.jpeg8_encode(_unsigned(array), JPEG_QUALITY))


def _jpeg_ls(array: PixelArray) -> bytes:
    # noise grows, and the codec's own guess of the room it needs is too small for that
    return bytes(imagecodecs.jpegls_encode(_unsigned(array), out=2 * array.nbytes + 4096))


def _jpeg_2000(array: PixelArray) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(array, reversible=True, codecformat="j2k", mct=False))


def _htj2k(array: PixelArray) -> bytes:
    """Progression RPCL with TLM: valid as .201 and .202 (PS3.5 A.4.12)."""
    return bytes(imagecodecs.htj2k_encode(array, reversible=True, tlm=True))


def _rle(array: PixelArray) -> bytes:
    """Byte planes, most significant first, sample by sample; each row ends its runs (PS3.5 G.3)."""
    rows, columns = array.shape[:2]
    samples = array.reshape(rows, columns, -1)
    octets = np.ascontiguousarray(samples, samples.dtype.newbyteorder(">")).view(np.uint8)
    octets = octets.reshape(rows, columns, samples.shape[2] * array.dtype.itemsize)
    segments = []
    for plane in range(octets.shape[2]):
        packed = b"".join(bytes(imagecodecs.packbits_encode(row.tobytes())) for row in octets[:, :, plane])
        segments.append(packed + b"\0" * (len(packed) % 2))
    offsets, at = [], 64
    for segment in segments:
        offsets.append(at)
        at += len(segment)
    header = np.zeros(16, "<u4")
    header[0] = len(segments)
    header[1 : 1 + len(offsets)] = offsets
    return header.tobytes() + b"".join(segments)


def _unsigned(array: PixelArray) -> PixelArray:
    """The same bits without a sign: the data set's Pixel Representation tells it to whoever decodes."""
    return array.view(f"u{array.dtype.itemsize}")


ENCODERS: Final[Mapping[str, Callable[[PixelArray], bytes]]] = {
    JPEG_BASELINE: _jpeg_baseline,
    JPEG_LOSSLESS: _jpeg_lossless,
    JPEG_LOSSLESS_SV1: _jpeg_lossless,
    JPEG_LS_LOSSLESS: _jpeg_ls,
    JPEG_2000_LOSSLESS: _jpeg_2000,
    HTJ2K_LOSSLESS: _htj2k,
    HTJ2K_LOSSLESS_RPCL: _htj2k,
    RLE_LOSSLESS: _rle,
}
