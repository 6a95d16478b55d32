"""Decoding real files of every transfer syntax, and refusing damaged and lying frames (PS3.5 8.2, A.4)."""

import random
import time
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array

from storage.errors import PixelError, TooLarge
from storage.pixels.decode import DECODERS, HTJ2K_LOSSLESS, decode_frame
from storage.pixels.image import ImageFormat
from tests.storage.pixels.frames import SHARED, frame_of, shared

CT = SHARED / "syntaxes" / "ctimage"
LOSSLESS = [
    "BigEndianExplicit_1.2.2",
    "DeflatedExplicitVRLittleEndian_1.2.1.99",
    "JPEG2000LosslessOnly_1.2.4.90",
    "JPEGLSLossless_1.2.4.80",
    "JPEGProcess14SV1_1.2.4.70",
    "JPEGProcess14_1.2.4.57",
    "LittleEndianImplicit_1.2",
    "RLELossless_1.2.5",
]
COMPRESSED = [
    *(f"syntaxes/ctimage/{name}.dcm" for name in LOSSLESS if "JP" in name or "RLE" in name),
    "syntaxes/ctimage/JPEG2000_1.2.4.91.dcm",
    "syntaxes/ctimage/JPEGLSLossy_1.2.4.81.dcm",
    "syntaxes/ctimage/JPEGProcess1_1.2.4.50.dcm",
    "syntaxes/ctimage/JPEGProcess2_4_1.2.4.51.dcm",
    "syntaxes/HTJ2KLossless_08_RGB.dcm",
    "syntaxes/HTJ2K_08_RGB.dcm",
    "pixels/JLSL_RGB_ILV0.dcm",
    "pixels/SC_rgb_rle_16bit.dcm",
    "modalities/examples_ybr_color.dcm",
]


def decoded(name: str, frame: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    dataset, fmt = shared(name)
    return decode_frame(frame_of(dataset, fmt, frame), fmt)


@pytest.mark.parametrize("name", LOSSLESS)
def test_one_slice_is_identical_in_every_lossless_syntax(name: str) -> None:
    expected = decoded("syntaxes/ctimage/LittleEndianExplicit_1.2.1.dcm")
    found = decoded(f"syntaxes/ctimage/{name}.dcm")
    assert found.dtype == expected.dtype == np.dtype("<i2")
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("JPEG2000_1.2.4.91", 60), ("JPEGLSLossy_1.2.4.81", 20)],
)
def test_lossy_16_bit_slices_are_close(name: str, tolerance: int) -> None:
    expected = decoded("syntaxes/ctimage/LittleEndianExplicit_1.2.1.dcm").astype(int)
    assert np.abs(decoded(f"syntaxes/ctimage/{name}.dcm").astype(int) - expected).max() <= tolerance


def test_12_bit_extended_jpeg_looks_like_the_slice() -> None:
    """It was made of a rescaled copy, so the comparison is by correlation."""
    expected = decoded("syntaxes/ctimage/LittleEndianExplicit_1.2.1.dcm").astype(float)
    found = decoded("syntaxes/ctimage/JPEGProcess2_4_1.2.4.51.dcm")
    assert found.dtype == np.dtype("<u2")
    assert found.max() < 4096
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.99


NOT_DECODED_BY_PYDICOM = {
    "XA1_JPLY.dcm",
    "JPEGProcess2_4_1.2.4.51.dcm",
    "CR-MONO1-10-chest.dcm",
    "no-number-rows.dcm",
}
"""12-bit JPEG, no file meta, no Rows; test_render has them."""


def _readable() -> list[str]:
    names = [*SHARED.glob("syntaxes/**/*.dcm"), *SHARED.glob("pixels/*.dcm"), *SHARED.glob("modalities/*.dcm")]
    known = {path for path in names if path.name not in NOT_DECODED_BY_PYDICOM}
    return sorted(str(path.relative_to(SHARED)) for path in known)


@pytest.mark.filterwarnings("ignore::UserWarning")  # what pydicom thinks of the files is not the subject
@pytest.mark.parametrize("name", _readable())
def test_every_frame_kind_agrees_with_pydicom(name: str) -> None:
    path = SHARED / name
    dataset, fmt = _with_pixels(path)
    if fmt is None:
        assert "PixelData" not in dataset
        return
    last = fmt.number_of_frames
    for frame in {1, last}:
        offset = fmt.native_span(frame)[2] if fmt.is_native else 0
        found = decode_frame(frame_of(dataset, fmt, frame), fmt, bit_offset=offset)
        expected = pixel_array(dataset, index=frame - 1, raw=fmt.is_native)
        if fmt.is_native and not fmt.is_float and fmt.bits_allocated > 1:
            mask = (1 << fmt.bits_stored) - 1
            found, expected = found.astype(np.int64) & mask, expected.astype(np.int64) & mask
        tolerance = 0 if not fmt.photometric_interpretation.startswith("YBR") else 1
        assert found.shape == expected.shape
        assert np.abs(found.astype(float) - expected.astype(float)).max() <= tolerance


def _with_pixels(path: Path) -> tuple[Dataset, ImageFormat | None]:
    try:
        return shared(str(path.relative_to(SHARED)))
    except (PixelError, AttributeError):
        return Dataset(), None


@pytest.mark.parametrize("name", COMPRESSED)
def test_truncated_frames_are_refused(name: str) -> None:
    dataset, fmt = shared(name)
    encoded = frame_of(dataset, fmt).rstrip(b"\0")
    for length in (0, 1, 20, 200, len(encoded) // 2, len(encoded) - 2):
        with pytest.raises(PixelError):
            decode_frame(encoded[:length], fmt)


@pytest.mark.parametrize("name", COMPRESSED)
def test_damaged_frames_never_do_worse_than_an_error(name: str) -> None:
    dataset, fmt = shared(name)
    encoded = frame_of(dataset, fmt)
    chance = random.Random(name)
    refused = 0
    started = time.monotonic()
    for round_ in range(25):
        damaged = bytearray(encoded)
        for _ in range(chance.choice([1, 3, 10])):
            damaged[chance.randrange(200 if round_ % 2 else len(damaged))] = chance.randrange(256)
        try:
            array = decode_frame(bytes(damaged), fmt)
        except PixelError:
            refused += 1
        else:
            assert array.shape == fmt.shape
            assert array.dtype == fmt.dtype
    assert refused > 0
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_codestream_of_another_size_is_refused(name: str) -> None:
    dataset, fmt = shared(name)
    encoded = frame_of(dataset, fmt)
    for lying in (replace(fmt, rows=fmt.rows + 1), replace(fmt, columns=2 * fmt.columns), _other_samples(fmt)):
        with pytest.raises(PixelError):
            decode_frame(encoded, lying)


def _other_samples(fmt: ImageFormat) -> ImageFormat:
    return replace(fmt, samples_per_pixel=4 - fmt.samples_per_pixel)


@pytest.mark.parametrize("transfer_syntax_uid", ["1.2.840.10008.1.2.1", *DECODERS])
def test_pixel_bombs_are_refused_before_any_allocation(transfer_syntax_uid: str) -> None:
    _, fmt = shared("syntaxes/ctimage/LittleEndianExplicit_1.2.1.dcm")
    bomb = replace(fmt, rows=46341, columns=46341, transfer_syntax_uid=transfer_syntax_uid)
    with pytest.raises(TooLarge):
        decode_frame(b"\0" * 1000, bomb)


def test_the_limit_can_be_lowered() -> None:
    dataset, fmt = shared("syntaxes/ctimage/RLELossless_1.2.5.dcm")
    with pytest.raises(TooLarge):
        decode_frame(frame_of(dataset, fmt), fmt, maximum_samples=512 * 511)


def test_native_frames_that_end_early_are_refused() -> None:
    dataset, fmt = shared("broken/MR_truncated.dcm")
    with pytest.raises(PixelError, match="8130 of 8192"):
        decode_frame(frame_of(dataset, fmt), fmt)


def test_video_is_refused_by_name() -> None:
    _, fmt = shared("syntaxes/ctimage/LittleEndianExplicit_1.2.1.dcm")
    with pytest.raises(PixelError, match=r"4\.100"):
        decode_frame(b"\0" * 100, replace(fmt, transfer_syntax_uid="1.2.840.10008.1.2.4.100"))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_stored_htj2k_keeps_all_bits(bits: int, signed: bool) -> None:
    numbers = np.random.default_rng(bits).integers(0, 1 << bits, (70, 90)).astype(f"<u{bits // 8}")
    array = numbers.view(f"<i{bits // 8}") if signed else numbers
    _, fmt = shared("syntaxes/ctimage/LittleEndianExplicit_1.2.1.dcm")
    fmt = replace(fmt, rows=70, columns=90, bits_allocated=bits, bits_stored=bits, high_bit=bits - 1)
    fmt = replace(fmt, pixel_representation=int(signed), transfer_syntax_uid=HTJ2K_LOSSLESS)
    encoded = bytes(imagecodecs.htj2k_encode(array, reversible=True))
    assert np.array_equal(decode_frame(encoded, fmt), array)


def test_single_bit_frames_inside_a_byte() -> None:
    """Three frames of 3 x 3 bits follow each other without padding."""
    bits = np.random.default_rng(3).integers(0, 2, (3, 3, 3)).astype(np.uint8)
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    _, fmt = shared("pixels/liver_1frame.dcm")
    fmt = replace(fmt, rows=3, columns=3, number_of_frames=3)
    for frame in (1, 2, 3):
        offset, length, bit = fmt.native_span(frame)
        assert np.array_equal(decode_frame(data[offset : offset + length], fmt, bit_offset=bit), bits[frame - 1])


def test_jpeg_colour_follows_the_stream_where_the_header_is_wrong() -> None:
    """A YCbCr JPEG labelled RGB and an RGB JPEG labelled YBR_FULL_422 both come out right."""
    for name, wrong in (
        ("pixels/SC_rgb_dcmtk_+eb+cy+s4.dcm", "RGB"),
        ("pixels/SC_rgb_dcmtk_+eb+cr.dcm", "YBR_FULL_422"),
    ):
        dataset, fmt = shared(name)
        right = decode_frame(frame_of(dataset, fmt), fmt)
        mislabelled = replace(fmt, photometric_interpretation=wrong)
        assert np.array_equal(decode_frame(frame_of(dataset, fmt), mislabelled), right)
        assert right[5, 50].tolist()[0] > 200
        assert max(right[5, 50].tolist()[1:]) < 60
