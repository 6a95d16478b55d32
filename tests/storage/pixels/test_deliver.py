"""Delivery in the transfer syntax asked for, exact whatever it is (PS3.18 §8.7.3)."""

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from openjpeg.utils import decode as openjpeg_decode

from storage.errors import NotAcceptable, PixelError
from storage.pixels.decode import HTJ2K_LOSSLESS, JPEG_BASELINE, RLE_LOSSLESS, decode_frame
from storage.pixels.deliver import EXPLICIT_VR_LITTLE_ENDIAN, deliver, delivered_format, is_deliverable
from storage.pixels.encode import ENCODERS, encode_frame
from storage.pixels.image import ImageFormat, PixelArray
from tests.storage.pixels.frames import frame_of, shared

RANDOM = np.random.default_rng(7)
ARRAYS: dict[str, PixelArray] = {
    "unsigned-16": RANDOM.integers(0, 65536, (75, 130)).astype("<u2"),
    "signed-16": RANDOM.integers(-32768, 32768, (75, 130)).astype("<i2"),
    "extremes-16": np.where(RANDOM.random((64, 64)) > 0.5, 32767, -32768).astype("<i2"),
    "extremes-unsigned": np.where(RANDOM.random((64, 64)) > 0.5, 65535, 0).astype("<u2"),
    "unsigned-8": RANDOM.integers(0, 256, (75, 130)).astype("u1"),
    "signed-8": RANDOM.integers(-128, 128, (75, 130)).astype("i1"),
    "rgb-8": RANDOM.integers(0, 256, (75, 130, 3)).astype("u1"),
    "one-pixel": np.array([[4000]], "<u2"),
    "one-row": RANDOM.integers(0, 4096, (1, 2265)).astype("<u2"),
}


def format_of(array: PixelArray, transfer_syntax_uid: str) -> ImageFormat:
    """What describes an array that was compressed."""
    bits = array.dtype.itemsize * 8
    colour = "MONOCHROME2" if array.ndim == 2 else "YBR_FULL_422" if transfer_syntax_uid == JPEG_BASELINE else "RGB"
    return ImageFormat(
        rows=array.shape[0], columns=array.shape[1], samples_per_pixel=3 if array.ndim == 3 else 1,
        bits_allocated=bits, bits_stored=bits, high_bit=bits - 1, pixel_representation=int(array.dtype.kind == "i"),
        photometric_interpretation=colour, planar_configuration=0, number_of_frames=1,
        transfer_syntax_uid=transfer_syntax_uid,
    )  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_htj2k_is_exact_for_two_independent_decoders(name: str) -> None:
    array = ARRAYS[name]
    encoded = encode_frame(array, HTJ2K_LOSSLESS)
    openjph = imagecodecs.htj2k_decode(encoded)
    assert openjph.dtype == array.dtype
    assert np.array_equal(openjph, array)
    assert np.array_equal(openjpeg_decode(encoded), array)


def test_htj2k_is_rpcl_with_tlm_and_reversible() -> None:
    encoded = encode_frame(ARRAYS["unsigned-16"], HTJ2K_LOSSLESS)
    coding = encoded.index(b"\xff\x52")
    assert encoded[coding + 5] == 2, "progression order RPCL"
    assert encoded[coding + 13] == 1, "wavelet 5/3"
    assert b"\xff\x55" in encoded[: encoded.index(b"\xff\x90")], "TLM in the main header"


@pytest.mark.parametrize("array", [np.zeros((4, 4), np.float32), np.zeros((4, 4), np.uint32)], ids=["float", "32-bit"])
def test_htj2k_of_anything_else_is_refused(array: PixelArray) -> None:
    with pytest.raises(PixelError):
        encode_frame(array, HTJ2K_LOSSLESS)


@pytest.mark.parametrize("target", [EXPLICIT_VR_LITTLE_ENDIAN, *sorted(set(ENCODERS) - {JPEG_BASELINE})])
@pytest.mark.parametrize(
    "name",
    [
        "syntaxes/ctimage/BigEndianExplicit_1.2.2.dcm",
        "syntaxes/ctimage/RLELossless_1.2.5.dcm",
        "syntaxes/ctimage/JPEGProcess2_4_1.2.4.51.dcm",
        "syntaxes/HTJ2KLossless_08_RGB.dcm",
        "syntaxes/US1_J2KI.dcm",
        "modalities/examples_ybr_color.dcm",
        "pixels/color-pl.dcm",
        "pixels/US-PAL-8-10x-echo.dcm",
        "pixels/693_J2KI.dcm",
    ],
)
def test_delivered_frames_decode_to_the_stored_samples(name: str, target: str) -> None:
    dataset, fmt = shared(name)
    encoded = frame_of(dataset, fmt)
    described = delivered_format(fmt, target)
    delivered = decode_frame(deliver(encoded, fmt, target), described)
    assert np.array_equal(delivered, decode_frame(encoded, fmt))
    assert described.transfer_syntax_uid == target
    if fmt.samples_per_pixel == 3 and not fmt.is_native:
        assert (described.photometric_interpretation, described.planar_configuration) == ("RGB", target == RLE_LOSSLESS)


@pytest.mark.parametrize("target", sorted(set(ENCODERS) - {JPEG_BASELINE}))
@pytest.mark.parametrize("name", ARRAYS)
def test_what_is_compressed_comes_back_exactly(name: str, target: str) -> None:
    array = ARRAYS[name]
    fmt = format_of(array, target)
    assert np.array_equal(decode_frame(encode_frame(array, target), fmt), array)


def test_jpeg_baseline_is_near_and_small() -> None:
    ramp = np.broadcast_to(np.arange(0, 240, dtype="u1"), (160, 240))
    for array in (ramp, np.stack([ramp, ramp[:, ::-1], ramp], axis=-1)):
        encoded = encode_frame(array, JPEG_BASELINE)
        decoded = decode_frame(encoded, format_of(array, JPEG_BASELINE)).astype(int)
        assert abs(decoded - array).max() < 12
        assert len(encoded) < array.nbytes / 5


def test_native_frames_are_raw_exactly_as_stored() -> None:
    for name in (
        "pixels/color-pl.dcm",
        "pixels/SC_ybr_full_422_uncompressed.dcm",
        "modalities/parametric_map_float.dcm",
    ):
        dataset, fmt = shared(name)
        encoded = frame_of(dataset, fmt)
        assert deliver(encoded, fmt, EXPLICIT_VR_LITTLE_ENDIAN) == encoded
        assert delivered_format(fmt, EXPLICIT_VR_LITTLE_ENDIAN).planar_configuration == fmt.planar_configuration


def test_jpeg_baseline_goes_out_as_stored_or_is_made_of_eight_bits() -> None:
    dataset, fmt = shared("modalities/examples_ybr_color.dcm")
    encoded = frame_of(dataset, fmt)
    assert deliver(encoded, fmt, JPEG_BASELINE) == encoded
    assert delivered_format(fmt, JPEG_BASELINE) == fmt
    for name in ("pixels/US-PAL-8-10x-echo.dcm", "syntaxes/ctimage/RLELossless_1.2.5.dcm"):
        dataset, fmt = shared(name)
        assert not is_deliverable(fmt, JPEG_BASELINE)
        with pytest.raises(NotAcceptable):
            deliver(frame_of(dataset, fmt), fmt, JPEG_BASELINE)


@pytest.mark.parametrize(
    "name", ["modalities/parametric_map_float.dcm", "modalities/rtdose.dcm", "pixels/SC_ybr_full_uncompressed.dcm"]
)
def test_htj2k_is_not_offered_where_it_cannot_be_exact(name: str) -> None:
    dataset, fmt = shared(name)
    assert not is_deliverable(fmt, HTJ2K_LOSSLESS)
    with pytest.raises(NotAcceptable):
        deliver(frame_of(dataset, fmt), fmt, HTJ2K_LOSSLESS)


def test_single_bit_frames_are_delivered_from_a_byte_on() -> None:
    bits = np.random.default_rng(5).integers(0, 2, (2, 3, 3)).astype(np.uint8)
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    _, fmt = shared("pixels/liver_1frame.dcm")
    fmt = replace(fmt, rows=3, columns=3, number_of_frames=2)
    offset, length, bit = fmt.native_span(2)
    delivered = deliver(data[offset : offset + length], fmt, EXPLICIT_VR_LITTLE_ENDIAN, bit_offset=bit)
    assert delivered == np.packbits(bits[1].ravel(), bitorder="little").tobytes()


def test_compressed_single_bit_frames_are_packed() -> None:
    dataset, fmt = shared("pixels/liver_nonbyte_aligned_j2k.dcm")
    delivered = deliver(frame_of(dataset, fmt), fmt, EXPLICIT_VR_LITTLE_ENDIAN)
    assert len(delivered) == (510 * 510 + 7) // 8
