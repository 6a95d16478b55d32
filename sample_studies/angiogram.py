"""X-ray angiogram of a pulmonary artery: contrast runs through the vessel tree, 30 frames (PS3.3 A.14, C.8.7)."""

import functools
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import XRayAngiographicImageStorage

from sample_studies.chest import vessel_tree
from sample_studies.field import Field, Floats, Noise, blur, smoothstep
from sample_studies.study import Patient, Series, Study, Task, set_pixels

STUDY = Study(
    key="xa-chest",
    patient=Patient("HUỲNH^THỊ^KIM OANH", "001170093342", "19700217", "F", "056Y"),
    date="20260611",
    time="083005",
    accession_number="XA26060003",
    description="Chụp động mạch phổi phải",
    referring_physician="NGÔ^GIA^BẢO",
)
FRAMES: Final = 30
FRAME_TIME: Final = 133.0
SIZE: Final = 512
PIXEL: Final = 0.38
"""Millimetres at the detector of one pixel."""


@functools.cache
def _vessels() -> tuple[Floats, Floats]:
    """How much contrast lies in the way of each ray when all is full, and how far from the hilum it is (0 to 1)."""
    thickness, distance = np.zeros((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.float32)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    for start, end, wide, thin in vessel_tree(40):
        if start[0] > 0:
            continue  # the catheter is in the right artery
        # The patient's right side is on the left.
        one, other = ((SIZE - (-point[0] - 26) / PIXEL * 1.4, (70 - point[2]) / PIXEL * 1.1) for point in (start, end))
        _draw(thickness, distance, (columns, rows), one, other, (wide * 2.1, thin * 2.1), abs(end[0]) / 130)
    return blur(thickness, 0.8), np.where(thickness > 0, distance, np.float32(1))


def _draw(
    thickness: Floats,
    distance: Floats,
    grid: tuple[Floats, Floats],
    one: tuple[float, float],
    other: tuple[float, float],
    radii: tuple[float, float],
    far: float,
) -> None:
    """One segment as a tapering cylinder, added where rays cross it."""
    reach = max(radii) + 2
    left, right = sorted((one[0], other[0]))
    top, bottom = sorted((one[1], other[1]))
    window = (
        slice(max(int(top - reach), 0), max(int(bottom + reach), 0)),
        slice(max(int(left - reach), 0), max(int(right + reach), 0)),
    )
    x, y = grid[0][window], grid[1][window]
    if x.size == 0:
        return
    along = np.array([other[0] - one[0], other[1] - one[1]])
    length = max(float(along @ along), 1e-6)
    t = np.clip(((x - one[0]) * along[0] + (y - one[1]) * along[1]) / length, 0, 1)
    away = np.hypot(x - one[0] - t * along[0], y - one[1] - t * along[1])
    radius = radii[0] + (radii[1] - radii[0]) * t
    depth = 2 * np.sqrt(np.clip(radius**2 - away**2, 0, None)) * PIXEL
    np.maximum(thickness[window], depth, out=thickness[window])
    distance[window] = np.where(depth > 0, np.maximum(distance[window], far), distance[window])


def _frame(number: int) -> Floats:
    """One frame as light on the detector, 0 to 1: rays that meet contrast are weaker."""
    thickness, distance = _vessels()
    noise, field = Noise(55, SIZE, 0.6), Field(56, 60.0)
    axis = (np.arange(SIZE) - SIZE / 2) * PIXEL
    body = 0.62 + 0.10 * field.plane(3.0, axis, axis) - 0.16 * smoothstep(-axis[None, :], 40, 96)
    ribs = 0.03 * (np.sin((axis[:, None] + 0.004 * axis[None, :] ** 2) / 11) > 0.35)
    clock = np.full_like(distance, number / FRAMES)
    front = smoothstep(2.2 * clock - distance, 0.0, 0.25) * (1 - smoothstep(clock, 0.72, 1.05))
    light = (body - ribs) * np.exp(-0.2 * thickness * front)
    return np.asarray(light + 0.012 * noise.image(1200 + number), np.float32)


def _image() -> Dataset:
    series = Series(
        STUDY, 1, "XA", "ĐM phổi phải", XRayAngiographicImageStorage, "Filmless Samples", "Phantom XA", "CHEST"
    )
    dataset = series.dataset()
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    dataset.KVP, dataset.XRayTubeCurrent, dataset.ExposureTime = "78", "620", "8"
    dataset.RadiationSetting = "GR"
    dataset.PositionerMotion = "STATIC"
    dataset.PositionerPrimaryAngle, dataset.PositionerSecondaryAngle = "0", "0"
    dataset.ImagerPixelSpacing = [f"{PIXEL}", f"{PIXEL}"]
    dataset.DistanceSourceToDetector, dataset.DistanceSourceToPatient = "1000", "760"
    dataset.EstimatedRadiographicMagnificationFactor = "1.3158"
    dataset.PatientOrientation = ["L", "F"]
    dataset.FrameIncrementPointer = 0x00181063
    dataset.FrameTime = f"{FRAME_TIME}"
    dataset.CineRate = dataset.RecommendedDisplayFrameRate = "8"
    dataset.PixelIntensityRelationship = "LIN"
    stored = np.stack([np.clip(np.rint(_frame(number) * 255), 0, 255) for number in range(FRAMES)]).astype("u1")
    set_pixels(dataset, stored.reshape(-1, SIZE), bits_stored=8)
    dataset.Rows, dataset.NumberOfFrames = SIZE, FRAMES
    dataset.WindowCenter, dataset.WindowWidth = "110", "150"
    dataset.LossyImageCompression = "00"
    return dataset


def tasks() -> list[Task]:
    """The one run."""
    return [Task(STUDY, _image)]
