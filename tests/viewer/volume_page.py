"""Series that the volume view is tried on, calculated place by place, and the view as a page object."""

import io
import json
import math
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from pydicom.dataset import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage, generate_uid

from tests import instances
from tests.truth.browser import CELL, WITHIN_MS

Floats = npt.NDArray[np.float64]

ROWS, COLUMNS = 40, 48
SPACING = (0.8, 0.6)  # rows, columns
CENTER, WIDTH = 40, 400
TILT = math.radians(18)
PLAIN, TILTED, MISSING, VARYING, SPHERES, PET, ELSEWHERE = 1, 2, 3, 4, 5, 6, 7
BALLS = (((12.0, 28.0, 9.0), 5.0, 700), ((36.0, 10.0, 22.0), 4.0, 180))
"""Two balls in air: column, row, slot of the middle, radius in mm, HU."""
DOSE, HALF_LIFE, MINUTES, WEIGHT, SLOPE = 3.7e8, 6586.2, 60, 70, 0.375
SUV = WEIGHT * 1000 / (DOSE * 2 ** (-MINUTES * 60 / HALF_LIFE))
"""SUVbw of 1 Bq/ml: body weight in g by the dose left when the scan began."""


def hounsfield(count: int) -> npt.NDArray[np.int16]:
    """A volume without any symmetry that a mistake could hide in: slots, rows, columns."""
    noise = np.random.default_rng(7).integers(-120, 200, (count, ROWS, COLUMNS))
    slot, row, column = np.meshgrid(np.arange(count), np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    return (noise * 0.4 + 6 * column - 5 * row + 9 * slot - 60).astype(np.int16)


@dataclass(frozen=True)
class Volume:
    """What was sent: values of each slot (NaN without a slice) and where the slots are."""

    datasets: list[Dataset]
    values: Floats
    origin: Floats
    steps: Floats
    """Columns: a step of a column, a row, a slot, in mm."""

    def sample(self, points: Floats) -> Floats:
        """Trilinear values at points (…, 3), NaN outside."""
        index = np.linalg.solve(self.steps, (points - self.origin).reshape(-1, 3).T).T
        top = np.array(self.values.shape[::-1]) - 1
        inside = np.all((index >= -0.5) & (index <= top + 0.5), axis=1)
        index = np.clip(index, 0, top)
        low = np.minimum(np.floor(index).astype(int), top - 1)
        part = index - low
        found = np.zeros(len(index))
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod(np.where(np.array(corner) == 1, part, 1 - part), axis=1)
            x, y, z = (low + corner).T
            found += np.where(weight > 0, weight * self.values[z, y, x], 0)
        return np.where(inside, found, np.nan).reshape(points.shape[:-1])

    def place(self, column: float, row: float, slot: float) -> Floats:
        """The point of the patient of a voxel."""
        return np.asarray(self.origin + self.steps @ np.array([column, row, slot]))


def series(number: int, depths: Sequence[float], study: Dataset, tilt: float = 0) -> Volume:
    """A CT series of one study, its slices at places along the table."""
    datasets = instances.study(len(depths), rows=ROWS, columns=COLUMNS, patient_id="VOLUME-1")
    step = min(np.diff(depths))
    slots = [round((depth - depths[0]) / step) for depth in depths]
    voxels = hounsfield(slots[-1] + 1)
    values = np.full(voxels.shape, np.nan)
    down = np.array([0, math.cos(tilt), math.sin(tilt)])
    uid = generate_uid()
    for ds, depth, slot in zip(datasets, depths, slots, strict=True):
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SeriesNumber = study.StudyInstanceUID, uid, number
        ds.FrameOfReferenceUID = study.FrameOfReferenceUID
        ds.SeriesDescription = f"Series {number}"
        ds.ImagePositionPatient = [-14, 22, depth]
        ds.ImageOrientationPatient = [1, 0, 0, 0, round(down[1], 9), round(down[2], 9)]
        ds.PixelSpacing, ds.SliceThickness = list(SPACING), step
        ds.WindowCenter, ds.WindowWidth = CENTER, WIDTH
        ds.PixelData = voxels[slot].astype("<i2").tobytes()
        values[slot] = voxels[slot]
    steps = np.column_stack([[SPACING[1], 0, 0], down * SPACING[0], [0, 0, step]])
    return Volume(datasets, values, np.array([-14, 22, depths[0]], float), steps)


def balls(study: Dataset, depths: Sequence[float]) -> Volume:
    """The same grid, air with two balls in it."""
    volume = series(SPHERES, depths, study)
    slot, row, column = np.meshgrid(*(np.arange(count) for count in volume.values.shape), indexing="ij")
    points = volume.origin + np.stack([column, row, slot], axis=-1) @ volume.steps.T
    values = np.full(volume.values.shape, -1000)
    for place, radius, value in BALLS:
        values[np.linalg.norm(points - volume.place(*place), axis=-1) < radius] = value
    for at, ds in enumerate(volume.datasets):
        ds.PixelData = values[at].astype("<i2").tobytes()
    return Volume(volume.datasets, values.astype(float), volume.origin, volume.steps)


def pet(number: int, study: Dataset, frame_of_reference: str) -> Volume:
    """A coarser PET series over the same place, in Bq/ml."""
    depths = [3.0 * at - 12 for at in range(17)]
    rows, columns = 18, 20
    datasets = instances.study(len(depths), rows=rows, columns=columns, patient_id="VOLUME-1")
    slot, row, column = np.meshgrid(np.arange(len(depths)), np.arange(rows), np.arange(columns), indexing="ij")
    stored = (9000 + 2500 * column + 900 * row - 600 * slot).astype(np.uint16)
    uid = generate_uid()
    for ds, depth, cells in zip(datasets, depths, stored, strict=True):
        ds.SOPClassUID, ds.Modality = PositronEmissionTomographyImageStorage, "PT"
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SeriesNumber = study.StudyInstanceUID, uid, number
        ds.FrameOfReferenceUID, ds.SeriesDescription = frame_of_reference, f"PET {number}"
        ds.ImagePositionPatient, ds.PixelSpacing, ds.SliceThickness = [-16, 20, depth], [2, 1.8], 3
        ds.PixelRepresentation, ds.PixelData = 0, cells.astype("<u2").tobytes()
        ds.RescaleSlope = SLOPE
        del ds.RescaleType, ds.WindowCenter, ds.WindowWidth
        ds.Units, ds.CorrectedImage, ds.DecayCorrection, ds.PatientWeight = "BQML", ["ATTN", "DECY"], "START", WEIGHT
        ds.SeriesDate = ds.AcquisitionDate = "20261122"
        ds.SeriesTime = ds.AcquisitionTime = "110000"
        agent = Dataset()
        agent.RadionuclideTotalDose, agent.RadionuclideHalfLife = DOSE, HALF_LIFE
        agent.RadiopharmaceuticalStartDateTime = f"20261122{11 - MINUTES // 60:02}0000"
        ds.RadiopharmaceuticalInformationSequence = [agent]
    steps = np.diag([1.8, 2.0, 3.0])
    return Volume(datasets, stored.astype(np.float64) * SLOPE, np.array([-16, 20, depths[0]], float), steps)


class Planes:
    """The volume view open over the viewer."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, volumes: dict[int, Volume], number: int) -> None:
        """Choose a series in the strip and press its key."""
        if self.page.url == "about:blank":
            study = volumes[number].datasets[0].StudyInstanceUID
            self.page.goto(f"/viewer?StudyInstanceUIDs={study}&tier=lite")
        uid = volumes[number].datasets[0].SeriesInstanceUID
        button = self.page.locator(f'[data-series="{uid}#0"]')
        button.click(timeout=WITHIN_MS)
        expect(button).to_have_attribute("aria-pressed", "true", timeout=WITHIN_MS)
        self.page.locator(f'{CELL}[data-state="ready"][data-quality="lossless"]').wait_for(timeout=WITHIN_MS)
        self.page.keyboard.press("k")

    def close(self) -> None:
        """Back to the images."""
        self.page.keyboard.press("Escape")
        expect(self.page.locator("dialog.volume")).to_have_count(0)

    def plane(self, name: str) -> Locator:
        """The cell of a plane, once it shows everything that was asked for."""
        cell = self.page.locator(f'[data-plane="{name}"][data-settled="true"]')
        cell.wait_for(timeout=WITHIN_MS)
        return cell

    def view(self, name: str) -> "View":
        """Where the picture of a plane lies in the patient."""
        return View(**json.loads(self.plane(name).get_attribute("data-drawn") or ""))

    def picture(self, name: str) -> npt.NDArray[np.int64]:
        """The pixels on a plane's canvas, red green blue."""
        url = self.plane(name).locator("canvas").evaluate("(canvas) => canvas.toDataURL('image/png')")
        return np.asarray(Image.open(io.BytesIO(b64decode(url.partition(",")[2]))).convert("RGB"), dtype=np.int64)

    def render(self, seen: str) -> tuple["View", npt.NDArray[np.int64]]:
        """The 3D picture, once the state written beside it holds these words: where it is seen from, and its pixels."""
        host = self.page.locator(f"[data-render='ready'] .render-host[data-drawn*='{seen}']")
        state = url = ""
        while not state:  # another picture may come between the two questions
            host.wait_for(timeout=WITHIN_MS)
            state, url = self.page.locator(".render-host").evaluate(
                "(host) => [host.dataset.drawn ?? '', host.querySelector('canvas').toDataURL('image/png')]"
            )
        told = json.loads(state)
        shown = Image.open(io.BytesIO(b64decode(url.partition(",")[2]))).convert("RGB")
        del told["preset"], told["clip"]
        return View(**told), np.asarray(shown, dtype=np.int64)

    def screen(self, name: str, point: Floats) -> tuple[float, float]:
        """Where on the screen a point of the patient is."""
        view, box = self.view(name), self.plane(name).bounding_box()
        assert box is not None
        away = point - np.array(view.centre)
        zoom = box["width"] / view.width
        x = (away @ np.array(view.right) / view.scale + view.width / 2) * zoom
        y = (away @ np.array(view.down) / view.scale + view.height / 2) * zoom
        return box["x"] + float(x), box["y"] + float(y)

    def click(self, name: str, point: Floats) -> None:
        """A click on a point of the patient."""
        self.page.mouse.click(*self.screen(name, point))

    def length(self) -> float:
        """The last length of the list, in mm."""
        row = self.page.locator("[data-length]").last
        return float(row.get_attribute("data-length") or "nan")


@dataclass(frozen=True)
class View:
    """A picture's place in the patient."""

    width: int
    height: int
    scale: float
    centre: list[float]
    right: list[float]
    down: list[float]

    def pixel(self, point: Floats) -> tuple[int, int]:
        """Row and column of the pixel a point of the patient is seen at."""
        away = point - np.array(self.centre)
        column = away @ np.array(self.right) / self.scale + self.width / 2
        return int(away @ np.array(self.down) / self.scale + self.height / 2), int(column)

    def points(self) -> Floats:
        """The point of the patient of each pixel's centre."""
        x = (np.arange(self.width) + 0.5 - self.width / 2) * self.scale
        y = (np.arange(self.height) + 0.5 - self.height / 2) * self.scale
        centre, right, down = np.array(self.centre), np.array(self.right), np.array(self.down)
        return np.asarray(centre + x[None, :, None] * right + y[:, None, None] * down)

    @property
    def normal(self) -> Floats:
        """Into the screen."""
        return np.cross(self.right, self.down)


def grey(values: Floats) -> Floats:
    """LINEAR of PS3.3 C.11.2.1.2.1; black outside."""
    shown = np.clip((values - (CENTER - 0.5)) / (WIDTH - 1) + 0.5, 0, 1) * 255
    return np.nan_to_num(np.floor(shown + 0.5), nan=0)


def difference(planes: Planes, name: str, expected: Callable[[View], Floats]) -> float:
    """The largest difference of a plane from values calculated here, in grey levels; edges of the volume left out."""
    view = planes.view(name)
    values = expected(view)
    shown = planes.picture(name)
    assert np.array_equal(shown[..., 0], shown[..., 1])
    inner = ~np.isnan(values)
    for axis in (0, 1):
        for way in (1, -1):
            inner &= ~np.isnan(np.roll(values, way, axis))
    assert inner.sum() > 5000, "nothing of the volume is in sight"
    outside = np.isnan(values)
    for axis in (0, 1):
        for way in (1, -1):
            outside &= np.isnan(np.roll(values, way, axis))
    assert shown[outside].max(initial=0) == 0
    return float(np.abs(shown[..., 0] - grey(values))[inner].max())
