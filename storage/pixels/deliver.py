"""Frames in the transfer syntax a client asked for: raw, compressed, or as stored (PS3.18 §8.7.3, PS3.5 §A.4)."""

from dataclasses import replace
from typing import Final

from storage.errors import NotAcceptable
from storage.pixels import codestream, native
from storage.pixels.decode import (
    HTJ2K_LOSSLESS,
    HTJ2K_LOSSLESS_RPCL,
    JPEG_BASELINE,
    RLE_LOSSLESS,
    comes_out_rgb,
    decode_frame,
)
from storage.pixels.encode import ENCODERS, LOSSY, encode_frame
from storage.pixels.image import MAXIMUM_SAMPLES, ImageFormat

EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
_HTJ2K: Final = frozenset({HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL})


def is_deliverable(fmt: ImageFormat, target_transfer_syntax_uid: str) -> bool:
    """Whether ``deliver`` can answer frames of this format in the target transfer syntax."""
    if target_transfer_syntax_uid == fmt.transfer_syntax_uid and not fmt.is_native:
        return True
    if target_transfer_syntax_uid == EXPLICIT_VR_LITTLE_ENDIAN:
        return True
    if target_transfer_syntax_uid not in ENCODERS or fmt.is_float:
        return False
    if target_transfer_syntax_uid in LOSSY and (fmt.bits_allocated != 8 or _is_index(fmt)):
        return False
    if fmt.samples_per_pixel == 1:
        return fmt.bits_allocated in {8, 16}
    return fmt.bits_allocated == 8 and (comes_out_rgb(fmt) or fmt.photometric_interpretation == "RGB")


def deliver(
    encoded: bytes,
    fmt: ImageFormat,
    target_transfer_syntax_uid: str,
    *,
    bit_offset: int = 0,
    maximum_samples: int = MAXIMUM_SAMPLES,
) -> bytes:
    """One frame's bytes in the target transfer syntax, described by ``delivered_format``; JPEG baseline alone loses.

    Native frames asked for raw come as stored, little endian; single-bit frames start on a byte. From compressed
    sources 3-sample frames come as RGB, interleaved. HTJ2K keeps all allocated bits and the sign of the header.
    Raises NotAcceptable when ``is_deliverable`` says no; TooLarge and PixelError as ``decode_frame``.
    """
    if not is_deliverable(fmt, target_transfer_syntax_uid):
        raise NotAcceptable(f"frames of this image cannot be delivered as {target_transfer_syntax_uid}")
    if target_transfer_syntax_uid == EXPLICIT_VR_LITTLE_ENDIAN and fmt.is_native:
        fmt.require_within(maximum_samples)
        return native.little_endian(encoded, fmt, bit_offset)
    rpcl_as_any = target_transfer_syntax_uid in _HTJ2K and fmt.transfer_syntax_uid == HTJ2K_LOSSLESS_RPCL
    if (target_transfer_syntax_uid == fmt.transfer_syntax_uid or rpcl_as_any) and _passes_as_stored(encoded, fmt):
        return encoded
    array = decode_frame(encoded, fmt, bit_offset=bit_offset, maximum_samples=maximum_samples)
    if target_transfer_syntax_uid in ENCODERS:
        return encode_frame(array, target_transfer_syntax_uid)
    return native.encode(array, fmt)


def delivered_format(fmt: ImageFormat, target_transfer_syntax_uid: str) -> ImageFormat:
    """What a receiver of ``deliver`` must assume instead of the stored header."""
    if target_transfer_syntax_uid == fmt.transfer_syntax_uid and target_transfer_syntax_uid not in _HTJ2K:
        return fmt
    found = replace(fmt, transfer_syntax_uid=target_transfer_syntax_uid, is_word_swapped=False)
    if fmt.samples_per_pixel == 3 and target_transfer_syntax_uid in ENCODERS:
        colour = {JPEG_BASELINE: "YBR_FULL_422"}.get(target_transfer_syntax_uid, "RGB")
        planar = 1 if target_transfer_syntax_uid == RLE_LOSSLESS else 0
        return replace(found, photometric_interpretation=colour, planar_configuration=planar)
    if comes_out_rgb(fmt):
        return replace(found, photometric_interpretation="RGB", planar_configuration=0)
    return found


def _is_index(fmt: ImageFormat) -> bool:
    """Whether samples are places in a table, between which nothing can be rounded."""
    return fmt.photometric_interpretation == "PALETTE COLOR"


def _passes_as_stored(encoded: bytes, fmt: ImageFormat) -> bool:
    """Stored HTJ2K may go out untouched only where its own sign, depth and colour are what the receiver will assume."""
    if fmt.transfer_syntax_uid not in _HTJ2K:
        return True
    header = codestream.jpeg_2000(encoded)
    same_sign = header.signed == bool(fmt.pixel_representation)
    rgb = fmt.samples_per_pixel == 1 or header.colour_transformed or fmt.photometric_interpretation == "RGB"
    return bool(same_sign and rgb and header.lossless and header.precision <= fmt.bits_allocated)
