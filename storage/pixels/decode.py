"""One encoded frame to samples, for every transfer syntax that carries still images (PS3.5 8.2, A.4).

Codecs: libjpeg-turbo for JPEG in all its processes, CharLS for JPEG-LS, OpenJPEG for JPEG 2000 and HTJ2K, all through
imagecodecs, which releases the GIL. (OpenJPH decodes HTJ2K faster, but never came back from some damaged frames, and
its wrapper wraps the overshoot of lossy ones round.) A frame's own header is compared with the data set's before a
codec runs, so a lying size never becomes an allocation.
"""

import zlib
from collections.abc import Callable
from typing import Final

import imagecodecs
import numpy as np

from storage.errors import PixelError
from storage.pixels import codestream, native
from storage.pixels.codestream import Codestream
from storage.pixels.colour import ybr_full_to_rgb
from storage.pixels.image import MAXIMUM_SAMPLES, ImageFormat, PixelArray

JPEG_BASELINE: Final = "1.2.840.10008.1.2.4.50"
RLE_LOSSLESS: Final = "1.2.840.10008.1.2.5"
DEFLATED_IMAGE_FRAME: Final = "1.2.840.10008.1.2.8.1"
HTJ2K_LOSSLESS: Final = "1.2.840.10008.1.2.4.201"
HTJ2K_LOSSLESS_RPCL: Final = "1.2.840.10008.1.2.4.202"

_RLE_HEADER: Final = 64
_RLE_RATIO: Final = 64
"""One RLE run of two bytes stands for at most 128."""


def decode_frame(
    encoded: bytes, fmt: ImageFormat, *, bit_offset: int = 0, maximum_samples: int = MAXIMUM_SAMPLES
) -> PixelArray:
    """Samples of one frame, ``fmt.shape`` and ``fmt.dtype``: all allocated bits, signed as Pixel Representation says.

    Compressed 3-sample frames come out as RGB; native ones as stored (YBR stays YBR), interleaved. ``bit_offset`` is
    that of ``ImageFormat.native_span``. The array may be read-only.
    Raises TooLarge over ``maximum_samples``; PixelError when the frame is damaged, contradicts its header, or its
    transfer syntax is not one of still images.
    """
    fmt.require_within(maximum_samples)
    if fmt.is_native:
        return native.decode(encoded, fmt, bit_offset)
    decoder = DECODERS.get(fmt.transfer_syntax_uid)
    if decoder is None:
        raise PixelError(f"frames of transfer syntax {fmt.transfer_syntax_uid} cannot be decoded")
    if fmt.is_float:
        raise PixelError("float pixels cannot be compressed in this transfer syntax")
    try:
        return decoder(encoded, fmt)
    except PixelError:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError, OverflowError, MemoryError, zlib.error) as error:
        raise PixelError("the frame's compressed data is damaged") from error


def comes_out_rgb(fmt: ImageFormat) -> bool:
    """Whether ``decode_frame`` turns this colour image into RGB."""
    return fmt.samples_per_pixel == 3 and not fmt.is_native


def _jpeg(encoded: bytes, fmt: ImageFormat) -> PixelArray:
    header = codestream.jpeg(encoded)
    _require_match(header, fmt)
    if not codestream.ends(encoded):
        raise PixelError("the JPEG frame ends early")
    if header.samples == 1:
        return _settle(imagecodecs.jpeg8_decode(encoded), header, fmt)
    transformed = header.colour_transformed
    if transformed is None:
        transformed = fmt.photometric_interpretation.startswith("YBR")
    if header.lossless or not transformed:
        # libjpeg is told RGB so that it passes samples through; lossless JPEG keeps the header's own interpretation
        array = imagecodecs.jpeg8_decode(encoded, colorspace="RGB", outcolorspace="RGB")
        return _settle(array, header, fmt, is_ybr=header.lossless and fmt.photometric_interpretation == "YBR_FULL")
    return _settle(imagecodecs.jpeg8_decode(encoded, colorspace="YCBCR", outcolorspace="RGB"), header, fmt)


def _jpeg_ls(encoded: bytes, fmt: ImageFormat) -> PixelArray:
    header = codestream.jpeg_ls(encoded)
    _require_match(header, fmt)
    if not codestream.ends(encoded):  # CharLS also spends half a minute on what is missing
        raise PixelError("the JPEG-LS frame ends early")
    is_ybr = fmt.photometric_interpretation == "YBR_FULL"
    return _settle(imagecodecs.jpegls_decode(encoded), header, fmt, is_ybr=is_ybr)


def _jpeg_2000(encoded: bytes, fmt: ImageFormat) -> PixelArray:
    header = codestream.jpeg_2000(encoded)
    _require_match(header, fmt)
    is_ybr = fmt.photometric_interpretation == "YBR_FULL" and not header.colour_transformed
    return _settle(imagecodecs.jpeg2k_decode(encoded), header, fmt, is_ybr=is_ybr)


def _rle(encoded: bytes, fmt: ImageFormat) -> PixelArray:
    """PS3.5 G: byte planes, most significant first, sample by sample; YBR_FULL is converted."""
    packed = fmt.bits_allocated == 1
    planes = 1 if packed else fmt.samples_per_pixel * fmt.bits_allocated // 8
    plane_length = fmt.native_length if packed else fmt.rows * fmt.columns
    if len(encoded) < _RLE_HEADER or int.from_bytes(encoded[:4], "little") != planes:
        raise PixelError(f"the RLE frame does not have the {planes} segments its header asks for")
    offsets = [int.from_bytes(encoded[4 * n : 4 * n + 4], "little") for n in range(1, planes + 1)]
    if offsets[0] < _RLE_HEADER or any(
        low >= high for low, high in zip(offsets, [*offsets[1:], len(encoded)], strict=True)
    ):
        raise PixelError("the RLE frame's segment offsets are damaged")
    if (len(encoded) - _RLE_HEADER) * _RLE_RATIO < plane_length * planes:
        raise PixelError("the RLE frame ends early")
    data = np.empty((planes, plane_length), np.uint8)
    for plane, (start, end) in enumerate(zip(offsets, [*offsets[1:], len(encoded)], strict=True)):
        segment = np.frombuffer(imagecodecs.packbits_decode(encoded[start:end]), np.uint8)
        if len(segment) < plane_length:
            raise PixelError("an RLE segment ends early")
        data[plane] = segment[:plane_length]
    if packed:
        return np.unpackbits(data[0], count=fmt.rows * fmt.columns, bitorder="little").reshape(fmt.shape)
    depth = fmt.bits_allocated // 8
    samples = data.reshape(fmt.samples_per_pixel, depth, fmt.rows * fmt.columns)[:, ::-1]
    array = np.ascontiguousarray(samples.transpose(2, 0, 1)).view(fmt.dtype).reshape(fmt.shape)
    return _to_rgb(array, fmt) if fmt.photometric_interpretation in {"YBR_FULL", "YBR_FULL_422"} else array


def _deflated(encoded: bytes, fmt: ImageFormat) -> PixelArray:
    """PS3.5 A.4.13: one raw deflate stream of the native frame; never more is inflated than the header asks for."""
    data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(encoded, fmt.native_length)
    array = native.decode(data, fmt)
    return _to_rgb(array, fmt) if fmt.photometric_interpretation.startswith("YBR_FULL") else array


DECODERS: Final[dict[str, Callable[[bytes, ImageFormat], PixelArray]]] = {
    JPEG_BASELINE: _jpeg,
    "1.2.840.10008.1.2.4.51": _jpeg,  # extended, process 2 and 4
    "1.2.840.10008.1.2.4.53": _jpeg,  # spectral selection, retired
    "1.2.840.10008.1.2.4.55": _jpeg,  # full progression, retired
    "1.2.840.10008.1.2.4.57": _jpeg,  # lossless, process 14
    "1.2.840.10008.1.2.4.70": _jpeg,  # lossless, process 14, selection value 1
    "1.2.840.10008.1.2.4.80": _jpeg_ls,
    "1.2.840.10008.1.2.4.81": _jpeg_ls,
    "1.2.840.10008.1.2.4.90": _jpeg_2000,
    "1.2.840.10008.1.2.4.91": _jpeg_2000,
    HTJ2K_LOSSLESS: _jpeg_2000,
    HTJ2K_LOSSLESS_RPCL: _jpeg_2000,
    "1.2.840.10008.1.2.4.203": _jpeg_2000,
    RLE_LOSSLESS: _rle,
    DEFLATED_IMAGE_FRAME: _deflated,
}
"""Transfer syntax to decoder; native syntaxes need none."""


def _require_match(header: Codestream, fmt: ImageFormat) -> None:
    if (header.rows, header.columns, header.samples) != (fmt.rows, fmt.columns, fmt.samples_per_pixel):
        raise PixelError(
            f"the frame holds {header.rows} x {header.columns} x {header.samples} samples, "
            f"its header says {fmt.rows} x {fmt.columns} x {fmt.samples_per_pixel}"
        )
    if header.precision > max(fmt.bits_allocated, 1):
        raise PixelError(f"the frame has {header.precision}-bit samples, Bits Allocated is {fmt.bits_allocated}")


def _settle(array: PixelArray, header: Codestream, fmt: ImageFormat, *, is_ybr: bool = False) -> PixelArray:
    """Bring a codec's samples to the header's type: its Pixel Representation wins over the codestream's sign."""
    if array.shape != fmt.shape:
        raise PixelError("the frame decodes to another size than its header says")
    container = np.dtype(f"<u{fmt.dtype.itemsize}")
    if array.dtype != fmt.dtype:
        array = array.astype(container, copy=False)
        if fmt.pixel_representation and not header.signed:
            array = _extend_sign(array, fmt)
        elif header.signed and not fmt.pixel_representation and header.precision < fmt.bits_allocated:
            array = array & container.type((1 << header.precision) - 1)
        array = array.view(fmt.dtype)
    return _to_rgb(array, fmt) if is_ybr else array


def _extend_sign(array: PixelArray, fmt: ImageFormat) -> PixelArray:
    if fmt.bits_stored >= fmt.bits_allocated or fmt.shift:
        return array
    sign = array.dtype.type(1 << (fmt.bits_stored - 1))
    mask = array.dtype.type((1 << fmt.bits_stored) - 1)
    extended: PixelArray = ((array & mask) ^ sign) - sign  # wraps in the unsigned container, which is two's complement
    return extended


def _to_rgb(array: PixelArray, fmt: ImageFormat) -> PixelArray:
    if fmt.bits_allocated != 8:
        raise PixelError("YBR_FULL with more than 8 bits is not supported")
    return ybr_full_to_rgb(array)
