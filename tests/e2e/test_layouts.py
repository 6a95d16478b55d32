"""Several cells at once: hanging with a prior, links, lines, crosshair, own keys and layouts, a second window."""

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect
from pydicom.dataset import Dataset
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, generate_uid

from tests import instances
from tests.e2e.accessibility import violations
from tests.e2e.viewer_page import WITHIN_MS, ViewerPage

pytestmark = [pytest.mark.browser, pytest.mark.interop]

Send = Callable[[list[Dataset]], None]
NewPage = Callable[..., Page]
SLICES = 12
STEP_MM = 2.0


def dated(datasets: list[Dataset], date: str) -> list[Dataset]:
    for ds in datasets:
        ds.StudyDate = date
    return datasets


def sagittal(axial: list[Dataset]) -> list[Dataset]:
    """A sagittal series of the same study and space: x = 2 mm a slice, rows from z = 30 mm down, 0.5 mm pixels."""
    made = instances.study(SLICES)
    series_uid = generate_uid()
    for number, ds in enumerate(made):
        for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientName", "PatientID", "StudyDate"):
            setattr(ds, keyword, getattr(axial[0], keyword))
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = series_uid, 2, "Sagittal"
        ds.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        ds.ImagePositionPatient = [STEP_MM * number, 0, 30]
    return made


def uid_of(datasets: list[Dataset]) -> str:
    return str(datasets[0].StudyInstanceUID)


def open_reading(page: Page, uid: str, more: str = "") -> ViewerPage:
    page.goto(f"/viewer?StudyInstanceUIDs={uid}&tier=reading{more}")
    viewer = ViewerPage(page).wait()
    viewer.expect_data("tier", "reading")
    return viewer


def layout_menu(page: Page) -> None:
    page.get_by_role("button", name="Layout", exact=True).click()


def test_a_study_hangs_with_its_prior_and_its_cells_know_of_each_other(new_page: NewPage, send: Send) -> None:
    axial = instances.study(SLICES, patient_id="LAY-1")
    prior = dated(instances.study(SLICES, patient_id="LAY-1"), "20250110")
    for ds in prior:
        ds.ImagePositionPatient = [0, 0, 100 + ds.ImagePositionPatient[2]]  # another space, another table height
    send(prior)
    send([*axial, *sagittal(axial)])
    page = new_page(locale="en-GB")
    viewer = open_reading(page, uid_of(axial))

    # the prior beside it, marked with its date, and moving with it
    expect(viewer.root).to_have_attribute("data-layout", "1x2", timeout=WITHIN_MS)
    viewer.expect_data("prior", "true", cell=2)
    viewer.expect_data("prior", "false", cell=1)
    expect(viewer.cell(2).locator(".standing")).to_have_text("Prior · 10/01/2025", timeout=WITHIN_MS)
    viewer.expect_data("quality", "lossless", cell=2)
    viewer.cell(1).focus()
    first, second = (int(viewer.cell(number).get_attribute("data-index") or -1) for number in (1, 2))
    viewer.press("ArrowUp", "ArrowUp")
    viewer.expect_data("index", str(first - 2))
    viewer.expect_data("index", str(second - 2), cell=2)
    viewer.press("/", "ArrowUp")  # no link any more
    viewer.expect_data("index", str(first - 3))
    viewer.expect_data("index", str(second - 2), cell=2)
    assert not violations(page)

    # without it again; the next arrangement shows two series
    viewer.press("'")
    expect(viewer.root).to_have_attribute("data-layout", "1x1", timeout=WITHIN_MS)
    viewer.press(",")
    expect(viewer.root).to_have_attribute("data-layout", "1x2", timeout=WITHIN_MS)
    viewer.expect_data("quality", "lossless", cell=2)

    # the line where the axial slice cuts the sagittal image: slice n lies at z = 2(n + 1), the sagittal rows go down
    # from z = 30 by 0.5 mm, so that its row is (30 − z) / 0.5 + 0.5
    viewer.cell(1).focus()
    viewer.press("Home")
    for index in (0, 1, 2):
        viewer.expect_data("index", str(index))
        row = (30 - STEP_MM * (index + 1)) / 0.5 + 0.5
        line = viewer.cell(2).locator(".reference-line")
        expect(line).to_have_attribute(
            "data-line", re.compile(rf"^[\d.]+,{row:.2f} [\d.]+,{row:.2f}$"), timeout=WITHIN_MS
        )
        viewer.press("ArrowDown")

    # the crosshair brings the other cell there: x of the point chooses the sagittal slice
    viewer.press("x")
    cell = viewer.cell(1).locator(".canvas-hosts").bounding_box()
    assert cell is not None
    side = min(cell["width"], cell["height"])  # 64 × 64 pixels fitted
    left, top = cell["x"] + (cell["width"] - side) / 2, cell["y"] + (cell["height"] - side) / 2
    column, image_row = 32.5, 20.5  # x = 16 mm, y = 10 mm
    page.mouse.click(left + column / 64 * side, top + image_row / 64 * side)
    viewer.expect_data("index", str(round(16 / STEP_MM)), cell=2)
    at = viewer.cell(2).locator(".crosshair").get_attribute("data-at") or ""
    across, down = (float(one) for one in at.split(","))
    z = STEP_MM * (int(viewer.cell(1).get_attribute("data-index") or 0) + 1)
    assert across == pytest.approx(10 / 0.5 + 0.5, abs=0.2)
    assert down == pytest.approx((30 - z) / 0.5 + 0.5, abs=0.2)
    viewer.press("x")
    expect(viewer.cell(2).locator(".crosshair")).to_have_count(0)

    # one window in all cells
    viewer.press(";", "4")
    voi = viewer.cell(1).get_attribute("data-voi") or ""
    viewer.expect_data("voi", voi, cell=2)

    # sizes that mean something
    viewer.cell(1).focus()
    viewer.press("0")
    expect(viewer.cell(1)).to_contain_text("100% · 1:1")
    viewer.press("\\")
    page.get_by_role("dialog", name="Measure this screen").get_by_role("button", name="It fits").click()
    expect(viewer.cell(1)).to_contain_text("true size")

    # sixteen cells
    layout_menu(page)
    page.locator('[data-grid="4x4"]').click()
    expect(viewer.cells).to_have_count(16)
    viewer.expect_data("quality", "lossless", cell=2)
    assert not violations(page)


def test_keys_and_layouts_of_ones_own_follow_the_person(new_page: NewPage, send: Send) -> None:
    axial = instances.study(SLICES, patient_id="LAY-2")
    for ds in axial:
        ds.BodyPartExamined = "ABDOMEN"
    send([*axial, *sagittal(axial)])
    page = new_page(locale="en-GB")
    viewer = open_reading(page, uid_of(axial))
    viewer.press("?")
    help_dialog = page.get_by_role("dialog", name=re.compile("key", re.IGNORECASE))
    key = help_dialog.locator('[data-key="invert"]')
    key.click()
    page.keyboard.press("h")
    expect(help_dialog.get_by_role("status")).to_contain_text("exchanged")
    expect(key).to_have_text("H")
    expect(help_dialog.locator('[data-key="flip_horizontal"]')).to_have_text("I")
    assert not violations(page)
    page.keyboard.press("Escape")
    viewer.press("h")
    expect(viewer.command("invert")).to_have_attribute("aria-pressed", "true")

    layout_menu(page)
    page.locator('[data-grid="2x1"]').click()
    viewer.expect_data("quality", "lossless", cell=2)
    layout_menu(page)
    page.get_by_role("menuitem", name="Save this layout…").click()
    dialog = page.get_by_role("dialog", name="Save this layout")
    expect(dialog).to_contain_text("CT · ABDOMEN")
    dialog.get_by_label("Name").fill("Bụng trên dưới")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".desk-notice", has_text="Bụng trên dưới")).to_be_visible(timeout=WITHIN_MS)

    other = new_page(locale="vi-VN")  # another computer, the same person
    viewer = open_reading(other, uid_of(axial))
    expect(viewer.root).to_have_attribute("data-layout", "2x1", timeout=WITHIN_MS)
    expect(viewer.cell(2)).to_contain_text("Sagittal", timeout=WITHIN_MS)
    expect(viewer.command("invert")).to_have_attribute("title", re.compile(r"\(H\)"), timeout=WITHIN_MS)
    other.get_by_role("button", name="Bố cục", exact=True).click()
    other.get_by_role("menuitem", name="Xóa bố cục “Bụng trên dưới”").click()
    other.context.request.delete("/api/preferences/keys", headers={"Origin": other.url.split("/viewer")[0]})


def mammograms() -> list[Dataset]:
    """Four views, sent in a wrong order and partly mirrored, of two sizes; bright all over."""
    made = instances.study(4, patient_id="LAY-3", rows=96, columns=64)
    views: list[tuple[str, str, list[str], int]] = [
        ("R", "CC", ["P", "L"], 96), ("L", "MLO", ["A", "F"], 96), ("R", "MLO", ["A", "F"], 96),
        ("L", "CC", ["P", "L"], 80),
    ]  # fmt: skip
    for ds, (side, view, orientation, rows) in zip(made, views, strict=True):
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "RescaleType"):
            if keyword in ds:
                delattr(ds, keyword)
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = DigitalMammographyXRayImageStorageForPresentation
        ds.Modality, ds.SeriesInstanceUID, ds.SeriesDescription = "MG", generate_uid(), f"{side} {view}"
        ds.StudyDescription = "Nhũ ảnh hai bên, chụp kiểm tra định kỳ hằng năm"
        ds.ImageLaterality, ds.ViewPosition, ds.PatientOrientation = side, view, orientation
        ds.Rows, ds.PixelSpacing = rows, [0.1, 0.1]
        ds.PixelData = np.full((rows, 64), 1000, "<i2").tobytes()
        ds.WindowCenter, ds.WindowWidth = 0, 1000
    return made


def lit(viewer: ViewerPage, number: int) -> tuple[tuple[int, int, int, int], Any]:
    """The box of what is bright in a cell (left, top, right, bottom), and the cell's own."""
    box = viewer.cell(number).bounding_box()
    assert box is not None
    grey = np.asarray(Image.open(io.BytesIO(viewer.page.screenshot(clip=box))).convert("L"))
    columns, rows = np.nonzero((grey > 200).mean(axis=0) > 0.3)[0], np.nonzero((grey > 200).mean(axis=1) > 0.3)[0]
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1), box


def expect_back_to_back(viewer: ViewerPage) -> dict[int, tuple[int, int, int, int]]:
    """Right breasts lie at the right edge of their cells and left ones at the left, soon; the boxes of all four."""
    boxes: dict[int, tuple[int, int, int, int]] = {}
    for number in (1, 2, 3, 4):
        for _ in range(WITHIN_MS // 100):
            boxes[number], cell = lit(viewer, number)
            away = cell["width"] - boxes[number][2] if number in (1, 3) else boxes[number][0]
            whole = (boxes[number][2] - boxes[number][0]) / (boxes[1][3] - boxes[1][1])
            if abs(away) <= 2 and whole == pytest.approx(64 / 96, rel=0.02):
                break
            viewer.page.wait_for_timeout(100)
        else:
            pytest.fail(f"cell {number}: {boxes[number]} in {cell}")
    return boxes


def expect_head_in_full(viewer: ViewerPage) -> None:
    """Who it is, when and that images arrive are not cut, and the tools are there; only the description gives way."""
    cut = """() => [...document.querySelectorAll('.whose :is(h1, .number, .arriving)')]
        .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline'
            || one.getBoundingClientRect().right > document.querySelector('.whose').getBoundingClientRect().right + 1)
        .map((one) => one.textContent)"""
    expect(viewer.page.locator(".whose .arriving")).to_be_visible(timeout=WITHIN_MS)
    assert viewer.page.evaluate(cut) == []
    for command in ("window", "help"):
        expect(viewer.command(command)).to_be_in_viewport(ratio=1)


def test_mammograms_hang_back_to_back(new_page: NewPage, send: Send) -> None:
    made = mammograms()
    send(made)
    page = new_page(locale="en-GB")

    def arriving(route: Route) -> None:
        response = route.fetch()
        manifest = response.json()
        manifest["study"]["arriving"] = True
        route.fulfill(response=response, json=manifest)

    page.route("**/manifest*", arriving)
    viewer = open_reading(page, uid_of(made))
    expect(viewer.root).to_have_attribute("data-layout", "2x2", timeout=WITHIN_MS)
    for width in (1370, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        expect_head_in_full(viewer)
    page.unroute("**/manifest*")
    for number, view, right, bottom in (
        (1, "R CC", "P", "L"),
        (2, "L CC", "A", "R"),
        (3, "R MLO", "P", "F"),
        (4, "L MLO", "A", "F"),
    ):
        viewer.expect_data("quality", "lossless", cell=number)
        expect(viewer.cell(number).locator(".side")).to_have_text(view)
        expect(viewer.cell(number).locator(".edge.right")).to_have_text(right, timeout=WITHIN_MS)
        expect(viewer.cell(number).locator(".edge.bottom")).to_have_text(bottom)
        viewer.expect_data("tier", "reading", cell=number)
    viewer.page.add_style_tag(content="[data-viewport] > :not(.canvas-hosts) { visibility: hidden !important }")
    boxes = expect_back_to_back(viewer)
    heights = {number: box[3] - box[1] for number, box in boxes.items()}
    assert heights[2] / heights[1] == pytest.approx(80 / 96, rel=0.01)  # a millimetre is as long everywhere
    assert heights[3] == pytest.approx(heights[1], abs=2)
    for width, height in ((1100, 900), (1500, 700)):  # and so in a window of any size
        viewer.page.set_viewport_size({"width": width, "height": height})
        expect_back_to_back(viewer)


def test_a_second_window_follows_and_is_emptied_when_the_first_leaves(new_page: NewPage, send: Send) -> None:
    axial = instances.study(SLICES, patient_id="LAY-4")
    thick = instances.study(SLICES)
    series_uid = generate_uid()
    for ds in thick:
        for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientName", "PatientID"):
            setattr(ds, keyword, getattr(axial[0], keyword))
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = series_uid, 2, "Xương"
    send([*axial, *thick])
    page = new_page(locale="en-GB")
    viewer = open_reading(page, uid_of(axial))
    with page.expect_popup() as opened:
        viewer.press("F8")
    popup = ViewerPage(opened.value).wait()
    expect(popup.cell(1)).to_contain_text("Xương", timeout=WITHIN_MS)
    for window in (viewer, popup):
        window.page.bring_to_front()
        layout_menu(window.page)
        link = window.page.locator('[data-switch="linked"]')
        if link.get_attribute("aria-checked") != "true":
            link.click()
        else:
            window.page.keyboard.press("Escape")
    viewer.page.bring_to_front()
    viewer.cell(1).focus()
    viewer.press("Home", "ArrowDown", "ArrowDown")
    viewer.expect_data("index", "2")
    popup.expect_data("index", "2")
    viewer.press("Backspace")
    expect(popup.page.get_by_text("Waiting for the first window")).to_be_visible(timeout=WITHIN_MS)
    popup.expect_data("state", "empty")
