"""Reading the Image Pixel module: what is impossible is refused, what is merely sloppy is not (PS3.3 C.7.6.3)."""

import pytest
from pydicom.dataset import Dataset

from storage.errors import PixelError
from storage.pixels.image import ImageFormat

ELE = "1.2.840.10008.1.2.1"


def header(**attributes: object) -> Dataset:
    dataset = Dataset()
    plain = {
        "Rows": 4,
        "Columns": 6,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
    }
    for keyword, value in (plain | attributes).items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    "attributes",
    [
        {"Rows": None},
        {"Columns": 0},
        {"BitsAllocated": 12},
        {"BitsAllocated": None},
        {"BitsStored": 17},
        {"BitsStored": 0},
        {"SamplesPerPixel": 4},
        {"SamplesPerPixel": 0},
        {"PixelRepresentation": 2},
        {"NumberOfFrames": -1},
    ],
)
def test_impossible_headers_are_refused(attributes: dict[str, object]) -> None:
    with pytest.raises(PixelError):
        ImageFormat.of(header(**attributes), ELE)


def test_missing_attributes_that_have_one_sensible_value_are_filled_in() -> None:
    fmt = ImageFormat.of(header(HighBit=None, PixelRepresentation=None, PhotometricInterpretation=None), ELE)
    assert (fmt.high_bit, fmt.pixel_representation, fmt.photometric_interpretation) == (11, 0, "MONOCHROME2")


def test_an_impossible_high_bit_is_read_as_the_usual_one() -> None:
    assert ImageFormat.of(header(HighBit=5), ELE).shift == 0
    assert ImageFormat.of(header(HighBit=15), ELE).shift == 4


def test_float_pixels_are_known_without_their_data() -> None:
    fmt = ImageFormat.of(header(BitsAllocated=32, BitsStored=None, HighBit=None), ELE)
    assert fmt.is_float
    assert fmt.dtype.str == "<f4"


def test_native_spans() -> None:
    assert ImageFormat.of(header(), ELE).native_span(3) == (2 * 48, 48, 0)
    colour = header(SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", BitsAllocated=8, BitsStored=8)
    assert ImageFormat.of(colour, ELE).native_span(2) == (48, 48, 0)
    bits = ImageFormat.of(header(Rows=3, Columns=3, BitsAllocated=1, BitsStored=1, HighBit=0), ELE)
    assert [bits.native_span(frame) for frame in (1, 2, 3)] == [(0, 2, 0), (1, 2, 1), (2, 2, 2)]
