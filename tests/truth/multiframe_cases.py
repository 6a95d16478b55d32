"""Multi-frame cases: functional groups that differ by frame, and single-bit frames (PS3.3 C.7.6.16, PS3.5 8.1.1)."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage, MultiFrameSingleBitSecondaryCaptureImageStorage

from tests.truth import reference
from tests.truth.case import Case
from tests.truth.mosaic import BLOCKS, base, mosaic, set_pixels, values


def _item(**attributes: object) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def _functional_groups() -> list[Case]:
    """Three frames of the same ramp with another rescale and another window each; frame 3 takes the shared window."""
    ramp = values(0, 4095)
    rescales = [(1.0, -1024.0), (0.5, -100.0), (2.0, 0.0)]
    windows = [(40.0, 400.0, "LINEAR"), (500.0, 1000.0, "SIGMOID"), None]
    shared = (4000.0, 5000.0, "LINEAR_EXACT")
    dataset = base("functional-groups", sop_class_uid=EnhancedCTImageStorage)
    dataset.Modality = "CT"
    set_pixels(dataset, np.stack([mosaic(ramp.astype("<u2"))] * 3), bits_stored=12, frames=3)
    dataset.SharedFunctionalGroupsSequence = Sequence([_voi(_item(), shared)])
    groups = []
    for (slope, intercept), window in zip(rescales, windows, strict=True):
        transformation = _item(RescaleIntercept=str(intercept), RescaleSlope=str(slope), RescaleType="HU")
        group = _item(PixelValueTransformationSequence=Sequence([transformation]))
        groups.append(_voi(group, window) if window else group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    transfers = {
        "LINEAR": reference.linear,
        "LINEAR_EXACT": reference.linear_exact,
        "SIGMOID": reference.sigmoid,
    }
    stored = mosaic(ramp).astype(np.float64)
    found = []
    for index, ((slope, intercept), window) in enumerate(zip(rescales, windows, strict=True)):
        center, width, function = window or shared
        expected = reference.to_bytes(transfers[function](stored * slope + intercept, center, width))
        note = "C.7.6.16.2.9 Pixel Value Transformation, C.7.6.16.2.10 Frame VOI LUT"
        found.append(Case(f"functional-groups-frame-{index + 1}", dataset, expected, note, index + 1))
    return found


def _voi(group: Dataset, window: tuple[float, float, str]) -> Dataset:
    center, width, function = window
    group.FrameVOILUTSequence = Sequence(
        [_item(WindowCenter=str(center), WindowWidth=str(width), VOILUTFunction=function)]
    )
    return group


def _frames_without_groups() -> list[Case]:
    """Two plain frames with different content and no VOI: the full range is that of each frame."""
    frames = [values(0, 1000), values(500, 4000)[::-1]]
    dataset = base("frames-no-voi")
    set_pixels(dataset, np.stack([mosaic(frame.astype("<u2")) for frame in frames]), bits_stored=12, frames=2)
    return [
        Case(
            f"frames-no-voi-frame-{index + 1}",
            dataset,
            reference.to_bytes(reference.full_range(mosaic(frame).astype(np.float64))),
            "C.7.6.6 Multi-frame",
            index + 1,
        )
        for index, frame in enumerate(frames)
    ]


def _single_bit() -> Case:
    bits = ((np.arange(BLOCKS) * 7 + np.arange(BLOCKS) // 16) % 3 == 0).astype(np.uint8)
    image = mosaic(bits).astype(np.uint8)
    dataset = base("single-bit", sop_class_uid=MultiFrameSingleBitSecondaryCaptureImageStorage)
    set_pixels(dataset, np.packbits(image.ravel(), bitorder="little"))
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    dataset.NumberOfFrames = 1
    return Case("single-bit", dataset, (image * 255).astype(np.uint8), "PS3.5 8.1.1: Bits Allocated 1")


def multiframe_cases() -> list[Case]:
    """All multi-frame cases."""
    return [*_functional_groups(), *_frames_without_groups(), _single_bit()]
