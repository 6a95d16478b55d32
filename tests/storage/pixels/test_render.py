"""Rendered frames: media types, viewport, pixel shape, window override, and every real file (PS3.18 §8.3.5)."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from storage.errors import NotAcceptable, PixelError
from storage.pixels.decode import decode_frame
from storage.pixels.grayscale import GrayscalePipeline
from storage.pixels.image import ImageFormat
from storage.pixels.render import RenderOptions, display, render, render_frame
from storage.pixels.viewport import Viewport
from tests.storage.pixels.frames import SHARED, frame_of, shared

PNG = RenderOptions(format="image/png")


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def rendered(name: str, options: RenderOptions, frame: int = 1) -> Image.Image:
    dataset, fmt = shared(name)
    return picture(render_frame(frame_of(dataset, fmt, frame), dataset, fmt, frame, options))


def _with_pixel_data() -> list[str]:
    names = []
    for path in sorted(SHARED.rglob("*.dcm")):
        folder = path.relative_to(SHARED).parts[0]
        if folder in {"pixels", "modalities", "syntaxes", "charsets"}:
            names.append(str(path.relative_to(SHARED)))
    return names


@pytest.mark.filterwarnings("ignore::UserWarning")  # what pydicom thinks of the files is not the subject
@pytest.mark.parametrize("name", _with_pixel_data())
def test_every_real_file_renders_or_says_why_not(name: str) -> None:
    dataset = pydicom.dcmread(SHARED / name, force=True)
    if not {"PixelData", "FloatPixelData", "DoubleFloatPixelData"} & {element.keyword for element in dataset}:
        return
    transfer_syntax_uid = str(dataset.file_meta.get("TransferSyntaxUID", "1.2.840.10008.1.2"))
    if name.endswith("no-number-rows.dcm"):
        with pytest.raises(PixelError, match="Rows is missing"):
            ImageFormat.of(dataset, transfer_syntax_uid)
        return
    fmt = ImageFormat.of(dataset, transfer_syntax_uid)
    jpeg = picture(render_frame(frame_of(dataset, fmt), dataset, fmt, 1, RenderOptions(viewport=Viewport(128, 128))))
    assert jpeg.format == "JPEG"
    assert max(jpeg.size) <= 128
    assert jpeg.mode == ("L" if fmt.photometric_interpretation.startswith("MONO") else "RGB")


def test_the_viewport_keeps_the_shape_and_never_enlarges() -> None:
    ct = "syntaxes/ctimage/LittleEndianExplicit_1.2.1.dcm"
    assert rendered(ct, RenderOptions(viewport=Viewport(200, 100))).size == (100, 100)
    assert rendered(ct, RenderOptions(viewport=Viewport(4000, 4000))).size == (512, 512)
    assert rendered("pixels/examples_overlay.dcm", RenderOptions(viewport=Viewport(242, 999))).size == (242, 150)


def test_downsampling_averages_instead_of_picking() -> None:
    checks = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype("u1")
    dataset, fmt = plain(checks)
    small = np.asarray(picture(render(checks, dataset, 1, replace(PNG, viewport=Viewport(32, 32)), fmt)))
    assert np.abs(small.astype(int) - 127).max() <= 2


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ({"PixelSpacing": [2, 1]}, (64, 96)),
        ({"PixelSpacing": [1, 2]}, (128, 48)),
        ({"ImagerPixelSpacing": [0.3, 0.1]}, (64, 144)),
        ({"PixelAspectRatio": ["3", "2"]}, (64, 72)),
        ({"PixelSpacing": [1000, 1]}, (64, 48)),
        ({"PixelSpacing": [0, 1]}, (64, 48)),
    ],
)
def test_non_square_pixels_become_square(attributes: dict[str, Any], size: tuple[int, int]) -> None:
    array = np.zeros((48, 64), "u1")
    dataset, fmt = plain(array, **attributes)
    assert picture(render(array, dataset, 1, PNG, fmt)).size == size


def test_the_window_asked_for_replaces_the_header_s() -> None:
    array = np.arange(256, dtype="u1").reshape(16, 16)
    dataset, fmt = plain(array, WindowCenter=10, WindowWidth=2)
    shown = np.asarray(picture(render(array, dataset, 1, replace(PNG, window=(128, 256, "LINEAR")), fmt)))
    assert np.array_equal(shown, array)
    exact = np.asarray(picture(render(array, dataset, 1, replace(PNG, window=(100, 100, "LINEAR_EXACT")), fmt)))
    assert exact[0, 0] == 0
    assert exact.flat[150] == 255
    assert exact.flat[100] == 128


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (RenderOptions(window=(0, 0, "LINEAR")), PixelError),
        (RenderOptions(window=(0, float("nan"), "LINEAR")), PixelError),
        (RenderOptions(viewport=Viewport(0, 10)), NotAcceptable),
        (RenderOptions(quality=0), NotAcceptable),
        (RenderOptions(format="image/gif"), NotAcceptable),  # type: ignore[arg-type]  # what a client may send
    ],
)
def test_impossible_options_are_refused(options: RenderOptions, error: type[Exception]) -> None:
    array = np.zeros((8, 8), "u1")
    dataset, fmt = plain(array)
    with pytest.raises(error):
        render(array, dataset, 1, options, fmt)


def test_float_pixels_and_doses_show_their_range() -> None:
    for name in ("modalities/parametric_map_float.dcm", "modalities/rtdose.dcm"):
        shown = np.asarray(rendered(name, PNG))
        assert shown.min() == 0
        assert shown.max() == 255


def test_not_a_number_is_black() -> None:
    array = np.array([[np.nan, 1.0], [2.0, np.inf]], "<f4")
    dataset, fmt = plain(array)
    fmt = replace(fmt, is_float=True)
    assert display(array, dataset, 1, fmt).tolist() == [[0, 0], [255, 0]]


def test_unreadable_windows_count_as_absent() -> None:
    array = np.arange(256, dtype="u1").reshape(16, 16)
    dataset, fmt = plain(array, WindowCenter=100, WindowWidth=0)
    assert display(array, dataset, 1, fmt).tolist() == array.tolist()


def test_a_constant_frame_and_a_frame_of_padding_are_black() -> None:
    array = np.full((4, 4), 7, "u1")
    dataset, fmt = plain(array)
    assert not display(array, dataset, 1, fmt).any()
    dataset.PixelPaddingValue = 7
    assert not display(array, dataset, 1, fmt).any()


def test_the_full_range_window_is_what_the_rule_says() -> None:
    array = np.array([[100, 200], [300, 0]], "<u2")
    dataset, fmt = plain(array, PixelPaddingValue=0, RescaleSlope="2", RescaleIntercept="-50")
    window = GrayscalePipeline.of(dataset, 1, fmt).full_range_of(array, fmt)
    assert (window.center, window.width, window.function) == (350.0, 400.0, "LINEAR_EXACT")


def test_damaged_tables_are_a_pixel_error() -> None:
    array = np.zeros((4, 4), "u1")
    item = Dataset()
    item.LUTDescriptor = [256, 0, 16]
    item.LUTData = [0] * 10
    dataset, fmt = plain(array, VOILUTSequence=[item])
    with pytest.raises(PixelError, match="10 of 256"):
        display(array, dataset, 1, fmt)
    palette, fmt = plain(array, PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(PixelError, match="missing"):
        display(array, palette, 1, fmt)


def test_jpeg_quality_changes_the_size() -> None:
    ct = "syntaxes/ctimage/LittleEndianExplicit_1.2.1.dcm"
    dataset, fmt = shared(ct)
    array = decode_frame(frame_of(dataset, fmt), fmt)
    low, high = (len(render(array, dataset, 1, RenderOptions(quality=q), fmt)) for q in (30, 95))
    assert low * 2 < high


def plain(array: np.ndarray[Any, np.dtype[Any]], **attributes: Any) -> tuple[Dataset, ImageFormat]:
    """A minimal header of a native grayscale array."""
    bits = array.dtype.itemsize * 8
    dataset = Dataset()
    dataset.Rows, dataset.Columns = array.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset, ImageFormat.of(dataset, "1.2.840.10008.1.2.1")
