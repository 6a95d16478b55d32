"""Encoded frames of a data set, as the archive hands them to the pixel code."""

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from storage.pixels.image import ImageFormat
from tests.peers import shared_dicom

SHARED = shared_dicom() or Path("shared-dicom-is-not-here")
"""Real and broken objects beside the checkout; see its MANIFEST.md."""


def frame_of(dataset: Dataset, fmt: ImageFormat, frame: int = 1) -> bytes:
    """Frame ``frame`` (from 1) as stored."""
    keyword = next(name for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if name in dataset)
    data: bytes = dataset[keyword].value
    if fmt.is_native:
        offset, length, _ = fmt.native_span(frame)
        return data[offset : offset + length]
    frames = generate_frames(data, number_of_frames=fmt.number_of_frames)
    return next(found for number, found in enumerate(frames, 1) if number == frame)


def shared(name: str) -> tuple[Dataset, ImageFormat]:
    """A shared file and its format; the test is skipped where the shared files are not."""
    if not SHARED.is_dir():
        pytest.skip("../shared/dicom is not here")
    dataset = pydicom.dcmread(SHARED / name, force=True)
    return dataset, ImageFormat.of(dataset, dataset.file_meta.TransferSyntaxUID)
