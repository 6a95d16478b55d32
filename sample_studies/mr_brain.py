"""MR of a brain: axial T1, T2 and FLAIR and sagittal T1 of one head (PS3.3 A.4)."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from sample_studies.field import Field, Floats, Noise, blur
from sample_studies.head import Head, Tissue
from sample_studies.study import Patient, Series, Study, Task, set_pixels, uid

STUDY = Study(
    key="mr-brain",
    patient=Patient("PHẠM^MINH^QUÂN", "001079115208", "19791124", "M", "046Y"),
    date="20260304",
    time="101005",
    accession_number="MR26030007",
    description="MRI sọ não",
    referring_physician="ĐỖ^THÚY^NGA",
)
SIZE: Final = 256
PIXEL: Final = 230 / SIZE
THICKNESS: Final = 5.0
GAP: Final = 6.0


@dataclass(frozen=True)
class Sequence:
    """One pulse sequence: its times in ms, and how bright it shows each tissue (0-1000)."""

    number: int
    name: str
    plane: str
    slices: int
    repetition_time: float
    echo_time: float
    inversion_time: float | None
    brightness: Mapping[Tissue, float]


T1: Final = {
    Tissue.AIR: 0, Tissue.SKIN: 520, Tissue.FAT: 900, Tissue.MUSCLE: 380, Tissue.CORTICAL_BONE: 40,
    Tissue.SPONGY_BONE: 620, Tissue.CSF: 120, Tissue.GREY: 370, Tissue.WHITE: 540, Tissue.DURA: 260,
    Tissue.BLOOD: 620, Tissue.OEDEMA: 330, Tissue.CALCIFICATION: 130, Tissue.VITREOUS: 140, Tissue.LENS: 300,
    Tissue.MUCOSA: 400, Tissue.DEEP_GREY: 420,
}  # fmt: skip
T2: Final = {
    Tissue.AIR: 0, Tissue.SKIN: 300, Tissue.FAT: 620, Tissue.MUSCLE: 180, Tissue.CORTICAL_BONE: 30,
    Tissue.SPONGY_BONE: 420, Tissue.CSF: 980, Tissue.GREY: 470, Tissue.WHITE: 320, Tissue.DURA: 150,
    Tissue.BLOOD: 190, Tissue.OEDEMA: 760, Tissue.CALCIFICATION: 120, Tissue.VITREOUS: 1000, Tissue.LENS: 180,
    Tissue.MUCOSA: 760, Tissue.DEEP_GREY: 390,
}  # fmt: skip
FLAIR: Final = {
    Tissue.AIR: 0, Tissue.SKIN: 380, Tissue.FAT: 600, Tissue.MUSCLE: 260, Tissue.CORTICAL_BONE: 30,
    Tissue.SPONGY_BONE: 420, Tissue.CSF: 70, Tissue.GREY: 470, Tissue.WHITE: 370, Tissue.DURA: 200,
    Tissue.BLOOD: 300, Tissue.OEDEMA: 860, Tissue.CALCIFICATION: 120, Tissue.VITREOUS: 90, Tissue.LENS: 200,
    Tissue.MUCOSA: 620, Tissue.DEEP_GREY: 430,
}  # fmt: skip

SEQUENCES: Final = (
    Sequence(2, "T1 SE SAG", "sagittal", 22, 520, 11, None, T1),
    Sequence(3, "T2 TSE TRA", "axial", 22, 4200, 98, None, T2),
    Sequence(4, "FLAIR TRA", "axial", 22, 8500, 102, 2450, FLAIR),
    Sequence(5, "T1 SE TRA", "axial", 22, 560, 12, None, T1),
)


@functools.cache
def _scanner() -> tuple[Head, Noise, Field]:
    return Head(seed=77, haemorrhage=False), Noise(31, SIZE, 0.6), Field(5, 90.0)


def signal(sequence: Sequence, number: int) -> Floats:
    """Slice ``number`` as magnitude, 256 x 256, 0 to about 1000."""
    head, noise, coil = _scanner()
    axis = (np.arange(SIZE) - (SIZE - 1) / 2) * PIXEL
    place = _place(sequence, number)
    table = np.array([sequence.brightness[Tissue(tissue)] for tissue in range(max(Tissue) + 1)], np.float32)
    if sequence.plane == "axial":
        image = table[head.labels(axis, axis + 2, place)]
        sensitivity = coil.plane(place, axis, axis)
    else:
        image = table[head.labels(place, axis + 2, -axis + 15)]
        sensitivity = coil.plane(axis, axis, place)
    image = blur(image, 0.62) * (1 + 0.09 * sensitivity)
    # magnitude of a complex signal: Rician noise
    real = image + 13 * noise.image(1000 * sequence.number + 2 * number)
    magnitude: Floats = np.hypot(real, 13 * noise.image(1000 * sequence.number + 2 * number + 1))
    return magnitude


def _place(sequence: Sequence, number: int) -> float:
    return (-40.0 if sequence.plane == "axial" else -63.0) + GAP * number


def _slice(sequence: Sequence, number: int) -> Dataset:
    series = Series(
        STUDY, sequence.number, "MR", sequence.name, MRImageStorage, "Filmless Samples", "Phantom MR 1.5T", "BRAIN"
    )
    series.instances = number
    dataset = series.dataset()
    place, corner = _place(sequence, number), -(SIZE - 1) / 2 * PIXEL
    axial = sequence.plane == "axial"
    position = [corner, corner + 2, place] if axial else [place, corner + 2, -corner + 15]
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "SE"]
    dataset.ScanningSequence = "IR" if sequence.inversion_time else "SE"
    dataset.SequenceVariant = "SK"
    dataset.ScanOptions = ""
    dataset.MRAcquisitionType = "2D"
    dataset.RepetitionTime, dataset.EchoTime = f"{sequence.repetition_time}", f"{sequence.echo_time}"
    if sequence.inversion_time:
        dataset.InversionTime = f"{sequence.inversion_time}"
    dataset.EchoTrainLength = 1 if sequence.repetition_time < 1000 else 15
    dataset.MagneticFieldStrength = "1.5"
    dataset.ProtocolName = sequence.name
    dataset.PatientPosition = "HFS"
    dataset.FrameOfReferenceUID = uid(f"{STUDY.key}/frame")
    dataset.PositionReferenceIndicator = ""
    dataset.ImagePositionPatient = [f"{value:.4f}" for value in position]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0] if axial else [0, 1, 0, 0, 0, -1]
    dataset.PixelSpacing = [f"{PIXEL:.6f}", f"{PIXEL:.6f}"]
    dataset.SliceThickness, dataset.SpacingBetweenSlices = f"{THICKNESS}", f"{GAP}"
    dataset.SliceLocation = f"{place:.2f}"
    dataset.AcquisitionNumber = 1
    dataset.WindowCenter, dataset.WindowWidth = ("450", "900") if sequence.brightness is T2 else ("360", "720")
    set_pixels(dataset, np.clip(np.rint(signal(sequence, number)), 0, 4095).astype("<u2"), bits_stored=12)
    return dataset


def tasks() -> list[Task]:
    """All slices, series by series."""
    return [
        Task(STUDY, functools.partial(_slice, sequence, number))
        for sequence in SEQUENCES
        for number in range(sequence.slices)
    ]
