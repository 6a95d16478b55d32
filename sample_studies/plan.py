"""What a radiotherapy department adds to the PET/CT: a segmentation, contours and a dose (PS3.3 A.51, A.19, A.18)."""

import functools
from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage, RTDoseStorage, RTPlanStorage, RTStructureSetStorage, SegmentationStorage

from sample_studies.chest import NODULE, Organ
from sample_studies.ct_chest import LOWEST, SLICES, SPACING, chest
from sample_studies.field import Floats
from sample_studies.pet_ct import CT_SIZE, FRAME_OF_REFERENCE, STUDY, WIDTH
from sample_studies.study import Series, Task, code, uid

PIXEL: Final = WIDTH / CT_SIZE
DETACHED_STUDY_MANAGEMENT: Final = UID("1.2.840.10008.3.1.2.3.1")
CORNER: Final = -(CT_SIZE - 1) / 2 * PIXEL
PRESCRIBED: Final = 54.0
"""Gray in the middle of the nodule."""
DOSE_PIXEL: Final = 5.0
DOSE_SIZE: Final = 72
DOSE_STEP: Final = 0.001

Mask = npt.NDArray[np.bool_]


def _ct_instance(number: int) -> UID:
    """The CT slice at a height: slices are counted from the head down."""
    return uid(f"{STUDY.key}/series/1/instance/{SLICES - number}")


def _series(number: int, modality: str, description: str, sop_class_uid: UID) -> Dataset:
    series = Series(STUDY, number, modality, description, sop_class_uid, "Filmless Samples", "Phantom RT", "CHEST")
    dataset = series.dataset()
    dataset.FrameOfReferenceUID = uid(FRAME_OF_REFERENCE)
    dataset.PositionReferenceIndicator = "SN"
    return dataset


@functools.cache
def _masks() -> tuple[Mask, Mask]:
    """Nodule and lungs on the planes of the CT: slices x rows x columns, the lowest first."""
    axis = ((np.arange(CT_SIZE) - (CT_SIZE - 1) / 2) * PIXEL).astype(np.float32)
    lung = np.zeros((SLICES, CT_SIZE, CT_SIZE), bool)
    for number in range(SLICES):
        labels = chest().labels(axis, axis, LOWEST + SPACING * number)
        lung[number] = np.isin(labels, (Organ.LUNG, Organ.VESSEL, Organ.FISSURE, Organ.NODULE))
    heights = LOWEST + SPACING * np.arange(SLICES)
    away = np.sqrt(
        (axis[None, None, :] - NODULE[0]) ** 2
        + (axis[None, :, None] - NODULE[1]) ** 2
        + (heights[:, None, None] - NODULE[2]) ** 2
    )
    return away < 9, lung


def _segmentation() -> Dataset:
    dataset = _series(3, "SEG", "Phân vùng nốt và phổi", SegmentationStorage)
    dataset.ContentLabel, dataset.ContentDescription = "CHEST", "Nodule and lungs"
    dataset.ContentCreatorName = "KỸ^SƯ^VẬT LÝ"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.SegmentationType = "BINARY"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = CT_SIZE
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = dataset.PixelRepresentation = 0
    dataset.LossyImageCompression = "00"
    dataset.SegmentSequence = [
        _segment(1, "Nốt phổi", ("M-03010", "SRT", "Nodule"), (47563, 53740, 51400)),
        _segment(2, "Phổi", ("T-28000", "SRT", "Lung"), (40000, 24000, 33000)),
    ]
    _dimensions(dataset)
    frames = [(at + 1, number) for at, mask in enumerate(_masks()) for number in range(SLICES) if mask[number].any()]
    bits = np.concatenate([_masks()[segment - 1][number].ravel() for segment, number in frames])
    dataset.NumberOfFrames = len(frames)
    dataset.SharedFunctionalGroupsSequence = [_shared()]
    dataset.PerFrameFunctionalGroupsSequence = [_per_frame(segment, number) for segment, number in frames]
    packed = np.packbits(bits, bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    dataset["PixelData"].VR = "OB"
    dataset.ReferencedSeriesSequence = [_referenced_series()]
    return dataset


def _segment(number: int, label: str, kind: tuple[str, str, str], colour: tuple[int, int, int]) -> Dataset:
    item = Dataset()
    item.SegmentNumber, item.SegmentLabel = number, label
    item.SegmentAlgorithmType = "MANUAL"
    item.SegmentedPropertyCategoryCodeSequence = [
        code("M-01000", "SRT", "Morphologically Altered Structure") if number == 1 else code("T-D0050", "SRT", "Tissue")
    ]
    item.SegmentedPropertyTypeCodeSequence = [code(*kind)]
    item.RecommendedDisplayCIELabValue = list(colour)
    return item


def _dimensions(dataset: Dataset) -> None:
    organisation = uid(f"{STUDY.key}/dimensions")
    whole = Dataset()
    whole.DimensionOrganizationUID = organisation
    dataset.DimensionOrganizationSequence = [whole]
    indices = []
    for pointer, group in ((0x0062000B, 0x0062000A), (0x00200032, 0x00209113)):
        item = Dataset()
        item.DimensionOrganizationUID = organisation
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, group
        indices.append(item)
    dataset.DimensionIndexSequence = indices


def _shared() -> Dataset:
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.SliceThickness = measures.SpacingBetweenSlices = f"{SPACING}"
    measures.PixelSpacing = [f"{PIXEL:.6f}", f"{PIXEL:.6f}"]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    return shared


def _per_frame(segment: int, number: int) -> Dataset:
    frame, content, position, identification, derivation = (Dataset() for _ in range(5))
    content.DimensionIndexValues = [segment, number + 1]
    position.ImagePositionPatient = _position(number)
    identification.ReferencedSegmentNumber = segment
    source = _reference(number)
    source.PurposeOfReferenceCodeSequence = [code("121322", "DCM", "Source image for image processing operation")]
    derivation.SourceImageSequence = [source]
    derivation.DerivationCodeSequence = [code("113076", "DCM", "Segmentation")]
    frame.FrameContentSequence, frame.PlanePositionSequence = [content], [position]
    frame.SegmentIdentificationSequence, frame.DerivationImageSequence = [identification], [derivation]
    return frame


def _position(number: int) -> list[str]:
    return [f"{CORNER:.4f}", f"{CORNER:.4f}", f"{LOWEST + SPACING * number:.2f}"]


def _reference(number: int) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, _ct_instance(number)
    return item


def _referenced_series() -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = uid(f"{STUDY.key}/series/1")
    item.ReferencedInstanceSequence = [_reference(number) for number in range(SLICES)]
    return item


def _structures() -> Dataset:
    dataset = _series(4, "RTSTRUCT", "Đường viền xạ trị", RTStructureSetStorage)
    dataset.StructureSetLabel, dataset.StructureSetName = "CHEST", "Ngực"
    dataset.StructureSetDate, dataset.StructureSetTime = STUDY.date, dataset.SeriesTime
    dataset.OperatorsName = "KỸ^SƯ^VẬT LÝ"
    frame, study, series = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = uid(f"{STUDY.key}/series/1")
    series.ContourImageSequence = [_reference(number) for number in range(SLICES)]
    study.ReferencedSOPClassUID = DETACHED_STUDY_MANAGEMENT
    study.ReferencedSOPInstanceUID = STUDY.study_instance_uid
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID = uid(FRAME_OF_REFERENCE)
    frame.RTReferencedStudySequence = [study]
    dataset.ReferencedFrameOfReferenceSequence = [frame]
    regions = ((1, "GTV nốt", "GTV", (255, 80, 60), 9.0), (2, "PTV", "PTV", (80, 180, 255), 16.0))
    dataset.StructureSetROISequence = [_region(number, name) for number, name, *_ in regions]
    dataset.ROIContourSequence = [_contours(number, colour, radius) for number, _, _, colour, radius in regions]
    dataset.RTROIObservationsSequence = [_observation(number, kind) for number, _, kind, *_ in regions]
    dataset.ApprovalStatus = "UNAPPROVED"
    return dataset


def _region(number: int, name: str) -> Dataset:
    item = Dataset()
    item.ROINumber, item.ROIName, item.ROIGenerationAlgorithm = number, name, "MANUAL"
    item.ReferencedFrameOfReferenceUID = uid(FRAME_OF_REFERENCE)
    return item


def _observation(number: int, kind: str) -> Dataset:
    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = number
    item.RTROIInterpretedType, item.ROIInterpreter = kind, ""
    return item


def _contours(number: int, colour: tuple[int, int, int], radius: float) -> Dataset:
    """A sphere around the nodule, cut by the planes of the CT."""
    item = Dataset()
    item.ReferencedROINumber, item.ROIDisplayColor = number, list(colour)
    found = []
    for slice_number in range(SLICES):
        height = LOWEST + SPACING * slice_number
        across = radius**2 - (height - NODULE[2]) ** 2
        if across <= 1:
            continue
        angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        points = np.stack(
            [NODULE[0] + np.cos(angles) * across**0.5, NODULE[1] + np.sin(angles) * across**0.5, 0 * angles + height], 1
        )
        contour = Dataset()
        contour.ContourImageSequence = [_reference(slice_number)]
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
        contour.ContourData = [f"{value:.3f}" for value in points.ravel()]
        found.append(contour)
    item.ContourSequence = found
    return item


def _gray() -> Floats:
    """Dose in Gy: planes from the lowest up, rows, columns, around the nodule."""
    axis = (np.arange(DOSE_SIZE) - (DOSE_SIZE - 1) / 2) * DOSE_PIXEL
    heights = LOWEST + SPACING * np.arange(20, SLICES)
    x, y = axis[None, None, :] - NODULE[0], axis[None, :, None] - NODULE[1]
    z = heights[:, None, None] - NODULE[2]
    ball = np.exp(-((np.sqrt(x**2 + y**2 + z**2) / 26) ** 3))
    beams = sum(
        np.exp(-(((x * np.sin(a) - y * np.cos(a)) / 17) ** 2) - (z / 17) ** 2) for a in np.deg2rad((20, 80, 140))
    )
    return np.asarray(PRESCRIBED * (0.72 * ball + 0.28 * beams / 3), np.float32)


def _dose() -> Dataset:
    dataset = _series(5, "RTDOSE", "Liều xạ", RTDoseStorage)
    corner = -(DOSE_SIZE - 1) / 2 * DOSE_PIXEL
    dataset.ImagePositionPatient = [f"{corner:.3f}", f"{corner:.3f}", f"{LOWEST + SPACING * 20:.2f}"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [f"{DOSE_PIXEL}", f"{DOSE_PIXEL}"]
    dataset.SliceThickness = f"{SPACING}"
    dataset.OperatorsName = "KỸ^SƯ^VẬT LÝ"
    dataset.DoseUnits, dataset.DoseType, dataset.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    plan = Dataset()
    plan.ReferencedSOPClassUID = RTPlanStorage
    plan.ReferencedSOPInstanceUID = uid(f"{STUDY.key}/plan")
    dataset.ReferencedRTPlanSequence = [plan]
    dataset.DoseGridScaling = f"{DOSE_STEP}"
    dataset.TissueHeterogeneityCorrection = "IMAGE"
    stored = np.rint(_gray() / DOSE_STEP).astype("<u2")
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = stored.shape
    dataset.FrameIncrementPointer = 0x3004000C
    dataset.GridFrameOffsetVector = [f"{SPACING * plane}" for plane in range(len(stored))]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def tasks() -> list[Task]:
    """The three objects, after the images they speak of."""
    return [Task(STUDY, make) for make in (_segmentation, _structures, _dose)]
