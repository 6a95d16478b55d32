"""The server's rendering against the display truth suite, at 1:1 (PS3.3 C.11, C.7.6.3)."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from storage.pixels.decode import HTJ2K_LOSSLESS, decode_frame
from storage.pixels.deliver import EXPLICIT_VR_LITTLE_ENDIAN, deliver, delivered_format, is_deliverable
from storage.pixels.image import ImageFormat
from storage.pixels.render import RenderOptions, picture, render_frame
from tests.storage.pixels.frames import frame_of
from tests.truth.cases import Case, cases


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_rendered_png_shows_the_truth(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "case.dcm"
    case.dataset.save_as(path, enforce_file_format=True)
    dataset = pydicom.dcmread(path)
    fmt = ImageFormat.of(dataset, dataset.file_meta.TransferSyntaxUID)
    png = render_frame(frame_of(dataset, fmt, case.frame), dataset, fmt, case.frame, RenderOptions(format="image/png"))
    shown = np.asarray(Image.open(io.BytesIO(png))).astype(int)
    assert shown.shape == case.expected.shape
    assert np.abs(shown - case.expected).max() <= 1


@pytest.mark.parametrize("target", [EXPLICIT_VR_LITTLE_ENDIAN, HTJ2K_LOSSLESS])
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_delivered_frames_show_the_truth_too(case: Case, target: str) -> None:
    fmt = ImageFormat.of(case.dataset, case.dataset.file_meta.TransferSyntaxUID)
    if not is_deliverable(fmt, target):
        assert target == HTJ2K_LOSSLESS
        assert fmt.bits_allocated == 1 or fmt.photometric_interpretation.startswith("YBR")
        return
    delivered = delivered_format(fmt, target)
    array = decode_frame(deliver(frame_of(case.dataset, fmt, case.frame), fmt, target), delivered)
    shown = np.asarray(picture(array, case.dataset, case.frame, RenderOptions(), delivered))
    assert np.abs(shown.astype(int) - case.expected).max() <= 1
