"""Ultrasound cine of a liver and right kidney in breathing: colour, JPEG baseline, calibrated (PS3.3 A.7, C.8.5.5)."""

import functools
import io
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEGBaseline8Bit, UltrasoundMultiFrameImageStorage

from sample_studies.field import Field, Floats, smoothstep
from sample_studies.study import Patient, Series, Study, Task

STUDY = Study(
    key="us-abdomen",
    patient=Patient("ĐẶNG^HOÀNG^YẾN", "001185066231", "19851019", "F", "040Y"),
    date="20260305",
    time="094518",
    accession_number="US26030033",
    description="Siêu âm ổ bụng",
    referring_physician="LƯU^ĐỨC^THẮNG",
)
FRAMES: Final = 24
FRAME_TIME: Final = 50.0
WIDTH: Final = 800
HEIGHT: Final = 600
PIXEL: Final = 0.30
"""Millimetres of a pixel inside the fan."""
APEX: Final = (400, -120)
"""Centre of the curved transducer's circle, in pixels (column, row)."""
NEAR: Final = 55.0
FAR: Final = 200.0
HALF_ANGLE: Final = 0.60
BEAMS: Final = 256
SAMPLES: Final = 700


def _polar() -> tuple[Floats, Floats]:
    """Radius (mm) and angle of each pixel."""
    column, row = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    x, y = (column - APEX[0]) * PIXEL, (row - APEX[1]) * PIXEL
    return np.hypot(x, y), np.arctan2(x, y)


class Scanner:
    """Tissue and its scatterers once; then frame after frame at other points of the breath."""

    def __init__(self) -> None:
        radius, angle = _polar()
        self.fan = (radius > NEAR) & (radius < FAR) & (np.abs(angle) < HALF_ANGLE)
        self._sample = np.clip((radius - NEAR) / (FAR - NEAR) * (SAMPLES - 1), 0, SAMPLES - 1.001)
        self._beam = np.clip((angle / HALF_ANGLE + 1) / 2 * (BEAMS - 1), 0, BEAMS - 1.001)
        self._depth = np.linspace(NEAR, FAR, SAMPLES, dtype=np.float32)[:, None]
        self._angle = np.linspace(-HALF_ANGLE, HALF_ANGLE, BEAMS, dtype=np.float32)[None, :]
        generator = np.random.default_rng(71)
        shape = (SAMPLES + 80, BEAMS)
        self._scatter = generator.standard_normal((2, *shape)).astype(np.float32)
        place = np.linspace(0, 150, SAMPLES), np.linspace(0, 130, BEAMS)
        self._fine = Field(72, 7.0, cells=48, dimensions=2).plane(*place)
        self._wander = Field(73, 26.0, cells=24, dimensions=2).plane(*place)

    def frame(self, number: int) -> Floats:
        """Brightness 0-1 at each pixel of the screen."""
        breath = 7.0 * np.sin(2 * np.pi * number / FRAMES)
        x = self._depth * np.sin(self._angle)
        y = self._depth * np.cos(self._angle) - NEAR
        echo, shadow = self._tissue(x - 1.0 * breath, y - 0.35 * breath, x, y)
        shift = round(40 + 0.35 * breath / (FAR - NEAR) * SAMPLES)
        speckle = self._scatter[:, shift : shift + SAMPLES]
        speckle = np.hypot(*(_point_spread(part * np.sqrt(echo)) for part in speckle))
        attenuation = np.exp(-0.004 * (self._depth - NEAR)) * shadow
        level = 20 * np.log10(speckle * attenuation + 1e-4)
        level += 3.2 * np.sin((self._depth - NEAR) / 42) + 2
        bright = np.clip((level + 40) / 50, 0, 1)
        return self._scan_convert(bright**1.3)

    def _tissue(self, x: Floats, y: Floats, still_x: Floats, still_y: Floats) -> tuple[Floats, Floats]:
        """Backscatter of each point, and what is left of the beam there."""
        wander, fine = self._wander, self._fine
        echo = np.full(x.shape, 0.10, np.float32) * (1 + 0.25 * fine)
        capsule = np.abs(still_y - 17 - 1.5 * wander)
        wall = still_y < 17 + 1.5 * wander
        echo = np.where(wall, 0.16 + 0.30 * (np.sin(still_y * 1.5 + 0.8 * wander) > 0.55), echo)
        echo = np.where(capsule < 0.9, 0.9, echo)
        for cx, cy, tilt, width, bend in (
            (-38.0, 52.0, 0.5, 3.4, 0.010),
            (-22.0, 70.0, 0.15, 4.2, -0.008),
            (-52.0, 78.0, 0.9, 2.6, 0.012),
            (-8.0, 40.0, -0.35, 2.3, 0.014),
        ):
            u = (x - cx) * np.cos(tilt) + (y - cy) * np.sin(tilt)
            v = -(x - cx) * np.sin(tilt) + (y - cy) * np.cos(tilt) + bend * u**2 + 0.8 * wander
            vessel = (np.abs(v) < width * (1 - 0.012 * np.abs(u))) & (np.abs(u) < 26) & ~wall
            rim = (np.abs(np.abs(v) - width) < 0.8) & (np.abs(u) < 24) & (cy > 60) & ~wall
            echo = np.where(rim, 0.45, np.where(vessel, 0.002, echo))
        gall = ((x + 4) / 12) ** 2 + ((y - 88) / 8.5) ** 2 + 0.06 * wander
        echo = np.where(gall < 1, 0.0008, np.where(gall < 1.22, 0.5, echo))
        echo = self._kidney(x, y, wander, fine, echo)
        line = y - 128 + 0.010 * (x + 20) ** 2 + 2.0 * wander
        echo = np.where(np.abs(line) < 1.4, 2.2, echo)
        echo = np.where(line > 1.4, 0.03 * (1 + fine).clip(0, 3), echo)
        stone = ((x + 3) / 2.6) ** 2 + ((y - 94.5) / 1.8) ** 2 < 1
        echo = np.where(stone, 4.0, echo)
        angle = np.arctan2(still_x, still_y + NEAR)
        center = np.arctan2(-3.0, 94.5 + NEAR) + (still_x - x).mean() / (94.5 + NEAR)
        behind = smoothstep(y, 95, 99) * (1 - smoothstep(np.abs(angle - center), 0.012, 0.022))
        enhance = 1 + 1.0 * smoothstep(y, 96, 104) * (1 - smoothstep(np.abs(x + 4), 9, 14)) * (y < 128)
        return np.clip(echo, 0.0006, None), (1 - 0.93 * behind) * enhance

    def _kidney(self, x: Floats, y: Floats, wander: Floats, fine: Floats, echo: Floats) -> Floats:
        tilt = 0.42
        u = (x - 40) * np.cos(tilt) + (y - 84) * np.sin(tilt)
        v = -(x - 40) * np.sin(tilt) + (y - 84) * np.cos(tilt)
        outline = (u / 47) ** 2 + (v / 22) ** 2 + 0.05 * wander
        fat = (outline >= 1) & (outline < 1.22)
        echo = np.where(fat, 0.55, echo)
        echo = np.where(outline < 1, 0.055 * (1 + 0.3 * fine), echo)
        around = np.arctan2(v * 2.1, u)
        pyramid = (np.cos(8 * around + 0.5 * wander) > 0.35) & (outline > 0.30) & (outline < 0.72)
        echo = np.where(pyramid, 0.018, echo)
        sinus = (u / 30) ** 2 + (v / 8) ** 2 + 0.35 * wander
        found: Floats = np.where(sinus < 1, 0.75 * (1 + 0.4 * fine).clip(0.2, 3), echo)
        return found

    def _scan_convert(self, polar: Floats) -> Floats:
        row, column = self._sample.astype(np.int32), self._beam.astype(np.int32)
        down, right = self._sample - row, self._beam - column
        top = polar[row, column] * (1 - right) + polar[row, column + 1] * right
        bottom = polar[row + 1, column] * (1 - right) + polar[row + 1, column + 1] * right
        found: Floats = np.where(self.fan, top * (1 - down) + bottom * down, 0)
        return found


def _point_spread(part: Floats) -> Floats:
    """The pulse: short along the beam, wide across it."""
    smooth = part + 0.6 * (np.roll(part, 1, axis=0) + np.roll(part, -1, axis=0))
    wide = smooth.copy()
    for step in (1, 2, 3):
        wide += (1 - 0.25 * step) * (np.roll(smooth, step, axis=1) + np.roll(smooth, -step, axis=1))
    found: Floats = wide * np.float32(0.36)
    return found


@functools.cache
def _screen() -> Image.Image:
    """What a machine writes around the fan: no name of anybody, so nothing is burned in."""
    screen = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(screen)
    small, large = ImageFont.load_default(13), ImageFont.load_default(18)
    draw.text((14, 10), "FILMLESS SAMPLES", fill=(150, 190, 255), font=large)
    for line, text in enumerate(("C5-1  Abdomen", "2D  62%  DR 52", "FR 20 Hz", "MI 1.1  TIs 0.4", "P Low  HGen")):
        draw.text((14, 42 + 18 * line), text, fill=(200, 200, 200), font=small)
    draw.ellipse((388, 6, 404, 22), outline=(80, 220, 120), width=3)
    for centimetre in range(15):
        row = round(APEX[1] + (NEAR + 10 * centimetre) / PIXEL)
        if row < HEIGHT:
            draw.line((770 if centimetre % 5 else 762, row, 778, row), fill=(220, 220, 220), width=1)
            if centimetre % 5 == 0:
                draw.text((740, row - 8), f"{centimetre}", fill=(220, 220, 220), font=small)
    for step in range(120):
        grey = 255 - round(step * 255 / 119)
        draw.line((20, 180 + step, 34, 180 + step), fill=(grey, grey, grey))
    draw.polygon([(760, 330), (752, 325), (752, 335)], fill=(255, 210, 60))
    draw.text((14, 574), "RT KIDNEY / LIVER", fill=(255, 210, 60), font=small)
    return screen


def _jpeg(scanner: Scanner, number: int) -> bytes:
    bright = scanner.frame(number)
    grey = np.clip(bright * 255, 0, 255).astype(np.uint8)
    tinted = np.stack([grey, grey, np.clip(grey * 1.06, 0, 255).astype(np.uint8)], axis=-1)
    screen = np.asarray(_screen())
    pixels = np.where(scanner.fan[..., None], tinted, screen)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85, subsampling="4:2:2")
    return buffer.getvalue()


def _region() -> Dataset:
    """The fan's calibration: centimetres a pixel (C.8.5.5.1)."""
    region = Dataset()
    left = round(APEX[0] - FAR * np.sin(HALF_ANGLE) / PIXEL)
    right = round(APEX[0] + FAR * np.sin(HALF_ANGLE) / PIXEL)
    region.RegionSpatialFormat = 1
    region.RegionDataType = 1
    region.RegionFlags = 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = max(left, 0), 30
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = min(right, WIDTH - 1), 547
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = PIXEL / 10
    return region


def _cine() -> Dataset:
    series = Series(
        STUDY,
        1,
        "US",
        "Gan thận phải",
        UltrasoundMultiFrameImageStorage,
        "Filmless Samples",
        "Phantom US",
        "ABDOMEN",
    )
    dataset = series.dataset(JPEGBaseline8Bit)
    scanner = Scanner()
    frames = [_jpeg(scanner, number) for number in range(FRAMES)]
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "ABDOMINAL", "0001"]
    dataset.PatientOrientation = ""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "YBR_FULL_422"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = HEIGHT, WIDTH
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.NumberOfFrames = FRAMES
    dataset.FrameTime = f"{FRAME_TIME}"
    dataset.FrameIncrementPointer = 0x00181063
    dataset.CineRate = dataset.RecommendedDisplayFrameRate = round(1000 / FRAME_TIME)
    dataset.SequenceOfUltrasoundRegions = Sequence([_region()])
    dataset.TransducerData = ["C5-1", "", ""]
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_10918_1"
    raw = FRAMES * WIDTH * HEIGHT * 3
    dataset.LossyImageCompressionRatio = f"{raw / sum(map(len, frames)):.1f}"
    element = DataElement(0x7FE00010, "OB", encapsulate(frames))
    element.is_undefined_length = True
    dataset.add(element)
    return dataset


def tasks() -> list[Task]:
    """The one loop."""
    return [Task(STUDY, _cine)]
