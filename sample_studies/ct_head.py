"""CT of a head without contrast: 64 slices of 2.5 mm (PS3.3 A.3), with a small haemorrhage."""

import functools
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from sample_studies.field import Floats, Noise, blur
from sample_studies.head import Head, Tissue
from sample_studies.study import Patient, Series, Study, Task, set_pixels, uid

STUDY = Study(
    key="ct-head",
    patient=Patient("NGUYỄN^VĂN^ĐỨC", "001058003412", "19580317", "M", "068Y"),
    date="20260302",
    time="081512",
    accession_number="CT26030001",
    description="CT sọ não không tiêm thuốc",
)
SLICES: Final = 64
SPACING: Final = 2.5
LOWEST: Final = -60.0
SIZE: Final = 512
PIXEL: Final = 240 / SIZE

HOUNSFIELD: Final = {
    Tissue.AIR: -1000,
    Tissue.SKIN: 40,
    Tissue.FAT: -95,
    Tissue.MUSCLE: 52,
    Tissue.CORTICAL_BONE: 1450,
    Tissue.SPONGY_BONE: 620,
    Tissue.CSF: 7,
    Tissue.GREY: 39,
    Tissue.WHITE: 29,
    Tissue.DURA: 56,
    Tissue.BLOOD: 66,
    Tissue.OEDEMA: 19,
    Tissue.CALCIFICATION: 150,
    Tissue.VITREOUS: 9,
    Tissue.LENS: 85,
    Tissue.MUCOSA: 30,
    Tissue.DEEP_GREY: 38,
}


@functools.cache
def _scanner() -> tuple[Head, Noise, Floats]:
    table = np.zeros(max(Tissue) + 1, np.float32)
    for tissue, value in HOUNSFIELD.items():
        table[tissue] = value
    return Head(), Noise(11, SIZE, 0.75), table


def hounsfield(number: int) -> Floats:
    """Slice ``number`` (0 is the lowest) in HU, 512 x 512."""
    head, noise, table = _scanner()
    axis = (np.arange(SIZE) - (SIZE - 1) / 2) * PIXEL
    columns, rows = np.abs(axis) < 92, np.abs(axis) < 112
    z = LOWEST + SPACING * number
    image = np.full((SIZE, SIZE), -1000, np.float32)
    image[np.ix_(rows, columns)] = table[head.labels(axis[columns], axis[rows] + 2, z)]
    x, y = axis[None, :], axis[:, None]
    rest = np.abs(np.hypot(x, (y + 10) * 1.02) - 111)
    holder = (rest < 1.6) & (y > 20)
    image[holder & (image < -900)] = -180
    image[(rest < 5.5) & (rest >= 1.6) & (y > 20) & (image < -900)] = -930
    image = blur(image, 0.75)
    bony = blur((image > 300).astype(np.float32), 9.0)
    return image + noise.image(number) * (3.4 + 9 * bony)


def _slice(number: int) -> Dataset:
    series = Series(STUDY, 2, "CT", "Sọ não 2.5 mm", CTImageStorage, "Filmless Samples", "Phantom CT 64", "HEAD")
    series.instances = number
    dataset = series.dataset()
    z = LOWEST + SPACING * number
    corner = -(SIZE - 1) / 2 * PIXEL
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientPosition = "HFS"
    dataset.FrameOfReferenceUID = uid(f"{STUDY.key}/frame")
    dataset.PositionReferenceIndicator = "OM"
    dataset.ImagePositionPatient = [f"{corner:.4f}", f"{corner + 2:.4f}", f"{z:.2f}"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [f"{PIXEL:.6f}", f"{PIXEL:.6f}"]
    dataset.SliceThickness = dataset.SpacingBetweenSlices = f"{SPACING}"
    dataset.SliceLocation = f"{z:.2f}"
    dataset.AcquisitionNumber = 1
    dataset.KVP, dataset.XRayTubeCurrent, dataset.ExposureTime = "120", "260", "1000"
    dataset.ConvolutionKernel = "H30"
    dataset.GantryDetectorTilt = "0"
    dataset.ReconstructionDiameter = "240"
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
    dataset.WindowCenter, dataset.WindowWidth = ["40", "480"], ["80", "2500"]
    dataset.WindowCenterWidthExplanation = ["BRAIN", "BONE"]
    stored = np.clip(np.rint(hounsfield(number) + 1024), 0, 4095).astype("<u2")
    set_pixels(dataset, stored, bits_stored=12)
    return dataset


def tasks() -> list[Task]:
    """All slices, from the lowest up."""
    return [Task(STUDY, functools.partial(_slice, number)) for number in range(SLICES)]
