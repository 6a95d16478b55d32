"""CT of a chest with contrast: 64 slices of 5 mm (PS3.3 A.3), with a nodule in the right upper lobe."""

import functools
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from sample_studies.chest import Chest, Organ
from sample_studies.field import Field, Floats, Noise, blur
from sample_studies.study import Patient, Series, Study, Task, set_pixels, uid

STUDY = Study(
    key="ct-chest",
    patient=Patient("LÊ^HOÀNG^ANH TUẤN", "001066027815", "19660905", "M", "059Y"),
    date="20260303",
    time="142230",
    accession_number="CT26030014",
    description="CT ngực có tiêm thuốc cản quang",
    referring_physician="TRỊNH^THỊ^MAI",
)
SLICES: Final = 64
SPACING: Final = 5.0
LOWEST: Final = -208.0
SIZE: Final = 512
PIXEL: Final = 380 / SIZE
OUTSIDE: Final = -2000
"""Stored outside the reconstruction circle: Pixel Padding Value."""

HOUNSFIELD: Final = {
    Organ.AIR: -1000, Organ.SKIN: 30, Organ.FAT: -105, Organ.MUSCLE: 58, Organ.CORTICAL_BONE: 880,
    Organ.SPONGY_BONE: 230, Organ.CARTILAGE: 105, Organ.LUNG: -862, Organ.VESSEL: 50, Organ.BRONCHUS: -40,
    Organ.AORTA: 285, Organ.PULMONARY_ARTERY: 250, Organ.VEIN: 165, Organ.CHAMBER: 235, Organ.MYOCARDIUM: 115,
    Organ.MEDIASTINAL_FAT: -95, Organ.LIVER: 92, Organ.SPLEEN: 108, Organ.STOMACH_GAS: -960, Organ.NODULE: 38,
    Organ.DISC: 72, Organ.CORD: 42, Organ.FISSURE: -740, Organ.OESOPHAGUS: 46,
}  # fmt: skip


@functools.cache
def chest() -> Chest:
    """The patient, made once."""
    return Chest()


@functools.cache
def _scanner() -> tuple[Noise, Field, Floats]:
    table = np.zeros(max(Organ) + 1, np.float32)
    for organ, value in HOUNSFIELD.items():
        table[organ] = value
    return Noise(12, SIZE, 0.8), Field(9, 3.0, cells=64), table


def hounsfield(number: int) -> Floats:
    """Slice ``number`` (0 is the lowest) in HU, 512 x 512, without the padding."""
    noise, texture, table = _scanner()
    axis = (np.arange(SIZE) - (SIZE - 1) / 2) * PIXEL
    rows = np.abs(axis - 6) < 126
    z = LOWEST + SPACING * number
    labels = chest().labels(axis, axis[rows], z)
    body = table[labels]
    lung = labels == Organ.LUNG
    depth = axis[rows][:, None].astype(np.float32)
    body += lung * (14 * texture.plane(z, axis[rows], axis) + 0.35 * depth)
    image = np.full((SIZE, SIZE), -1000, np.float32)
    image[rows] = body
    x, y = axis[None, :], axis[:, None]
    couch = y - 138 + 0.0016 * x**2
    image[(np.abs(couch) < 1.2) & (np.abs(x) < 170)] = 60
    image[(couch >= 1.2) & (couch < 14) & (np.abs(x) < 165)] = -880
    image = blur(image, 0.7)
    return image + noise.image(500 + number) * (11 + 5 * np.exp(-(((x / 120) ** 2) + (y / 90) ** 2))).astype(np.float32)


def _slice(number: int) -> Dataset:
    series = Series(STUDY, 3, "CT", "Ngực 5 mm tĩnh mạch", CTImageStorage, "Filmless Samples", "Phantom CT 64", "CHEST")
    series.instances = SLICES - 1 - number  # acquired from the head down
    dataset = series.dataset()
    z, corner = LOWEST + SPACING * number, -(SIZE - 1) / 2 * PIXEL
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientPosition = "HFS"
    dataset.FrameOfReferenceUID = uid(f"{STUDY.key}/frame")
    dataset.PositionReferenceIndicator = "SN"
    dataset.ImagePositionPatient = [f"{corner:.4f}", f"{corner:.4f}", f"{z:.2f}"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [f"{PIXEL:.6f}", f"{PIXEL:.6f}"]
    dataset.SliceThickness = dataset.SpacingBetweenSlices = f"{SPACING}"
    dataset.SliceLocation = f"{z:.2f}"
    dataset.AcquisitionNumber = 1
    dataset.KVP, dataset.XRayTubeCurrent, dataset.ExposureTime = "120", "210", "500"
    dataset.ConvolutionKernel = "B40"
    dataset.ReconstructionDiameter = "380"
    dataset.ContrastBolusAgent, dataset.ContrastBolusRoute = "IOHEXOL 350", "IV"
    dataset.ContrastBolusVolume = "80"
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "HU"
    dataset.WindowCenter, dataset.WindowWidth = ["40", "-600"], ["350", "1500"]
    dataset.WindowCenterWidthExplanation = ["MEDIASTINUM", "LUNG"]
    stored = np.clip(np.rint(hounsfield(number)), -1024, 3071).astype("<i2")
    axis = np.arange(SIZE) - (SIZE - 1) / 2
    stored[np.hypot(axis[:, None], axis[None, :]) > SIZE / 2] = OUTSIDE
    set_pixels(dataset, stored, bits_stored=16)
    dataset.PixelPaddingValue = OUTSIDE
    return dataset


def tasks() -> list[Task]:
    """All slices, from the highest down."""
    return [Task(STUDY, functools.partial(_slice, number)) for number in range(SLICES - 1, -1, -1)]
