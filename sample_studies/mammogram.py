"""Four mammograms of one woman, for presentation: CC and MLO of each breast (PS3.3 A.26, C.8.11)."""

import functools
from dataclasses import dataclass
from typing import Final

import imagecodecs
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, JPEGLSLossless

from sample_studies.field import Field, Floats, Noise, blur, smoothstep
from sample_studies.study import Patient, Series, Study, Task, code, set_pixels

STUDY = Study(
    key="mg",
    patient=Patient("VŨ^THỊ^KIM ÁNH", "001171031956", "19710728", "F", "054Y"),
    date="20260306",
    time="151200",
    accession_number="MG26030002",
    description="Nhũ ảnh hai bên",
    referring_physician="HOÀNG^THỊ^LIÊN",
)
ROWS: Final = 2048
COLUMNS: Final = 1664
PIXEL: Final = 0.115
COARSE: Final = 2
BITS: Final = 12


@dataclass(frozen=True)
class View:
    """One projection (CID 4014) of one breast."""

    laterality: str
    position: str
    orientation: tuple[str, str]
    code: tuple[str, str, str]

    @property
    def is_oblique(self) -> bool:
        return self.position == "MLO"


CC: Final = ("399162004", "SCT", "cranio-caudal")
MLO: Final = ("399368009", "SCT", "medio-lateral oblique")
VIEWS: Final = (
    View("R", "CC", ("P", "L"), CC),
    View("L", "CC", ("A", "R"), CC),
    View("R", "MLO", ("P", "FL"), MLO),
    View("L", "MLO", ("A", "FR"), MLO),
)


class Breast:
    """One view at half resolution, chest wall at the left; x runs to the nipple, y down, in millimetres."""

    def __init__(self, view: View) -> None:
        self.view = view
        seed = 200 + 10 * "RL".index(view.laterality) + 3 * view.is_oblique
        shape = (ROWS // COARSE, COLUMNS // COARSE)
        self.xs = (np.arange(shape[1], dtype=np.float32) + 0.5) * PIXEL * COARSE
        self.ys = (np.arange(shape[0], dtype=np.float32) + 0.5) * PIXEL * COARSE
        self.x, self.y = np.broadcast_to(self.xs[None, :], shape), np.broadcast_to(self.ys[:, None], shape)
        self.middle = 132.0 if view.is_oblique else 118.0
        self.nipple = (112.0 if view.is_oblique else 122.0, self.middle + (6 if view.is_oblique else 2))
        self._octaves = [
            (Field(seed + index, scale, cells=cells, dimensions=2), weight)
            for index, (scale, cells, weight) in enumerate(
                ((26.0, 16, 1.0), (12.0, 24, 0.75), (6.0, 48, 0.5), (3.0, 96, 0.34), (1.5, 190, 0.2))
            )
        ]
        self._strands = Field(seed + 20, 4.2, cells=64, dimensions=2)
        self._strands_large = Field(seed + 21, 9.0, cells=32, dimensions=2)
        self._tree = np.random.default_rng(seed + 30)

    def depth(self) -> Floats:
        """Millimetres from the skin line inwards; negative in air."""
        above = 96.0 if self.view.is_oblique else 92.0
        below = 78.0 if self.view.is_oblique else 92.0
        half = np.where(self.y < self.middle, above, below)
        v = np.abs(self.y - self.middle) / half
        reach = self.nipple[0] * np.sqrt(np.clip(1 - v**2.1, 0, 1))
        if self.view.is_oblique:
            tail = np.clip(74 - 0.42 * self.y, 1, None)
            reach = (np.maximum(reach, 0.1) ** 5 + tail**5) ** 0.2
        slope = np.clip(0.35 + 0.65 * np.sqrt(np.clip(1 - v**2, 0, 1)), 0.3, 1)
        depth = (reach - self.x) * slope
        bump = 5.0 - np.hypot((self.x - self.nipple[0] + 1.5) * 0.75, (self.y - self.nipple[1]) * 0.95)
        found: Floats = np.maximum(depth, bump).astype(np.float32)
        return found

    def thickness(self) -> tuple[Floats, Floats]:
        """Brightness 0-1 of the processed image, and the mask of the breast."""
        depth = self.depth()
        inside = smoothstep(depth, 0.0, 1.0)
        texture = self._texture()
        core = self._gland_mask(depth)
        gland = smoothstep((texture * 0.42 + core * 1.7 - 0.75).astype(np.float32), -0.35, 0.9)
        fat = 0.26 + 0.035 * texture
        image = fat + 0.35 * gland * (0.82 + 0.10 * texture)
        image += self._ligaments(depth) + self._ducts() + self._vessels(depth)
        skin = np.exp(-(((depth - 1.0) / 0.8) ** 2))
        image = image * (0.62 + 0.38 * smoothstep(depth, 0, 14)) + 0.16 * skin
        if self.view.is_oblique:
            image = self._pectoral(image, depth)
        image = self._findings(image)
        return (np.clip(image, 0, 1) * inside).astype(np.float32), inside

    def _texture(self) -> Floats:
        total = np.zeros(self.x.shape, np.float32)
        for field, weight in self._octaves:
            total += np.float32(weight) * field.plane(self.ys, self.xs)
        return total

    def _gland_mask(self, depth: Floats) -> Floats:
        """High behind the nipple, fading to the chest wall and the skin."""
        u = (self.x - self.nipple[0] + 52) / 50
        v = (self.y - self.nipple[1] + (10 if self.view.is_oblique else -4)) / 44
        found: Floats = (np.exp(-(u**2 + v**2)) * smoothstep(depth, 4, 16)).astype(np.float32)
        return found

    def _ligaments(self, depth: Floats) -> Floats:
        """Fine strands: zero lines of smooth fields."""
        bend = self._octaves[2][0].plane(self.ys, self.xs)
        fine = np.abs(self._strands.plane(self.ys, self.xs * 0.45) + 0.5 * bend)
        large = np.abs(self._strands_large.plane(self.ys, self.xs * 0.5) + 0.45 * bend)
        found: Floats = (
            (0.050 * np.exp(-((fine / 0.16) ** 2)) + 0.045 * np.exp(-((large / 0.10) ** 2)))
            * smoothstep(depth, 2, 10)
            * (0.5 + 0.5 * np.clip(self._octaves[1][0].plane(self.ys, self.xs), -1, 1))
        )
        return found

    def _ducts(self) -> Floats:
        """Bright lines that fan out from the nipple."""
        dx, dy = self.nipple[0] - self.x, self.y - self.nipple[1]
        distance = np.hypot(dx, dy)
        angle = np.arctan2(dy, dx) + 0.07 * self._octaves[1][0].plane(self.ys, self.xs)
        pattern = np.cos(angle * 22) ** 12
        found: Floats = 0.05 * pattern * np.exp(-(((distance - 18) / 16) ** 2)) * (np.abs(angle) < 1.2)
        return found

    def _vessels(self, depth: Floats) -> Floats:
        """A few veins that wander through the fat, drawn as soft curves."""
        sheet = Image.new("F", (self.x.shape[1], self.x.shape[0]))
        draw = ImageDraw.Draw(sheet)
        for _ in range(5):
            x, y = self._tree.uniform(0, 30), self._tree.uniform(45, 190)
            angle = self._tree.normal(0, 0.35) - 0.5 * (y - self.middle) / 90
            points = []
            for _ in range(60):
                points.append((x / (PIXEL * COARSE), y / (PIXEL * COARSE)))
                angle += self._tree.normal(0, 0.09)
                x, y = x + 1.6 * np.cos(angle), y + 1.6 * np.sin(angle)
            draw.line(points, fill=1.0, width=int(self._tree.integers(6, 11)), joint="curve")
        found: Floats = 0.075 * blur(np.asarray(sheet, np.float32), 2.2) * smoothstep(depth, 3, 8)
        return found

    def _pectoral(self, image: Floats, depth: Floats) -> Floats:
        """The muscle: a bright triangle at the upper chest wall, striped along its fibres."""
        edge = 62 - 0.50 * self.y - 0.0006 * self.y**2 + 1.2 * self._octaves[1][0].plane(self.ys, self.xs)
        muscle = smoothstep(edge - self.x, -1.5, 3.0) * smoothstep(depth, 0, 6)
        fibres = 0.010 * np.sin(
            (self.x * 0.86 + self.y * 0.5) * 2.1 + 2.5 * self._octaves[2][0].plane(self.ys, self.xs)
        )
        bright = 0.62 + fibres + 0.02 * self._octaves[3][0].plane(self.ys, self.xs)
        found: Floats = (image * (1 - muscle) + muscle * bright).astype(np.float32)
        return found

    def _findings(self, image: Floats) -> Floats:
        """A spiculated mass and small calcifications in the left breast, a round calcification in the right."""
        if self.view.laterality == "R":
            spot = np.exp(-(((self.x - 46) ** 2 + (self.y - self.middle + 30) ** 2) / 1.1))
            return (image + 0.5 * spot).astype(np.float32)
        cx, cy = (64.0, self.middle - 34) if self.view.is_oblique else (70.0, self.middle - 26)
        dx, dy = self.x - cx, self.y - cy
        angle, distance = np.arctan2(dy, dx), np.hypot(dx, dy)
        wobble = self._octaves[2][0].plane(self.ys, self.xs)
        spikes = np.zeros_like(distance)
        for _ in range(17):
            toward, reach = self._tree.uniform(-np.pi, np.pi), self._tree.uniform(3.0, 9.0)
            turn = np.abs(np.angle(np.exp(1j * (angle - toward + 0.06 * wobble)))) * distance
            spikes += self._tree.uniform(0.4, 1) * np.exp(-((turn / 0.5) ** 2) - distance / reach)
        spikes *= smoothstep(distance, 2, 5)
        mass = smoothstep(6.2 + 0.9 * wobble - distance, -1.8, 1.8)
        found = image + 0.24 * mass * (1 - image) + 0.22 * spikes
        for _ in range(16):
            px, py = cx + self._tree.normal(16, 4), cy + self._tree.normal(9, 3.5)
            size = self._tree.uniform(0.03, 0.10)
            found = found + 0.42 * np.exp(-(((self.x - px) ** 2 + (self.y - py) ** 2) / size))
        return found.astype(np.float32)


def presentation(view: View) -> Floats:
    """The finished image 0-1, ROWS x COLUMNS, chest wall on the side where it is hung."""
    image, inside = Breast(view).thickness()
    size = (COLUMNS, ROWS)
    full = np.array(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    mask = np.array(Image.fromarray(inside).resize(size, Image.Resampling.BILINEAR))
    noise = Noise(300 + VIEWS.index(view), 1024, 0.8)
    grain = np.block([[noise.image(1), noise.image(2)], [noise.image(3), noise.image(4)]])[:ROWS, :COLUMNS]
    full += 0.011 * grain * mask
    if view.laterality == "R":
        full = full[:, ::-1].copy()
    _mark(full, view)
    clipped: Floats = np.clip(full, 0, 1)
    return clipped


def _mark(image: Floats, view: View) -> None:
    """The lead marker, at the edge away from the chest wall and to the axilla."""
    plate = Image.new("L", (260, 90), 0)
    ImageDraw.Draw(plate).text((4, 4), f"{view.laterality} {view.position}", fill=235, font=ImageFont.load_default(64))
    letters = np.asarray(plate, np.float32) / 255
    left = 60 if view.laterality == "R" else COLUMNS - 320
    window = image[80:170, left : left + 260]
    np.maximum(window, letters, out=window)


def _image(number: int) -> Dataset:
    view = VIEWS[number]
    series = Series(
        STUDY,
        number + 1,
        "MG",
        f"{view.laterality} {view.position}",
        DigitalMammographyXRayImageStorageForPresentation,
        "Filmless Samples",
        "Phantom MG",
        "BREAST",
    )
    dataset = series.dataset(JPEGLSLossless)
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.ImageType = ["DERIVED", "PRIMARY", "", "", "", "", "", "", "", ""][:2]
    dataset.ImageLaterality = view.laterality
    dataset.ViewPosition = view.position
    view_code = code(*view.code)
    view_code.ViewModifierCodeSequence = Sequence([])
    dataset.ViewCodeSequence = Sequence([view_code])
    dataset.AnatomicRegionSequence = Sequence([code("76752008", "SCT", "Breast")])
    dataset.AcquisitionContextSequence = Sequence([])
    dataset.PatientOrientation = list(view.orientation)
    dataset.OrganExposed = "BREAST"
    dataset.ImagerPixelSpacing = [f"{PIXEL}", f"{PIXEL}"]
    dataset.PositionerType = "MAMMOGRAPHIC"
    dataset.PositionerPrimaryAngle = "-45" if view.laterality == "R" else "45"
    if not view.is_oblique:
        dataset.PositionerPrimaryAngle = "0"
    dataset.KVP, dataset.Exposure = "28", "95"
    dataset.BodyPartThickness, dataset.CompressionForce = "52", "110"
    dataset.BreastImplantPresent = "NO"
    dataset.PartialView = "NO"
    dataset.DetectorType = "DIRECT"
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.LossyImageCompression = "00"
    dataset.BurnedInAnnotation = "NO"
    dataset.WindowCenter, dataset.WindowWidth = "1850", "3300"
    dataset.VOILUTFunction = "LINEAR"
    stored = np.rint(presentation(view) * ((1 << BITS) - 1)).astype("<u2")
    set_pixels(dataset, stored, bits_stored=BITS)
    element = DataElement(0x7FE00010, "OB", encapsulate([bytes(imagecodecs.jpegls_encode(stored))]))
    element.is_undefined_length = True
    dataset.add(element)
    return dataset


def tasks() -> list[Task]:
    """RCC, LCC, RMLO, LMLO."""
    return [Task(STUDY, functools.partial(_image, number)) for number in range(len(VIEWS))]
