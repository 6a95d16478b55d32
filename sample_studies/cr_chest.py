"""A chest radiograph, 2500 x 2048: the X-rays through the phantom added up and processed (PS3.3 A.2)."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage

from sample_studies.chest import Chest, Organ
from sample_studies.field import Floats, Noise, blur
from sample_studies.study import Patient, Series, Study, Task, set_pixels

STUDY = Study(
    key="cr-chest",
    patient=Patient("TRAN THI BICH NGOC", "001190044120", "19900212", "F", "036Y", character_set="ISO_IR 100"),
    date="20260305",
    time="073040",
    accession_number="CR26030021",
    description="X quang nguc thang",
)
ROWS: Final = 2500
COLUMNS: Final = 2048
PIXEL: Final = 0.168
COARSE: Final = 6
"""The phantom is projected at a sixth of the resolution: a blur of a millimetre."""
STEP: Final = 4.5
"""Millimetres between the planes that are added up."""
WATER: Final = 0.0185
"""Attenuation of water per millimetre at the mean energy of a 120 kV beam."""

DENSITY: Final = {
    Organ.AIR: 0.0, Organ.SKIN: 1.05, Organ.FAT: 0.9, Organ.MUSCLE: 1.04, Organ.CORTICAL_BONE: 2.0,
    Organ.SPONGY_BONE: 1.28, Organ.CARTILAGE: 1.12, Organ.LUNG: 0.19, Organ.VESSEL: 0.19, Organ.BRONCHUS: 0.6,
    Organ.AORTA: 1.05, Organ.PULMONARY_ARTERY: 1.05, Organ.VEIN: 1.05, Organ.CHAMBER: 1.05, Organ.MYOCARDIUM: 1.05,
    Organ.MEDIASTINAL_FAT: 0.93, Organ.LIVER: 1.06, Organ.SPLEEN: 1.06, Organ.STOMACH_GAS: 0.0, Organ.NODULE: 0.19,
    Organ.DISC: 1.08, Organ.CORD: 1.03, Organ.FISSURE: 0.19, Organ.OESOPHAGUS: 0.9,
}  # fmt: skip


def _projection(phantom: Chest) -> Floats:
    """Millimetres of water that each ray meets, at the coarse resolution."""
    step = PIXEL * COARSE
    xs = (np.arange(-(-COLUMNS // COARSE)) - COLUMNS / COARSE / 2 + 0.5) * step
    zs = 150 - (np.arange(-(-ROWS // COARSE)) + 0.5) * step
    ys = np.arange(-118.0, 128.0, STEP)
    table = np.array([DENSITY[Organ(organ)] for organ in range(max(Organ) + 1)], np.float32)
    total = np.empty((len(zs), len(xs)), np.float32)
    for row, z in enumerate(zs):
        shifted = ys + (0.618 * row) % 1 * STEP  # so that the coarse steps leave no pattern
        total[row] = table[phantom.labels(xs, shifted, float(z), vessels=False)].sum(axis=0) * STEP
    return total + _vessels(phantom, xs.astype(np.float32), zs.astype(np.float32))


def _vessels(phantom: Chest, xs: Floats, zs: Floats) -> Floats:
    """Chords through the lung's vessels, finer than the projection's planes."""
    total = np.zeros((len(zs), len(xs)), np.float32)
    step = float(xs[1] - xs[0])
    for (ax, _, az), (bx, _, bz), first, second in phantom.tree:
        reach = first + step
        left, right = np.searchsorted(xs, (min(ax, bx) - reach, max(ax, bx) + reach))
        top, bottom = np.searchsorted(-zs, (-max(az, bz) - reach, -min(az, bz) + reach))
        x, z = xs[None, left:right], zs[top:bottom, None]
        if not x.size or not z.size:
            continue
        length = (bx - ax) ** 2 + (bz - az) ** 2 + 1e-6
        t = np.clip(((x - ax) * (bx - ax) + (z - az) * (bz - az)) / length, 0, 1)
        distance = (x - ax - t * (bx - ax)) ** 2 + (z - az - t * (bz - az)) ** 2
        radius = first + (second - first) * t
        chord = 2.6 * np.sqrt(np.clip(radius**2 - distance, 0, None))
        window = total[top:bottom, left:right]
        np.maximum(window, chord, out=window)
    return total


def _enlarge(image: Floats) -> Floats:
    whole = Image.fromarray(image).resize((image.shape[1] * COARSE, image.shape[0] * COARSE), Image.Resampling.BICUBIC)
    return np.asarray(whole, np.float32)[:ROWS, :COLUMNS]


def _radiograph() -> Floats:
    """Processed optical density, 0 (no tissue) to 1 (dense), 2500 x 2048."""
    water = blur(_projection(Chest(seed=52)), 0.8)
    depth = 1 - np.exp(-WATER * water * 0.55)  # scatter and the tone curve flatten the dense end
    soft = blur(depth, 14)
    processed = _enlarge(0.62 * soft + 1.25 * (depth - soft) + 0.30 * (depth - blur(depth, 3)))
    noise = Noise(61, 1280, 0.9)
    grain = np.block([[noise.image(1), noise.image(2)], [noise.image(3), noise.image(4)]])[:ROWS, :COLUMNS]
    quanta = np.exp(0.5 * WATER * _enlarge(water) * 0.45)
    found: Floats = processed + 0.0026 * quanta * grain
    return found


def _mark(image: Floats) -> None:
    """The lead letter that the technologist put beside the patient's right shoulder."""
    plate = Image.new("L", (150, 180), 0)
    ImageDraw.Draw(plate).text((20, 0), "R", fill=255, font=ImageFont.load_default(150))
    letter = np.asarray(plate, np.float32) / 255
    window = image[150:330, 110:260]
    np.maximum(window, letter * 0.72, out=window)


def _image() -> Dataset:
    series = Series(
        STUDY,
        1,
        "CR",
        "Nguc PA",
        ComputedRadiographyImageStorage,
        "Filmless Samples",
        "Phantom CR",
        "CHEST",
    )
    dataset = series.dataset()
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.ViewPosition = "PA"
    dataset.PatientOrientation = ["L", "F"]
    dataset.KVP, dataset.Exposure = "120", "3"
    dataset.PlateType = "STANDARD"
    dataset.AcquisitionNumber = 1
    dataset.ImagerPixelSpacing = [f"{PIXEL}", f"{PIXEL}"]
    density = _radiograph()
    _mark(density)
    stored = 4095 - np.clip(np.rint((density - 0.18) * 9000), 0, 4095)
    set_pixels(dataset, stored.astype("<u2"), bits_stored=12, photometric="MONOCHROME1")
    dataset.BurnedInAnnotation = "NO"
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.WindowCenter, dataset.WindowWidth = "1850", "3400"
    return dataset


def tasks() -> list[Task]:
    """The one image."""
    return [Task(STUDY, _image)]
