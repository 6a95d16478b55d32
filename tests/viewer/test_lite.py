"""The Lite tier in a real browser: fingers and mouse, measuring, overlays, and what goes wrong is survived."""

import io
import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, expect
from pydicom.dataset import Dataset

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.truth.browser import CELL, WITHIN_MS, signed_in

pytestmark = pytest.mark.browser

ACCOUNT, PASSWORD = "lite-reader", "a-square-of-200-hounsfield"
SIZE = 128
BACKGROUND, INSIDE = -100, 200
BOX = slice(32, 64)  # rows and columns of a bright square

# Every index that the cell has had from now on: cine goes on while a slow machine looks away.
REMEMBER_INDEXES = """
(cell) => {
  window.indexes = new Set();
  new MutationObserver(() => window.indexes.add(cell.dataset.index)).observe(cell, { attributeFilter: ['data-index'] });
}
"""
# The WebGL contexts of the page, so that they can be taken away and given back as a graphics driver does.
REMEMBER_CONTEXTS = """
window.losers = [];
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  const context = getContext.call(this, kind, ...rest);
  if (context && kind === 'webgl2') window.losers.push(context.getExtension('WEBGL_lose_context'));
  return context;
};
"""


@pytest.fixture(scope="module")
def server(running_pacs: Filmless) -> Filmless:
    """A running server with a radiologist's account."""
    running_pacs.add_account(ACCOUNT, "radiologist", PASSWORD)
    return running_pacs


def squares(count: int) -> list[Dataset]:
    """A CT series with a square of 200 HU in -100 HU, pixels of 0.5 mm."""
    datasets = instances.study(count, rows=SIZE, columns=SIZE, patient_id="LITE-1")
    for ds in datasets:
        pixels = np.full((SIZE, SIZE), BACKGROUND, "<i2")
        pixels[BOX, BOX] = INSIDE
        ds.PixelData = pixels.tobytes()
    return datasets


def send(server: Filmless, datasets: list[Dataset], folder_factory: pytest.TempPathFactory) -> str:
    """Send a study; gives its UID."""
    paths = instances.save(datasets, folder_factory.mktemp("lite"))
    assert set(dcmtk.dcmsend(paths, server.dicom_port).statuses.values()) == {0}
    return str(datasets[0].StudyInstanceUID)


@pytest.fixture(scope="module")
def study_uid(server: Filmless, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Twelve slices in the running server."""
    return send(server, squares(12), tmp_path_factory)


class Reader:
    """The study open in Lite, and hands on its first cell."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.add_init_script(REMEMBER_CONTEXTS)

    def open(self, study_uid: str, renderer: str, state: str = '[data-state="ready"][data-quality="lossless"]') -> None:
        """Open the study and wait for its first image."""
        self.page.goto(f"/viewer?StudyInstanceUIDs={study_uid}&tier=lite&renderer={renderer}")
        self.page.locator(f"{CELL}{state}").wait_for(timeout=WITHIN_MS)

    def at_index(self, index: int) -> None:
        """Wait until an image of the stack is on screen."""
        expect(self.page.locator(CELL)).to_have_attribute("data-index", str(index), timeout=WITHIN_MS)

    def screen(self, column: float, row: float, aspect: float = 1) -> tuple[float, float]:
        """Where a point of the image (0, 0 its outer corner) is while it fits its cell."""
        box = self.page.locator(f"{CELL} .canvas-hosts").bounding_box()
        assert box is not None
        scale = min(box["width"] / SIZE, box["height"] / (SIZE * aspect))
        left, top = (box["width"] - SIZE * scale) / 2, (box["height"] - SIZE * scale * aspect) / 2
        return box["x"] + left + column * scale, box["y"] + top + row * scale * aspect

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag with the primary button."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()

    def await_grey(self, column: float, row: float, value: int, aspect: float = 1) -> None:
        """Wait until a point of the fitted image has a grey value on screen."""
        x, y = self.screen(column, row, aspect)
        grey = -1
        for _ in range(50):
            shot = np.asarray(Image.open(io.BytesIO(self.page.screenshot())).convert("L"))
            grey = int(shot[int(y), int(x)])
            if abs(grey - value) <= 1:
                return
            self.page.wait_for_timeout(100)
        assert grey == pytest.approx(value, abs=1)


@pytest.fixture
def page(browser: Browser, server: Filmless) -> Iterator[Page]:
    """A signed-in page."""
    with signed_in(browser, server.url, ACCOUNT, PASSWORD) as found:
        yield found


@pytest.fixture(params=["gpu", "cpu"])
def reader(request: pytest.FixtureRequest, page: Page, study_uid: str) -> Iterator[Reader]:
    """Lite on each of its two renderers."""
    found = Reader(page)
    found.open(study_uid, request.param)
    page.keyboard.press("Home")
    found.at_index(0)
    assert page.locator(f'{CELL} [data-renderer="{request.param}"]').count() == 1
    yield found
    assert found.errors == []


def linear(value: float, center: float = 40, width: float = 400) -> int:
    """LINEAR of PS3.3 C.11.2.1.2.1 as a display value."""
    return math.floor(min(max((value - (center - 0.5)) / (width - 1) + 0.5, 0), 1) * 255 + 0.5)


def number(text: str) -> float:
    """The first number of a text, in either language's writing."""
    match = re.search(r"\d+(?:[.,]\d+)?", text)
    assert match, text
    return float(match[0].replace(",", "."))


def test_length_and_region_are_measured_in_mm_and_hu(reader: Reader) -> None:
    # 30 and 40 columns and rows of 0.5 mm: the sides of 3-4-5
    reader.page.keyboard.press("l")
    reader.drag(reader.screen(70, 30), reader.screen(100, 70))
    length = reader.page.locator(f'{CELL} [data-kind="length"] text')
    expect(length).to_have_text(re.compile(r"mm$"))
    assert number(length.text_content() or "") == pytest.approx(25, abs=0.3)
    reader.page.locator('[data-command="rectangle"]').click()
    reader.drag(reader.screen(36, 36), reader.screen(60, 60))
    region = reader.page.locator(f'{CELL} [data-kind="rectangle"] text').first
    expect(region).to_have_text(re.compile(r"HU$"))
    assert number(region.text_content() or "") == INSIDE


def test_dragging_changes_the_window_and_the_screen_follows(reader: Reader) -> None:
    reader.await_grey(48, 48, linear(INSIDE))
    start = reader.screen(64, 64)
    reader.drag(start, (start[0] + 60, start[1] + 90))
    center, width, function = (reader.page.locator(CELL).get_attribute("data-voi") or "").split(",")
    assert (float(center) > 40, float(width) > 400, function) == (True, True, "LINEAR")
    reader.await_grey(48, 48, linear(INSIDE, float(center), float(width)))
    reader.await_grey(100, 100, linear(BACKGROUND, float(center), float(width)))


def test_wheel_and_cine_go_through_the_stack(reader: Reader) -> None:
    reader.page.mouse.move(*reader.screen(64, 64))
    reader.page.mouse.wheel(0, 120)
    reader.at_index(1)
    reader.page.mouse.wheel(0, -120)
    reader.at_index(0)
    reader.page.locator(CELL).evaluate(REMEMBER_INDEXES)
    reader.page.keyboard.press(" ")
    reader.page.wait_for_function("() => window.indexes.size >= 4", timeout=WITHIN_MS)
    reader.page.keyboard.press(" ")


def test_a_lost_context_that_comes_back_draws_again(page: Page, study_uid: str) -> None:
    reader = Reader(page)
    reader.open(study_uid, "gpu")
    page.evaluate("() => { window.loser = window.losers.at(-1); window.loser.loseContext(); }")
    page.wait_for_timeout(300)
    page.evaluate("() => window.loser.restoreContext()")
    reader.await_grey(48, 48, linear(INSIDE))
    assert page.locator(f'{CELL} [data-renderer="gpu"]').count() == 1
    assert reader.errors == []


def test_a_context_lost_for_good_leaves_the_drawing_to_the_processor(page: Page, study_uid: str) -> None:
    reader = Reader(page)
    reader.open(study_uid, "gpu")
    page.evaluate("() => window.losers.at(-1).loseContext()")
    page.locator(f'{CELL} [data-renderer="cpu"]').wait_for(timeout=WITHIN_MS)
    reader.await_grey(48, 48, linear(INSIDE))
    assert reader.errors == []


def test_a_frame_that_cannot_be_decoded_is_an_error_on_the_image(page: Page, study_uid: str) -> None:
    reader = Reader(page)
    page.route(
        re.compile(r"/frames/\d+$"),
        lambda route: route.fulfill(status=200, content_type="image/jphc", body=b"\xff\x4f\xff\x51 broken"),
    )
    reader.open(study_uid, "gpu", '[data-state="error"]')
    expect(page.locator(f"{CELL} [role=alert]")).to_be_visible()
    page.unroute_all(behavior="wait")
    page.locator(f"{CELL} [role=alert] button").click()
    page.locator(f'{CELL}[data-state="ready"][data-quality="lossless"]').wait_for(timeout=WITHIN_MS)
    assert reader.errors == []


def touch(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    """One event of fingers on the screen."""
    fingers = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def test_fingers_scroll_and_pinch_on_a_phone(browser: Browser, server: Filmless, study_uid: str) -> None:
    context = browser.new_context(
        base_url=server.url, viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True,
        is_mobile=True, reduced_motion="reduce",
    )  # fmt: skip
    try:
        answer = context.request.post("/api/session", data={"account": ACCOUNT, "password": PASSWORD})
        assert answer.ok
        page = context.new_page()
        reader = Reader(page)
        reader.open(study_uid, "gpu")
        before = int(page.locator(CELL).get_attribute("data-index") or 0)
        x, y = reader.screen(64, 64)
        session = context.new_cdp_session(page)
        touch(session, "touchStart", (x, y))
        for step in range(1, 11):
            touch(session, "touchMove", (x, y + 15 * step))
        touch(session, "touchEnd")
        expect(page.locator(CELL)).not_to_have_attribute("data-index", str(before))

        touch(session, "touchStart", (x - 40, y), (x + 40, y))
        for step in range(1, 9):
            touch(session, "touchMove", (x - 40 - 5 * step, y), (x + 40 + 5 * step, y))
        touch(session, "touchEnd")
        # twice as large about the middle: where column and row 16 were are now 40
        wide = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"))
        left, top = reader.screen(16, 16)
        assert int(wide[int(top * 2), int(left * 2)]) == pytest.approx(linear(INSIDE), abs=1)
        assert reader.errors == []
    finally:
        context.close()


@pytest.mark.parametrize("renderer", ["gpu", "cpu"])
def test_pixels_that_are_not_square_and_overlay_planes(
    renderer: str, page: Page, server: Filmless, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (ds,) = squares(1)
    ds.PixelSpacing = [1.0, 0.5]
    bits = np.zeros((SIZE, SIZE), np.uint8)
    bits[90:110, 90:110] = 1
    ds.add_new(0x60000010, "US", SIZE)
    ds.add_new(0x60000011, "US", SIZE)
    ds.add_new(0x60000040, "CS", "G")
    ds.add_new(0x60000050, "SS", [1, 1])
    ds.add_new(0x60000100, "US", 1)
    ds.add_new(0x60000102, "US", 0)
    ds.add_new(0x60003000, "OW", np.packbits(bits.ravel(), bitorder="little").tobytes())
    reader = Reader(page)
    reader.open(send(server, [ds], tmp_path_factory), renderer)
    reader.await_grey(48, 48, linear(INSIDE), aspect=2)
    reader.await_grey(48, 68, linear(BACKGROUND), aspect=2)
    reader.await_grey(100, 100, 255, aspect=2)
    assert reader.errors == []
