"""A film as pictures: polarity, Presentation LUT, densities and the page, by the rules of PS3.3 §C.13 and PS3.14."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pytest

from storage.dicom.film import Film, FilmImage, PresentationLUT, Proposal, decode, encode
from storage.pixels.film import box_picture, p_value, page_of, printed_values
from storage.pixels.pdf import pdf_of

Pixels = npt.NDArray[np.integer]


def noise(rows: int, columns: int, bits: int = 8, number: int = 0) -> Pixels:
    kind = np.uint8 if bits == 8 else np.uint16
    return np.random.default_rng(number).integers(0, 1 << bits, (rows, columns)).astype(kind)


def image_of(array: Pixels, position: int = 1, bits: int = 8, **more: object) -> FilmImage:
    made = FilmImage(
        position, array.shape[0], array.shape[1], 3 if array.ndim == 3 else 1, 8 if bits == 8 else 16, bits,
        "RGB" if array.ndim == 3 else "MONOCHROME2", array.tobytes(),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def film_of(*images: FilmImage, **more: object) -> Film:
    made = Film("2.25.1", datetime(2026, 11, 22, 8, tzinfo=UTC), "CT1", images)
    return replace(made, **more)  # type: ignore[arg-type]


def test_what_is_kept_of_a_film_is_the_film() -> None:
    film = film_of(
        image_of(noise(5, 7), requested_width=120.5, polarity="REVERSE", aspect=(2, 1)),
        image_of(noise(4, 4, 12), 2, 12, lut=PresentationLUT(shape="LIN OD"), behaviour="CROP"),
        image_of(np.stack([noise(3, 5)] * 3, axis=2), 4),
        display_format="ROW\\1,2,1", size="24CMX30CM", label="Nguyễn Văn Đức", annotations=((4, "một"), (1, "hai")),
        proposal=Proposal("NGUYỄN^VĂN^ĐỨC", "079", study_instance_uid="1.2.3"), trim=True, border_density="150",
        lut=PresentationLUT(bits=12, entries=tuple(range(0, 4096, 16))),
    )  # fmt: skip
    assert decode(encode(film)) == film


def test_polarity_and_photometric_interpretation_undo_each_other() -> None:
    array = noise(8, 8)
    for photometric, polarity, inverted in (
        ("MONOCHROME2", "NORMAL", False),
        ("MONOCHROME2", "REVERSE", True),
        ("MONOCHROME1", "NORMAL", True),
        ("MONOCHROME1", "REVERSE", False),
    ):
        image = image_of(array, photometric_interpretation=photometric, polarity=polarity)
        values, bits = printed_values(image, film_of(image))
        assert bits == 8
        assert (values == (255 - array if inverted else array)).all()
        picture = box_picture(image, film_of(image))
        assert (picture.array == array).all()
        assert picture.photometric == ("MONOCHROME1" if inverted else "MONOCHROME2")


def test_every_pixel_of_every_image_is_on_the_page() -> None:
    arrays = [noise(512, 512, number=number) for number in range(6)]
    film = film_of(
        *(image_of(array, position) for position, array in enumerate(arrays, 1)),
        display_format="STANDARD\\2,3", trim=True, annotations=((2, "NGUYỄN VĂN ĐỨC"), (6, "BN 079")),
    )  # fmt: skip
    page = page_of(film)
    assert (page.bits_stored, page.width_mm, page.height_mm) == (8, 355.6, 431.8)
    for array, (left, top, width, height) in zip(arrays, page.places, strict=True):
        assert (width, height) == (512, 512)
        assert (page.array[top : top + height, left : left + width] == array).all()
        assert (page.array[top - 1, left : left + width] == 255).all()
    assert page.array[:20].max() == 255  # what is written above
    assert pdf_of(page) == pdf_of(page)


def test_deep_images_stay_deep() -> None:
    deep, flat = noise(640, 640, 12), noise(640, 640)
    page = page_of(film_of(image_of(deep, 1, 12), image_of(flat, 2), display_format="STANDARD\\2,1"))
    (left, top, width, height), (left_2, top_2, *_) = page.places
    assert page.bits_stored == 12
    assert (page.array[top : top + height, left : left + width] == deep).all()
    expected = (flat.astype(int) * 4095 + 127) // 255
    assert (page.array[top_2 : top_2 + height, left_2 : left_2 + width] == expected).all()
    assert page.eight_bits().dtype == np.uint8


def test_colour_is_kept() -> None:
    array = np.stack([noise(640, 640, number=number) for number in range(3)], axis=2)
    film = film_of(image_of(array), border_density="WHITE", size="8INX10IN")
    page = page_of(film)
    ((left, top, width, height),) = page.places
    assert (page.array[top : top + height, left : left + width] == array).all()
    assert (page.array[0, 0] == 255).all()
    reverse = image_of(array, polarity="REVERSE")
    assert (box_picture(reverse, film).array == 255 - array).all()


def test_small_images_are_shown_by_whole_pixels_or_not_made_larger() -> None:
    array = noise(64, 64)
    repeated = page_of(film_of(image_of(array, magnification="REPLICATE")))
    ((left, top, width, height),) = repeated.places
    shown = repeated.array[top : top + height, left : left + width]
    factor = width // 64
    assert factor > 1
    assert (shown == np.kron(array, np.ones((factor, factor), dtype=np.uint8))).all()
    alone = page_of(film_of(image_of(array, magnification="NONE")))
    ((left, top, width, height),) = alone.places
    assert (width, height) == (64, 64)
    assert (alone.array[top : top + 64, left : left + 64] == array).all()


def test_a_cropped_image_shows_its_middle_at_the_size_asked_for() -> None:
    array = noise(2400, 2400)
    box_mm = 355.6 - 2 - 1.6
    page = page_of(film_of(image_of(array, requested_width=2 * box_mm, behaviour="CROP"), size="14INX14IN"))
    ((left, top, width, height),) = page.places
    assert abs(width - 1200) <= 3
    shown = page.array[top : top + height, left : left + width]
    start = (2400 - height) // 2, (2400 - width) // 2
    assert (shown == array[start[0] : start[0] + height, start[1] : start[1] + width]).all()


def test_densities_are_seen_as_on_the_light_box() -> None:
    film = film_of(min_density=20, max_density=300)
    assert (p_value("BLACK", film, 255), p_value("WHITE", film, 255)) == (0, 255)
    assert (p_value("300", film, 255), p_value("20", film, 255), p_value("5", film, 255)) == (0, 255, 255)
    levels = [p_value(str(density), film, 4095) for density in range(20, 301, 20)]
    assert levels == sorted(levels, reverse=True)
    assert len(set(levels)) == len(levels)


def test_presentation_luts() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    inverse = PresentationLUT(bits=10, entries=tuple(round(1023 - one * 1023 / 255) for one in range(256)))
    values, bits = printed_values(image_of(ramp, lut=inverse), film_of())
    assert bits == 12
    assert np.abs(values.astype(int).ravel() - np.round(4095 - np.arange(256) * 4095 / 255)).max() <= 2
    identity = image_of(ramp, lut=PresentationLUT(shape="IDENTITY"))
    assert (printed_values(identity, film_of())[0] == ramp).all()
    optical, _ = printed_values(image_of(ramp, lut=PresentationLUT(shape="LIN OD")), film_of())
    # The input is density: more of it is darker, and not in a straight line.
    assert (optical.ravel()[[0, 255]] == [4095, 0]).all()
    assert (np.diff(optical.ravel().astype(int)) <= 0).all()
    assert optical.ravel()[128] < 2000
    picture = box_picture(image_of(ramp, lut=PresentationLUT(shape="LIN OD")), film_of())
    assert (picture.bits_stored, picture.photometric) == (12, "MONOCHROME2")


@pytest.mark.parametrize("bits", [10, 14, 16])
def test_other_depths(bits: int) -> None:
    array = noise(300, 300, bits)
    page = page_of(film_of(image_of(array, 1, bits), size="8INX10IN"))
    ((left, top, width, height),) = page.places
    expected = (array.astype(np.uint64) * 4095 + ((1 << bits) - 1) // 2) // ((1 << bits) - 1)
    if (width, height) == array.shape:
        assert (page.array[top : top + height, left : left + width] == expected).all()
    assert page.array.max() <= 4095
