"""The reading room in a real browser: what is measured is right, and what goes wrong is survived."""

import io
import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.truth.browser import CELL, signed_in

pytestmark = pytest.mark.browser

ACCOUNT, PASSWORD = "reader", "a-known-distance-of-25-mm"
WITHIN_MS = 60_000
SIZE = 128
BACKGROUND, INSIDE = -100, 200
BOX = slice(32, 64)  # rows and columns of a bright square

# Every WebGL context the page makes, so that they can be taken away as a graphics driver does.
REMEMBER_CONTEXTS = """
window.contexts = [];
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  const context = getContext.call(this, kind, ...rest);
  if (context && kind.startsWith('webgl')) window.contexts.push(context);
  return context;
};
"""
LOSE_CONTEXTS = """() => window.contexts.splice(0).filter((context) => !context.isContextLost())
    .map((context) => context.getExtension('WEBGL_lose_context')?.loseContext()).length"""

NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def study_uid(running_pacs: Filmless, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A CT series in a running server: a square of 200 HU in -100 HU, pixels of 0.5 mm."""
    datasets = instances.study(6, rows=SIZE, columns=SIZE, patient_id="READING-1")
    for ds in datasets:
        pixels = np.full((SIZE, SIZE), BACKGROUND, "<i2")
        pixels[BOX, BOX] = INSIDE
        ds.PixelData = pixels.tobytes()
    paths = instances.save(datasets, tmp_path_factory.mktemp("reading"))
    assert set(dcmtk.dcmsend(paths, running_pacs.dicom_port).statuses.values()) == {0}
    running_pacs.add_account(ACCOUNT, "radiologist", PASSWORD)
    return str(datasets[0].StudyInstanceUID)


class Reader:
    """The study open in the reading room, and hands on its first cell."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, study_uid: str, renderer: str) -> None:
        """Open the study and wait for the reading room."""
        self.page.add_init_script(REMEMBER_CONTEXTS)
        self.page.goto(f"/viewer?StudyInstanceUIDs={study_uid}&tier=reading&renderer={renderer}&hanging=none")
        ready = f'{CELL}[data-state="ready"][data-quality="lossless"][data-tier="reading"]'
        self.page.locator(ready).wait_for(timeout=WITHIN_MS)
        self.page.keyboard.press("Home")
        self.at_index(0)

    def at_index(self, index: int) -> None:
        """Wait until an image of the stack is on screen."""
        expect(self.page.locator(CELL)).to_have_attribute("data-index", str(index), timeout=WITHIN_MS)

    def screen(self, column: float, row: float) -> tuple[float, float]:
        """Where a point of the image (0, 0 its outer corner) is while it fits its cell."""
        box = self.page.locator(f"{CELL} .canvas-hosts").bounding_box()
        assert box is not None
        scale = min(box["width"], box["height"]) / SIZE
        left, top = (box["width"] - SIZE * scale) / 2, (box["height"] - SIZE * scale) / 2
        return box["x"] + left + column * scale, box["y"] + top + row * scale

    def draw(self, key: str, start: tuple[float, float], end: tuple[float, float]) -> str:
        """Draw with the tool of a key between two points of the image; gives the text beside the drawing."""
        self.page.keyboard.press(key)
        (x1, y1), (x2, y2) = self.screen(*start), self.screen(*end)
        self.page.mouse.move(x1, y1)
        self.page.mouse.down()
        self.page.mouse.move((x1 + x2) / 2, (y1 + y2) / 2, steps=4)
        self.page.mouse.move(x2, y2, steps=4)
        self.page.mouse.up()
        written = self.page.locator(f"{CELL} [data-layer=measurements]")
        expect(written).to_contain_text(re.compile(r"\d.* mm"), timeout=WITHIN_MS)
        self.page.evaluate(NEXT_FRAME)
        return " ".join(written.locator("text").all_text_contents())

    def grey(self, column: float, row: float) -> int:
        """The grey value on screen at a point of the image."""
        x, y = self.screen(column, row)
        shot = np.asarray(Image.open(io.BytesIO(self.page.screenshot())).convert("L"))
        return int(shot[int(y), int(x)])

    def await_grey(self, column: float, row: float, value: int) -> None:
        """Wait until a point of the image has a grey value."""
        for _ in range(100):
            if abs(self.grey(column, row) - value) <= 1:
                return
            self.page.wait_for_timeout(100)
        assert self.grey(column, row) == pytest.approx(value, abs=1)


@pytest.fixture(params=["gpu", "cpu"])
def reader(
    request: pytest.FixtureRequest, browser: Browser, running_pacs: Filmless, study_uid: str
) -> Iterator[Reader]:
    """The reading room on each of its two renderers."""
    with signed_in(browser, running_pacs.url, ACCOUNT, PASSWORD) as page:
        found = Reader(page)
        found.open(study_uid, request.param)
        yield found
        assert found.errors == []


def number(text: str) -> float:
    """The first number of a text, in either language's writing."""
    match = re.search(r"-?\d+(?:[.,]\d+)?", text.replace("\N{MINUS SIGN}", "-"))
    assert match, text
    return float(match[0].replace(",", "."))


def linear(value: float, center: float = 40, width: float = 400) -> int:
    """LINEAR of PS3.3 C.11.2.1.2.1 as a display value."""
    return math.floor(min(max((value - (center - 0.5)) / (width - 1) + 0.5, 0), 1) * 255 + 0.5)


def test_a_known_distance_is_right_to_a_tenth_of_a_millimetre(reader: Reader) -> None:
    # 30 and 40 columns and rows of 0.5 mm: the sides of 3-4-5
    assert number(reader.draw("l", (20, 30), (50, 70))) == pytest.approx(25, abs=0.1)


def test_a_region_has_the_mean_of_the_stored_values(reader: Reader) -> None:
    text = reader.draw("b", (36, 36), (60, 60))
    assert "HU" in text
    assert number(text) == pytest.approx(INSIDE)
    assert re.search(r"144[.,]\d mm²|143[.,]\d mm²", text), text


def test_a_measurement_stays_with_its_image(reader: Reader) -> None:
    reader.draw("l", (20, 30), (50, 70))
    written = reader.page.locator(f"{CELL} [data-layer=measurements] text")
    reader.page.mouse.wheel(0, 120)
    reader.at_index(1)
    expect(written).to_have_count(0, timeout=WITHIN_MS)
    reader.page.mouse.wheel(0, -120)
    reader.at_index(0)
    expect(written).to_have_text(re.compile("mm"), timeout=WITHIN_MS)


def test_keys_are_the_page_s_after_a_click_on_the_image(reader: Reader) -> None:
    x, y = reader.screen(64, 64)
    reader.page.mouse.click(x, y)
    taken = reader.page.evaluate(
        """() => new Promise((resolve) => {
             window.addEventListener('keydown', (event) => resolve(event.defaultPrevented), { once: true });
             document.activeElement.dispatchEvent(
               new KeyboardEvent('keydown', { key: 'Tab', bubbles: true, cancelable: true }));
           })"""
    )
    assert taken is False
    reader.page.keyboard.press("ArrowDown")
    reader.at_index(1)


def test_the_image_fits_again_in_a_window_of_another_size(reader: Reader) -> None:
    reader.await_grey(48, 48, linear(INSIDE))
    reader.page.set_viewport_size({"width": 900, "height": 520})
    reader.await_grey(32.5, 48, linear(INSIDE))
    reader.await_grey(31, 48, linear(BACKGROUND))
    reader.await_grey(63, 48, linear(INSIDE))
    reader.await_grey(66, 48, linear(BACKGROUND))


def test_a_lost_graphics_context_is_survived(reader: Reader) -> None:
    reader.await_grey(48, 48, linear(INSIDE))
    for at in (1, 2):  # the second loss within a minute: from then on the processor draws
        reader.page.evaluate(LOSE_CONTEXTS)
        reader.page.keyboard.press("ArrowDown")
        reader.at_index(at)
        reader.await_grey(48, 48, linear(INSIDE))
        reader.await_grey(20, 20, linear(BACKGROUND))
    assert number(reader.draw("l", (20, 30), (50, 70))) == pytest.approx(25, abs=0.1)
