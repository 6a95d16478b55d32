"""The volume view in a real browser: planes, slabs and lengths against numpy, and what is refused."""

import io
import json
import math
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from pydicom.dataset import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage, generate_uid

from tests import instances
from tests.e2e.accessibility import violations
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.truth.browser import CELL, WITHIN_MS, signed_in

pytestmark = pytest.mark.browser

Floats = npt.NDArray[np.float64]

ACCOUNT, PASSWORD = "volume-reader", "lengths-through-many-slices"
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


@pytest.fixture(scope="module")
def volumes(running_pacs: Filmless, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Volume]:
    """A study in a running server: an even series, a tilted one, one with a gap, one that varies."""
    study = instances.study(1)[0]
    even = [1.5 * at - 10 for at in range(30)]
    made = {
        PLAIN: series(PLAIN, even, study),
        TILTED: series(TILTED, even, study, TILT),
        MISSING: series(MISSING, [depth for at, depth in enumerate(even) if at not in {14, 15, 16}], study),
        VARYING: series(VARYING, [*even[:10], *(depth + 0.4 for depth in even[10:20])], study),
        SPHERES: balls(study, even),
        PET: pet(PET, study, study.FrameOfReferenceUID),
        ELSEWHERE: pet(ELSEWHERE, study, generate_uid()),
    }
    datasets = [ds for one in made.values() for ds in one.datasets]
    paths = instances.save(datasets, tmp_path_factory.mktemp("volume"))
    assert set(dcmtk.dcmsend(paths, running_pacs.dicom_port).statuses.values()) == {0}
    running_pacs.add_account(ACCOUNT, "radiologist", PASSWORD)
    return made


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


@pytest.fixture
def planes(browser: Browser, running_pacs: Filmless, volumes: dict[int, Volume]) -> Iterator[Planes]:
    """The viewer, signed in; errors in it fail the test."""
    with signed_in(browser, running_pacs.url, ACCOUNT, PASSWORD) as page:
        opened = Planes(page)
        yield opened
        assert opened.errors == []


@pytest.mark.parametrize("number", [PLAIN, TILTED])
def test_planes_show_what_numpy_calculates(planes: Planes, volumes: dict[int, Volume], number: int) -> None:
    volume = volumes[number]
    planes.open(volumes, number)
    for name in ("axial", "coronal", "sagittal"):
        assert difference(planes, name, lambda view: volume.sample(view.points())) <= 1
    assert (planes.page.get_by_text("18.0°").count() + planes.page.get_by_text("18,0°").count() > 0) == (
        number == TILTED
    )
    # oblique: turned within two planes
    for name, times in (("axial", 4), ("coronal", 3)):
        planes.plane(name).focus()
        for _ in range(times):
            planes.page.keyboard.press(".")
    assert abs(planes.view("sagittal").down[0]) > 0.05
    for name in ("axial", "coronal", "sagittal"):
        assert difference(planes, name, lambda view: volume.sample(view.points())) <= 1


def test_a_slab_is_the_largest_the_smallest_the_mean(planes: Planes, volumes: dict[int, Volume]) -> None:
    volume = volumes[PLAIN]
    planes.open(volumes, PLAIN)
    planes.plane("axial").focus()
    planes.page.locator('[name="slab"]').select_option("average")
    planes.page.locator('[name="thickness"]').fill("9")
    # half a voxel apart: 1.5 mm slices
    offsets = (np.arange(12) + 0.5) / 12 * 9 - 4.5

    def through(view: View) -> Floats:
        return np.stack([volume.sample(view.points() + offset * view.normal) for offset in offsets])

    assert difference(planes, "axial", lambda view: through(view).mean(axis=0)) <= 1
    planes.page.locator('[name="slab"]').select_option("maximum")
    assert difference(planes, "axial", lambda view: through(view).max(axis=0)) <= 1
    planes.page.locator('[name="slab"]').select_option("minimum")
    assert difference(planes, "axial", lambda view: through(view).min(axis=0)) <= 1
    assert "9" in planes.plane("axial").locator(".bottom-right").inner_text()


@pytest.mark.parametrize("number", [PLAIN, TILTED])
def test_a_length_across_slices_is_right(planes: Planes, volumes: dict[int, Volume], number: int) -> None:
    volume = volumes[number]
    planes.open(volumes, number)
    planes.plane("sagittal").focus()
    for _ in range(6):
        planes.page.keyboard.press("+")
    planes.page.keyboard.press("l")
    assert planes.view("sagittal").scale < 0.1
    # on one plane, drawn out: between two voxels of the middle column, several slices apart
    middle = (COLUMNS - 1) / 2
    one, other = volume.place(middle, 14, 12), volume.place(middle, 26, 18)
    x, y = planes.screen("sagittal", one)
    planes.page.mouse.move(x, y)
    planes.page.mouse.down()
    planes.page.mouse.move(*planes.screen("sagittal", other), steps=5)
    planes.page.mouse.up()
    expect(planes.page.locator("[data-length]")).to_have_count(1)
    assert planes.length() == pytest.approx(float(np.linalg.norm(one - other)), abs=0.1)
    # from a slice to another one: click, scroll, click
    planes.plane("axial").hover()
    before = planes.view("axial")
    start = np.array(before.centre) + 2 * np.array(before.right)
    planes.click("axial", start)
    for _ in range(4):
        planes.page.mouse.wheel(0, 100)
    moved = np.array(planes.view("axial").centre) - np.array(before.centre)
    assert moved[2] == pytest.approx(4 * volume.steps[2, 2], abs=2)
    end = np.array(planes.view("axial").centre) - 3 * np.array(before.down)
    planes.click("axial", end)
    expect(planes.page.locator("[data-length]")).to_have_count(2)
    assert planes.length() == pytest.approx(float(np.linalg.norm(start - end)), abs=0.1)


def test_missing_slices_are_striped_and_varying_ones_refused(planes: Planes, volumes: dict[int, Volume]) -> None:
    volume = volumes[MISSING]
    planes.open(volumes, MISSING)
    expect(planes.page.locator('.volume-notes [data-serious="true"]')).to_have_count(1, timeout=WITHIN_MS)
    view = planes.view("coronal")
    index = (view.points()[..., 2] - volume.origin[2]) / volume.steps[2, 2]
    inside = ~np.isnan(volumes[PLAIN].sample(view.points()))
    gap = inside & (index > 13.6) & (index < 16.4)
    shown = planes.picture("coronal")
    assert (shown[gap][:, 0] > shown[gap][:, 2]).all(), "striped, in a colour of its own"
    assert len(np.unique(shown[gap], axis=0)) == 2
    there = inside & ((index < 13) | (index > 17))
    expected = grey(volumes[PLAIN].sample(view.points()))
    assert np.percentile(np.abs(shown[..., 0] - expected)[there], 99) <= 1
    planes.close()
    planes.open(volumes, VARYING)
    refusal = planes.page.get_by_role("alert")
    expect(refusal).to_be_visible(timeout=WITHIN_MS)
    expect(planes.page.locator("[data-plane]")).to_have_count(0)
    planes.close()
    expect(planes.page.locator(f'{CELL}[data-state="ready"]')).to_be_visible()


def test_the_volume_is_where_it_belongs_in_three_dimensions(planes: Planes, volumes: dict[int, Volume]) -> None:
    volume = volumes[SPHERES]
    planes.open(volumes, SPHERES)
    planes.plane("axial")
    planes.page.get_by_role("tab", name="3D").click()
    planes.page.locator('[name="render-preset"]').select_option("projection")
    bright, pale = (volume.place(*ball[0]) for ball in BALLS)
    between = (bright + pale) / 2

    def expect_balls(seen: str) -> None:
        view, shown = planes.render(seen)
        assert shown[view.pixel(bright)][0] == pytest.approx(255, abs=2)
        assert shown[view.pixel(pale)][0] == pytest.approx(float(grey(np.array(180.0))), abs=3)
        assert shown[view.pixel(between)][0] == 0
        # as large as they are: half of the radius further on is inside, half as far again beyond it is not
        for ball, point in zip(BALLS, (bright, pale), strict=True):
            for way in (np.array(view.right), np.array(view.down)):
                assert shown[view.pixel(point + 0.5 * ball[1] * way)][0] > 100
                assert shown[view.pixel(point + 1.6 * ball[1] * way)][0] == 0

    expect_balls('"preset":"projection"')
    assert violations(planes.page) == []
    planes.page.get_by_role("button", name=re.compile("^(Feet|Chân)$")).click()
    expect_balls('"right":[1,0,0],"down":[0,1,0]')
    host = planes.page.locator(".render-host")
    before = host.get_attribute("data-drawn")
    host.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowRight"):
        planes.page.keyboard.press(key)
    expect(host).not_to_have_attribute("data-drawn", before or "")
    expect_balls('"preset":"projection"')
    # cut away up to a place between the two balls: the one before it is gone
    part = round(float(between @ np.array([0, 0, 1]) - volume.origin[2]) / 1.5 / 30 * 100)
    planes.page.locator('[name="cut-2-0"]').fill(str(part))
    view, shown = planes.render(f"[{part / 100:g},1]")
    assert shown[view.pixel(bright)][0] == 0
    assert shown[view.pixel(pale)][0] > 100
    planes.page.locator('[name="render-preset"]').select_option("bone")
    view, shown = planes.render('"preset":"bone"')
    assert shown.max() < 200, "the ball of 180 HU is no bone, the other one is cut away"
    planes.page.locator('[name="cut-2-0"]').fill("0")
    view, shown = planes.render('"clip":[[0,1],[0,1],[0,1]]')
    assert shown[view.pixel(bright)].sum() > 300


def hot_iron(part: Floats) -> Floats:
    """Black, red, yellow, white."""
    level = np.clip(part, 0, 1)[..., None] * 255
    return np.asarray(np.clip(np.concatenate([level * 2, level * 2 - 255, level * 4 - 765], axis=-1), 0, 255))


def test_pet_lies_over_ct_by_its_frame_of_reference_alone(planes: Planes, volumes: dict[int, Volume]) -> None:
    ct, over = volumes[PLAIN], volumes[PET]
    planes.open(volumes, PLAIN)
    planes.plane("axial")
    menu = planes.page.locator(".fusion > button[aria-haspopup]")
    menu.click()
    planes.page.get_by_role("menuitemradio", name=f"PET {ELSEWHERE}").click()
    expect(planes.page.locator('.volume-panel [role="alert"]')).to_contain_text(f"PET {ELSEWHERE}")
    expect(planes.page.locator('[data-fact="fused"]')).to_have_count(0)
    menu.click()
    planes.page.get_by_role("menuitemradio", name=f"PET {PET}").click()
    fact = planes.page.locator('[data-fact="fused"]')
    expect(fact).to_contain_text("SUVbw")
    value = float((fact.text_content() or "").split()[0].replace(",", "."))
    middle = ct.place((COLUMNS - 1) / 2, (ROWS - 1) / 2, 14.5)
    assert value == pytest.approx(float(over.sample(middle[None])[0]) * SUV, abs=0.01)
    assert violations(planes.page) == []
    planes.page.locator('[name="fusion-opacity"]').fill("40")
    planes.page.locator('[name="fusion-upper"]').fill("8")
    planes.page.keyboard.press("Tab")
    for name in ("axial", "sagittal", "coronal"):
        view = planes.view(name)
        points = view.points()
        under, above = ct.sample(points), over.sample(points) * SUV
        inner = np.ones(under.shape, bool)
        for axis in (0, 1):
            for way in (1, -1):
                inner &= ~np.isnan(np.roll(under + above, way, axis))
        assert inner.sum() > 5000
        colour = hot_iron(np.floor(np.nan_to_num(above) / 8 * 255 + 0.5) / 255)
        expected = grey(under)[..., None] * 0.6 + colour * 0.4
        assert np.abs(planes.picture(name) - expected)[inner].max() <= 4


def test_a_curved_plane_follows_its_curve(planes: Planes, volumes: dict[int, Volume]) -> None:
    volume = volumes[PLAIN]
    planes.open(volumes, PLAIN)
    planes.plane("axial").focus()
    planes.page.keyboard.press("u")
    z = planes.view("axial").centre[2]
    for column in (8, 38):
        planes.click("axial", np.array([*volume.place(column, 18, 0)[:2], z]))
    curved = planes.page.locator("[data-curve]")
    curved.locator("canvas").wait_for()
    start, end = (np.array(point) for point in json.loads(curved.get_attribute("data-curve") or ""))
    step = float(curved.get_attribute("data-curve-step") or "nan")
    length = float(np.linalg.norm(end - start))
    expect(curved).to_contain_text(re.compile(f"{length:.1f}".replace(".", "[.,]")))
    url = curved.locator("canvas").evaluate("(canvas) => canvas.toDataURL('image/png')")
    shown = np.asarray(Image.open(io.BytesIO(b64decode(url.partition(",")[2]))).convert("L"), dtype=np.int64)
    rows, columns = shown.shape
    assert columns == int(length / step + 1e-6) + 1
    along = start + np.arange(columns)[None, :, None] * step * (end - start) / length
    points = along + (np.arange(rows) - (rows - 1) / 2)[:, None, None] * step * np.array([0, 0, -1])
    values = volume.sample(points)
    inner = ~np.isnan(values) & ~np.isnan(np.roll(values, 1, 0)) & ~np.isnan(np.roll(values, -1, 0))
    assert inner.sum() > 1000
    assert np.abs(shown - grey(values))[inner].max() <= 1
