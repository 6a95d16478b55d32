"""Shutters and overlay planes in rendered pictures (PS3.3 C.7.6.11, C.9.2), against a count of pixels."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from storage.pixels.image import ImageFormat
from storage.pixels.overlay import painted
from storage.pixels.render import RenderOptions, display, render
from storage.pixels.shutter import Shutter
from tests.truth import independent

ROWS, COLUMNS = 12, 20


def image(**attributes: object) -> Dataset:
    """An 8-bit image of the value 100."""
    ds = Dataset()
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = 127.5, 255, "LINEAR_EXACT"
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


RECTANGLE = {
    "ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 3, "ShutterRightVerticalEdge": 18,
    "ShutterUpperHorizontalEdge": 2, "ShutterLowerHorizontalEdge": 10,
}  # fmt: skip


def seen(ds: Dataset, aspect: float = 1.0) -> npt.NDArray[np.bool_]:
    found = Shutter.of(ds, 1, (ROWS, COLUMNS), aspect)
    assert found is not None
    return found.seen


def test_a_rectangle_counts_from_one_and_holds_its_edges() -> None:
    mask = seen(image(**RECTANGLE))
    assert mask.sum() == 16 * 9
    assert mask[1, 2]
    assert mask[9, 17]
    assert not mask[0, 2]
    assert not mask[1, 18]


def test_a_circle_is_round_on_the_patient() -> None:
    attributes = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [6, 10], "RadiusOfCircularShutter": 4}
    square = seen(image(**attributes))
    assert (square.any(1).sum(), square.any(0).sum()) == (9, 9)
    tall = seen(image(**attributes), aspect=2.0)
    assert (tall.any(1).sum(), tall.any(0).sum()) == (5, 9)


def test_several_shapes_show_what_is_in_all_of_them() -> None:
    triangle = {"VerticesOfThePolygonalShutter": [1, 1, 1, 20, 12, 1]}
    both = image(**{**RECTANGLE, **triangle, "ShutterShape": ["RECTANGULAR", "POLYGONAL"]})
    alone = seen(image(**triangle, ShutterShape="POLYGONAL"))
    assert (seen(both) == (alone & seen(image(**RECTANGLE)))).all()
    assert 0 < alone.sum() < ROWS * COLUMNS


@pytest.mark.parametrize("attributes", [{}, {"ShutterShape": "RECTANGULAR"}, {"ShutterShape": "HEXAGONAL"}])
def test_nothing_is_hidden_by_guess(attributes: dict[str, object]) -> None:
    assert Shutter.of(image(**attributes), 1, (ROWS, COLUMNS), 1.0) is None


def test_a_rendered_picture_has_both() -> None:
    ds = image(**RECTANGLE, ShutterPresentationValue=0x8080)
    plane = np.zeros((4, 4), np.uint8)
    plane[1, 2] = 1
    for element, vr, value in (
        (0x0010, "US", 4), (0x0011, "US", 4), (0x0040, "CS", "G"), (0x0050, "SS", [5, 7]), (0x0100, "US", 1),
        (0x0102, "US", 0), (0x3000, "OW", np.packbits(plane, bitorder="little").tobytes()),
    ):  # fmt: skip
        ds.add_new((0x6000, element), vr, value)
    body = render(np.full((ROWS, COLUMNS), 100, np.uint8), ds, 1, RenderOptions(format="image/png"))
    picture = np.asarray(Image.open(io.BytesIO(body)))
    expected = np.full((ROWS, COLUMNS), 128, np.uint8)
    expected[1:10, 2:18] = 100
    expected[5, 8] = 255
    assert (picture == expected).all()


def test_a_plane_outside_of_the_image_and_in_unused_bits() -> None:
    ds = image()
    for element, vr, value in (
        (0x0010, "US", ROWS),
        (0x0011, "US", COLUMNS),
        (0x0050, "SS", [1, 1]),
        (0x0102, "US", 7),
    ):
        ds.add_new((0x6002, element), vr, value)
    stored = np.zeros((ROWS, COLUMNS), np.uint8)
    stored[3, 4] = 0x80
    black = np.zeros((ROWS, COLUMNS), np.uint8)
    assert np.argwhere(painted(black, ds, 1, stored)).tolist() == [[3, 4]]
    ds[0x60020050].value = [100, -50]
    assert not painted(black, ds, 1, stored).any()
    assert painted(black, image(), 1) is black


CIRCLE = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [6, 10], "RadiusOfCircularShutter": 7}
TRIANGLE = {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 3, 11, 3, 11, 18]}


@pytest.mark.parametrize("origin", [(1, 1), (-2, 5), (9, 16)])
@pytest.mark.parametrize("shutter", [{}, RECTANGLE, {**CIRCLE, "PixelSpacing": [2, 1]}, TRIANGLE], ids=str)
def test_the_independent_reading_draws_the_same(shutter: dict[str, object], origin: tuple[int, int]) -> None:
    ds = image(**shutter)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.PixelData = bytes([100]) * (ROWS * COLUMNS)
    plane = np.random.default_rng(5).integers(0, 2, (6, 8), np.uint8)
    for element, vr, value in (
        (0x0010, "US", 6), (0x0011, "US", 8), (0x0040, "CS", "G"), (0x0050, "SS", list(origin)), (0x0100, "US", 1),
        (0x0102, "US", 0), (0x3000, "OW", np.packbits(plane, bitorder="little").tobytes()),
    ):  # fmt: skip
        ds.add_new((0x6004, element), vr, value)
    file = io.BytesIO()
    ds.save_as(file)
    expected = independent.picture(file.getvalue())
    assert expected is not None
    picture = display(ds.pixel_array, ds, 1, ImageFormat.of(ds, ExplicitVRLittleEndian))
    found = Shutter.of(ds, 1, (ROWS, COLUMNS), 2.0 if "PixelSpacing" in ds else 1.0)
    made = painted(picture if found is None else found.shut(picture), ds, 1)
    differing = int((np.abs(made - expected) > 1).sum())
    # A pixel that the edge of a polygon cuts is inside for the one and not for the other.
    assert differing <= (ROWS + COLUMNS if shutter is TRIANGLE else 0)
