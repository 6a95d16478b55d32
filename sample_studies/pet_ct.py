"""PET/CT of the chest that the CT of months before shows: the nodule has taken up FDG (PS3.3 A.21, C.8.9)."""

import functools
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, PositronEmissionTomographyImageStorage

from sample_studies.chest import Organ
from sample_studies.ct_chest import HOUNSFIELD, LOWEST, SLICES, SPACING, chest
from sample_studies.ct_chest import STUDY as EARLIER
from sample_studies.field import Field, Floats, Noise, blur
from sample_studies.study import Series, Study, Task, code, set_pixels, uid

STUDY = Study(
    key="pet-ct",
    patient=EARLIER.patient,
    date="20260914",
    time="141000",
    accession_number="PT26090007",
    description="PET/CT ngực FDG",
    referring_physician="TRỊNH^THỊ^MAI",
)
FRAME_OF_REFERENCE: Final = "pet-ct/frame"
WIDTH: Final = 400.0
CT_SIZE: Final = 256
PET_SIZE: Final = 128
INJECTED: Final = "130800"
DOSE: Final = 370e6
HALF_LIFE: Final = 6586.2
WEIGHT: Final = 68.0
SLOPE: Final = 1.5
"""Becquerels per millilitre of one stored step."""

UPTAKE: Final = {
    Organ.SKIN: 0.4, Organ.FAT: 0.3, Organ.MUSCLE: 0.7, Organ.CORTICAL_BONE: 0.6, Organ.SPONGY_BONE: 1.4,
    Organ.CARTILAGE: 0.6, Organ.LUNG: 0.45, Organ.VESSEL: 1.3, Organ.BRONCHUS: 0.6, Organ.AORTA: 1.7,
    Organ.PULMONARY_ARTERY: 1.7, Organ.VEIN: 1.6, Organ.CHAMBER: 1.7, Organ.MYOCARDIUM: 4.5,
    Organ.MEDIASTINAL_FAT: 0.6, Organ.LIVER: 2.3, Organ.SPLEEN: 1.9, Organ.STOMACH_GAS: 0.3, Organ.NODULE: 14.0,
    Organ.DISC: 0.6, Organ.CORD: 1.4, Organ.FISSURE: 0.5, Organ.OESOPHAGUS: 1.5,
}  # fmt: skip
"""Standardised uptake value by body weight of each tissue, in g/ml."""


@functools.cache
def _detector() -> tuple[Noise, Field]:
    return Noise(31, CT_SIZE, 0.8), Field(32, 6.0, cells=64)


def _tissues(size: int, number: int) -> tuple[Floats, Floats]:
    """Hounsfield units and uptake on a plane of ``size`` x ``size`` pixels; slice 0 is the lowest."""
    axis = _axis(size)
    labels = chest().labels(axis, axis, LOWEST + SPACING * number)
    attenuation, uptake = np.full(max(Organ) + 1, -1000, np.float32), np.zeros(max(Organ) + 1, np.float32)
    for organ, value in HOUNSFIELD.items():
        attenuation[organ] = value
    for organ, taken in UPTAKE.items():
        uptake[organ] = taken
    return attenuation[labels], uptake[labels]


def _axis(size: int) -> Floats:
    return ((np.arange(size) - (size - 1) / 2) * (WIDTH / size)).astype(np.float32)


def suv(number: int) -> Floats:
    """Standardised uptake value (g/ml, body weight) of a slice as the camera sees it: blurred, then noisy."""
    noise, _ = _detector()
    _, uptake = _tissues(PET_SIZE, number)
    seen = blur(uptake, 0.9)
    grain = noise.image(900 + number)[:PET_SIZE, :PET_SIZE]
    return np.clip(seen + 0.12 * np.sqrt(np.clip(seen, 0.02, None)) * blur(grain, 0.7), 0, None).astype(np.float32)


def _place(dataset: Dataset, size: int, number: int) -> None:
    """Frame of reference and Image Plane module (PS3.3 C.7.4.1, C.7.6.2)."""
    spacing, corner = WIDTH / size, float(_axis(size)[0])
    dataset.FrameOfReferenceUID = uid(FRAME_OF_REFERENCE)
    dataset.PositionReferenceIndicator = "SN"
    dataset.PatientPosition = "HFS"
    dataset.ImagePositionPatient = [f"{corner:.4f}", f"{corner:.4f}", f"{LOWEST + SPACING * number:.2f}"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [f"{spacing:.6f}", f"{spacing:.6f}"]
    dataset.SliceThickness = f"{SPACING}"
    dataset.SliceLocation = f"{LOWEST + SPACING * number:.2f}"


def _ct_slice(number: int) -> Dataset:
    series = Series(STUDY, 1, "CT", "CT liều thấp", CTImageStorage, "Filmless Samples", "Phantom PET/CT", "CHEST")
    series.instances = SLICES - 1 - number
    dataset = series.dataset()
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    _place(dataset, CT_SIZE, number)
    dataset.AcquisitionNumber = 1
    dataset.KVP, dataset.XRayTubeCurrent, dataset.ExposureTime = "120", "40", "500"
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
    dataset.WindowCenter, dataset.WindowWidth = ["40", "-600"], ["350", "1500"]
    noise, _ = _detector()
    attenuation, _ = _tissues(CT_SIZE, number)
    seen = blur(attenuation, 0.6) + 18 * noise.image(700 + number)
    set_pixels(dataset, np.clip(np.rint(seen) + 1024, 0, 4095).astype("<u2"), bits_stored=12)
    return dataset


def _pet_slice(number: int) -> Dataset:
    series = Series(
        STUDY, 2, "PT", "PET FDG hiệu chỉnh suy giảm", PositronEmissionTomographyImageStorage, "Filmless Samples",
        "Phantom PET/CT", "CHEST",
    )  # fmt: skip
    series.instances = SLICES - 1 - number
    dataset = series.dataset()
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.PatientWeight, dataset.PatientSize = f"{WEIGHT}", "1.66"
    _place(dataset, PET_SIZE, number)
    _acquisition(dataset, number)
    waited = _seconds(dataset.SeriesTime) - _seconds(INJECTED)
    becquerels = suv(number) * DOSE * 2 ** (-waited / HALF_LIFE) / (WEIGHT * 1000)
    dataset.RescaleIntercept, dataset.RescaleSlope = "0", f"{SLOPE}"
    set_pixels(dataset, np.clip(np.rint(becquerels / SLOPE), 0, 32767).astype("<i2"), bits_stored=16)
    dataset.WindowCenter, dataset.WindowWidth = "11000", "22000"
    return dataset


def _seconds(time: str) -> int:
    """Seconds of the day of a time (HHMMSS)."""
    return int(time[:2]) * 3600 + int(time[2:4]) * 60 + int(time[4:6])


def _acquisition(dataset: Dataset, number: int) -> None:
    """PET Series, Isotope and Image modules (PS3.3 C.8.9.1, C.8.9.2, C.8.9.4)."""
    dataset.Units, dataset.CountsSource, dataset.SeriesType = "BQML", "EMISSION", ["STATIC", "IMAGE"]
    dataset.NumberOfSlices = SLICES
    dataset.CorrectedImage = ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"]
    dataset.DecayCorrection, dataset.DecayFactor = "START", "1.0"
    dataset.CollimatorType = "NONE"
    dataset.RandomsCorrectionMethod, dataset.AttenuationCorrectionMethod = "DLYD", "measured, CT"
    dataset.FrameReferenceTime, dataset.ActualFrameDuration = "0", "180000"
    dataset.ImageIndex = SLICES - number
    drug = Dataset()
    drug.Radiopharmaceutical = "FDG"
    drug.RadiopharmaceuticalRoute = ""
    drug.RadiopharmaceuticalStartTime = INJECTED
    drug.RadiopharmaceuticalStartDateTime = f"{STUDY.date}{INJECTED}"
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = f"{DOSE:.0f}", f"{HALF_LIFE}"
    drug.RadionuclidePositronFraction = "0.967"
    drug.RadionuclideCodeSequence = [code("C-111A1", "SRT", "^18^Fluorine")]
    dataset.RadiopharmaceuticalInformationSequence = [drug]
    recumbent = code("F-10450", "SRT", "recumbent")
    recumbent.PatientOrientationModifierCodeSequence = [code("F-10340", "SRT", "supine")]
    del dataset.PatientPosition  # the codes stand in its place
    dataset.PatientOrientationCodeSequence = [recumbent]
    dataset.PatientGantryRelationshipCodeSequence = [code("F-10470", "SRT", "headfirst")]


def tasks() -> list[Task]:
    """The CT, then the PET, each from the highest slice down."""
    downwards = range(SLICES - 1, -1, -1)
    return [Task(STUDY, functools.partial(make, number)) for make in (_ct_slice, _pet_slice) for number in downwards]
