"""Where images stand on a film, against the rules of PS3.3 §C.13.3 and §C.13.5."""

import pytest

from storage.dicom.film_format import Rectangle, film_size, image_boxes, number_of_boxes, placement
from storage.errors import InvalidRequest


@pytest.mark.parametrize(
    ("name", "orientation", "size"),
    [
        ("14INX17IN", "PORTRAIT", (355.6, 431.8)),
        ("14INX17IN", "LANDSCAPE", (431.8, 355.6)),
        ("8_5INX11IN", "PORTRAIT", (215.9, 279.4)),
        ("24CMX30CM", "LANDSCAPE", (300, 240)),
        ("10INX14IN", "PORTRAIT", (257, 364)),
        ("A4", "PORTRAIT", (210, 297)),
        ("SOMETHING", "PORTRAIT", (355.6, 431.8)),
        ("", "PORTRAIT", (355.6, 431.8)),
    ],
)
def test_sizes_of_films(name: str, orientation: str, size: tuple[float, float]) -> None:
    assert film_size(name, orientation) == pytest.approx(size)


@pytest.mark.parametrize(
    ("display_format", "corners"),
    [
        # Columns, then rows; from left to right and from top to bottom.
        ("STANDARD\\2,3", [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]),
        ("ROW\\1,2", [(0, 0), (0, 1), (1, 1)]),
        # From top to bottom and from left to right.
        ("COL\\2,1", [(0, 0), (0, 1), (1, 0)]),
    ],
)
def test_positions(display_format: str, corners: list[tuple[int, int]]) -> None:
    boxes = image_boxes(display_format, 200, 300)
    lefts = sorted({round(box.left) for box in boxes})
    tops = sorted({round(box.top) for box in boxes})
    assert [(lefts.index(round(box.left)), tops.index(round(box.top))) for box in boxes] == corners


def test_boxes_neither_touch_nor_leave_the_film() -> None:
    for display_format in ("STANDARD\\4,5", "ROW\\3,1,2", "COL\\1,4", "SLIDE", "SUPERSLIDE"):
        boxes = image_boxes(display_format, 355.6, 431.8, above=9, below=9)
        assert len(boxes) == number_of_boxes(display_format)
        for number, box in enumerate(boxes):
            assert box.left > 0
            assert box.top > 9
            assert box.left + box.width < 355.6
            assert box.top + box.height < 431.8 - 9
            assert not any(touches(box, other) for other in boxes[number + 1 :]), display_format


def touches(one: Rectangle, other: Rectangle) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


@pytest.mark.parametrize(
    "display_format", ["CUSTOM\\1", "STANDARD\\0,1", "STANDARD\\2", "STANDARD\\99,99", "ROW", "ROW\\", "x", ""]
)
def test_formats_that_are_not_printed(display_format: str) -> None:
    with pytest.raises(InvalidRequest):
        image_boxes(display_format, 200, 300)


BOX = Rectangle(0, 0, 100, 80)


@pytest.mark.parametrize(
    ("columns", "rows", "aspect", "requested", "behaviour", "width", "height", "outcome"),
    [
        (512, 512, (1, 1), 0, "DECIMATE", 80, 80, "fits"),
        (512, 256, (1, 1), 0, "FAIL", 100, 50, "fits"),
        (512, 256, (2, 1), 0, "FAIL", 80, 80, "fits"),
        (512, 512, (1, 1), 50, "FAIL", 50, 50, "fits"),
        (512, 512, (1, 1), 120, "DECIMATE", 80, 80, "decimated"),
        (512, 512, (1, 1), 120, "CROP", 120, 120, "cropped"),
        (512, 512, (1, 1), 120, "FAIL", 80, 80, "refused"),
        # Finer than the printer's dots of 0.05 mm.
        (3200, 3200, (1, 1), 0, "DECIMATE", 80, 80, "decimated"),
        (3200, 3200, (1, 1), 0, "CROP", 160, 160, "cropped"),
        (3200, 3200, (1, 1), 0, "FAIL", 80, 80, "refused"),
    ],
)
def test_how_an_image_is_placed(
    columns: int, rows: int, aspect: tuple[int, int], requested: float, behaviour: str,
    width: float, height: float, outcome: str,
) -> None:  # fmt: skip
    place = placement(BOX, columns, rows, aspect, requested, behaviour)
    assert (place.width, place.height) == pytest.approx((width, height))
    assert place.outcome == outcome
