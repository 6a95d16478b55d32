"""The volume view in a real browser: planes, slabs and lengths against numpy, and what is refused."""

import io
import json
import re
from base64 import b64decode
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from pydicom.uid import generate_uid

from tests import instances
from tests.e2e.accessibility import violations
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.truth.browser import CELL, WITHIN_MS, signed_in
from tests.viewer.volume_page import (
    BALLS,
    COLUMNS,
    ELSEWHERE,
    MISSING,
    PET,
    PLAIN,
    ROWS,
    SPHERES,
    SUV,
    TILT,
    TILTED,
    VARYING,
    Floats,
    Planes,
    View,
    Volume,
    balls,
    difference,
    grey,
    pet,
    series,
)

pytestmark = pytest.mark.browser

ACCOUNT, PASSWORD = "volume-reader", "lengths-through-many-slices"


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
