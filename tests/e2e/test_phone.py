"""A phone: a link to a CT and a CR is opened in Lite, and fingers scroll, pinch, change the window and measure."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page, expect
from pydicom.dataset import Dataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, generate_uid

from tests import instances
from tests.e2e.viewer_page import WITHIN_MS, ViewerPage

pytestmark = [pytest.mark.browser, pytest.mark.interop]

SLICES, SIZE = 12, 128
Point = tuple[float, float]


def chest_film(ct: Dataset) -> Dataset:
    """A radiograph of the same patient and study, with the spacing of its detector."""
    (ds,) = instances.study(1, rows=SIZE, columns=SIZE)
    for keyword in ("StudyInstanceUID", "PatientName", "PatientID"):
        setattr(ds, keyword, getattr(ct, keyword))
    ds.SOPClassUID, ds.SeriesInstanceUID = UID(ComputedRadiographyImageStorage), generate_uid()
    ds.Modality, ds.SeriesNumber, ds.SeriesDescription = "CR", 2, "Ngực thẳng"
    for keyword in ("PixelSpacing", "RescaleType", "ImageOrientationPatient", "ImagePositionPatient"):
        del ds[keyword]
    ds.ImagerPixelSpacing = [0.2, 0.2]
    return ds


class Fingers:
    """Fingers on the first cell of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)

    def touch(self, kind: str, *points: Point) -> None:
        """One event; every finger on the glass is named in it."""
        fingers = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def middle(self) -> Point:
        """The middle of the cell."""
        box = self.page.locator('[data-viewport="1"]').bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, start: Point, dx: float, dy: float) -> None:
        """One finger goes over the glass."""
        self.touch("touchStart", start)
        for step in range(1, 11):
            self.touch("touchMove", (start[0] + dx * step / 10, start[1] + dy * step / 10))
        self.touch("touchEnd")

    def spread(self, middle: Point, start: float, end: float) -> None:
        """Two fingers go apart, each from ``start`` to ``end`` beside the middle."""
        x, y = middle
        self.touch("touchStart", (x - start, y), (x + start, y))
        for step in range(1, 11):
            apart = start + (end - start) * step / 10
            self.touch("touchMove", (x - apart, y), (x + apart, y))
        self.touch("touchEnd")


def zoom_of(page: Page) -> float:
    """The zoom factor on the screen, in per cent."""
    text = page.locator('[data-viewport="1"] .corner.bottom-right').inner_text()
    match = re.search(r"([\d.,]+)\s*%", text)
    assert match, text
    return float(match[1].replace(".", "").replace(",", "."))


def index_of(viewer: ViewerPage) -> int:
    return int(viewer.cell().get_attribute("data-index") or 0)


def test_a_linked_ct_and_cr_are_read_with_fingers(
    new_page: Callable[..., Page], send: Callable[[list[Dataset]], None]
) -> None:
    slices = instances.study(SLICES, rows=SIZE, columns=SIZE, patient_name="PHẠM^THỊ^MAI", patient_id="PHONE-1")
    film = chest_film(slices[0])
    send([*slices, film])
    page = new_page(width=390, height=844, phone=True)
    page.goto(f"/viewer?StudyInstanceUIDs={film.StudyInstanceUID}&SeriesInstanceUID={slices[0].SeriesInstanceUID}")
    viewer = ViewerPage(page).wait()
    cell = viewer.cell()
    expect(cell).to_have_attribute("data-tier", "lite")
    expect(page.locator("header").first).to_contain_text("PHẠM THỊ MAI")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the phone"
    fingers = Fingers(page)
    middle = fingers.middle()

    # one finger scrolls a stack, back and forth
    before = index_of(viewer)
    fingers.drag(middle, 0, -200)
    expect(cell).not_to_have_attribute("data-index", str(before))
    for _ in range(2):
        fingers.drag((middle[0], middle[1] - 150), 0, 320)
    expect(cell).to_have_attribute("data-index", str(SLICES - 1))

    # two fingers zoom, and only that
    zoom = zoom_of(page)
    fingers.spread(middle, 40, 80)
    expect(page.locator('[data-viewport="1"] .corner.bottom-right')).not_to_contain_text(f"{round(zoom)}%")
    assert zoom_of(page) == pytest.approx(zoom * 2, rel=0.03)
    expect(cell).to_have_attribute("data-index", str(SLICES - 1))

    # the window, once it is in hand; a tap that a busy machine sees late would be a long press, so buttons are clicked
    voi = cell.get_attribute("data-voi")
    viewer.command("window").click()
    fingers.drag(middle, 60, 40)
    expect(cell).not_to_have_attribute("data-voi", str(voi))
    expect(cell).to_have_attribute("data-index", str(SLICES - 1))

    # the radiograph of the same link: its window by one finger, and a length by one finger
    page.locator(f'[data-series="{film.SeriesInstanceUID}#0"]').click()
    expect(page.locator('[data-viewport="1"] .overlay')).to_contain_text("Ngực thẳng", timeout=WITHIN_MS)
    viewer.wait()
    voi = cell.get_attribute("data-voi")
    fingers.drag(middle, 60, 40)
    expect(cell).not_to_have_attribute("data-voi", str(voi))
    viewer.command("length").click()
    fingers.drag((middle[0] - 60, middle[1]), 120, 0)
    label = page.locator('[data-viewport="1"] [data-kind="length"] text')
    expect(label).to_have_text(re.compile(r"mm ◫$"))
    length = float((label.text_content() or "").split()[0].replace(",", "."))
    assert length == pytest.approx(120 / (zoom_of(page) / 100) * 0.2, rel=0.01)
    # fingers that come down together zoom, whatever the tool: nothing is drawn by them
    fingers.spread(middle, 50, 75)
    expect(page.locator('[data-viewport="1"] [data-kind="length"]')).to_have_count(1)
    # one after the other as well
    x, y = middle
    zoom = zoom_of(page)
    fingers.touch("touchStart", (x - 50, y + 60))
    fingers.touch("touchMove", (x - 49, y + 60))
    fingers.touch("touchStart", (x - 49, y + 60), (x + 50, y + 60))
    for step in range(1, 6):
        fingers.touch("touchMove", (x - 49 - 6 * step, y + 60), (x + 50 + 6 * step, y + 60))
    fingers.touch("touchEnd")
    expect(page.locator('[data-viewport="1"] [data-kind="length"]')).to_have_count(1)
    assert zoom_of(page) > zoom
