"""What is drawn is saved, opened again, kept when the line drops, and asked about before it is left."""

import io
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from tests import foreign_objects, instances
from tests.e2e.accessibility import violations
from tests.e2e.viewer_page import WITHIN_MS, ViewerPage

pytestmark = pytest.mark.browser

SIZE = 128
NOW = '[data-save-state="idle"][data-unsaved="{}"]'


class Reader(ViewerPage):
    """A reader who draws and saves."""

    def screen(self, column: float, row: float) -> tuple[float, float]:
        """Where a point of the image is while it fits its cell."""
        box = self.page.locator('[data-viewport="1"] .canvas-hosts').bounding_box()
        assert box is not None
        scale = min(box["width"], box["height"]) / SIZE
        left, top = (box["width"] - SIZE * scale) / 2, (box["height"] - SIZE * scale) / 2
        return box["x"] + left + column * scale, box["y"] + top + row * scale

    def draw(self, key: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw with the tool of a key between two points of the image."""
        self.page.keyboard.press(key)
        (x1, y1), (x2, y2) = self.screen(*start), self.screen(*end)
        self.page.mouse.move(x1, y1)
        self.page.mouse.down()
        self.page.mouse.move((x1 + x2) / 2, (y1 + y2) / 2, steps=3)
        self.page.mouse.move(x2, y2, steps=3)
        self.page.mouse.up()

    def panel(self) -> "Reader":
        """Open the panel of measurements."""
        if not self.page.locator(".measurements").is_visible():
            self.press("m")
        expect(self.page.locator(".saved")).to_be_visible(timeout=WITHIN_MS)
        return self

    def expect_unsaved(self, unsaved: bool) -> None:
        """Wait until the panel says so."""
        expect(self.page.locator(NOW.format(str(unsaved).lower()))).to_be_visible(timeout=WITHIN_MS)

    @property
    def texts(self) -> list[str]:
        """Numbers of the measurements in the list."""
        return self.page.locator(".measurements [data-measurement] .primary").all_inner_texts()

    def entries(self, kind: str) -> Any:
        """What is saved, of a kind."""
        return self.page.locator(f'.saved > .saved-list [data-saved][data-kind="{kind}"]')


def study() -> list[Dataset]:
    """A CT series of three flat slices."""
    datasets = instances.study(3, rows=SIZE, columns=SIZE, patient_id="SAVED-E2E")
    for ds in datasets:
        ds.PixelData = np.full((SIZE, SIZE), 40, "<i2").tobytes()
    return datasets


@pytest.mark.parametrize("tier", ["reading", "lite"])
def test_saved_opened_and_kept(new_page: Callable[..., Page], send: Callable[[list[Dataset]], None], tier: str) -> None:
    datasets = study()
    uid = str(datasets[0].StudyInstanceUID)
    send(datasets)
    page = new_page(locale="vi-VN" if tier == "reading" else "en-GB")
    reader = Reader(page)
    reader.open(uid, tier=tier)
    page.locator(f'[data-viewport="1"][data-tier="{tier}"]').wait_for(timeout=WITHIN_MS)
    reader.panel()
    reader.expect_unsaved(False)

    # measurements
    reader.draw("l", (20, 30), (100, 90))
    reader.draw("b", (30, 60), (60, 100))
    reader.expect_unsaved(True)
    before = reader.texts
    assert float(before[0].split()[0].replace(",", ".")) == pytest.approx(math.hypot(80, 60) * 0.5, abs=0.5)
    reader.command("save_measurements").click()
    reader.expect_unsaved(False)
    expect(reader.entries("measurements")).to_have_count(1, timeout=WITHIN_MS)

    # a key image, and a view: turned, another window, larger
    reader.command("key_image").click()
    expect(page.locator(".saved-key-mark")).to_be_visible()
    page.locator(".saved-key-images select").select_option("113004")
    reader.command("save_key_images").click()
    expect(reader.entries("key_images")).to_have_count(1, timeout=WITHIN_MS)
    reader.press("t", "i", "+", "+", "1")
    expect(page.locator('[data-viewport="1"]')).not_to_have_attribute("data-voi", "40,400,LINEAR")
    voi = page.locator('[data-viewport="1"]').get_attribute("data-voi") or ""
    page.locator(".saved > .saved-form input").fill("Cửa sổ nhỏ")
    reader.command("save_view").click()
    expect(reader.entries("view")).to_have_count(1, timeout=WITHIN_MS)
    looked = page.locator('[data-viewport="1"] .canvas-hosts').screenshot()
    assert violations(page) == []

    # opened again as it was
    reader.open(uid, tier=tier)
    page.locator(f'[data-viewport="1"][data-tier="{tier}"]').wait_for(timeout=WITHIN_MS)
    reader.panel()
    expect(page.locator(".measurements [data-measurement]")).to_have_count(2, timeout=WITHIN_MS)
    assert reader.texts == before
    reader.expect_unsaved(False)
    reader.entries("view").click()
    reader.expect_data("voi", voi)
    assert similar(page.locator('[data-viewport="1"] .canvas-hosts').screenshot(), looked)
    expect(page.locator(".measurements [data-measurement]")).to_have_count(2)

    # the line drops: kept, and sent by itself
    reader.press("r")
    reader.draw("l", (20, 20), (20, 100))
    reader.expect_unsaved(True)
    page.context.set_offline(True)
    page.keyboard.press("Control+s")
    expect(page.locator('[data-save-state="waiting"]')).to_be_visible(timeout=WITHIN_MS)
    drafts = page.evaluate("Object.entries(localStorage).filter(([name]) => name.startsWith('filmless.draft'))")
    assert len(drafts) == 1
    assert "NGUY" not in str(drafts)
    page.context.set_offline(False)
    reader.expect_unsaved(False)
    expect(reader.entries("measurements")).to_have_count(1, timeout=WITHIN_MS)
    expect(page.locator(".saved details summary")).to_contain_text("1")

    # asked before leaving; a draft comes back
    reader.draw("e", (70, 20), (110, 50))
    reader.expect_unsaved(True)
    page.locator("a.back").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button").first.click()
    expect(dialog).to_have_count(0)
    assert "/viewer" in page.url
    page.locator("a.back").click()
    page.locator("dialog[open]").get_by_role("button").nth(1).click()
    expect(page).to_have_url(re.compile(r"/$"), timeout=WITHIN_MS)
    reader.open(uid, tier=tier)
    page.locator(f'[data-viewport="1"][data-tier="{tier}"]').wait_for(timeout=WITHIN_MS)
    reader.panel()
    expect(page.locator(".measurements [data-measurement]")).to_have_count(4, timeout=WITHIN_MS)
    reader.expect_unsaved(True)
    page.locator(".saved-restored button").click()
    expect(page.locator(".measurements [data-measurement]")).to_have_count(3)
    reader.expect_unsaved(False)


def test_objects_of_others_are_shown(
    new_page: Callable[..., Page], send: Callable[[list[Dataset]], None], tmp_path: Path
) -> None:
    datasets = study()
    state, report = foreign_objects.presentation_state(datasets[2], tmp_path), foreign_objects.report(datasets[0])
    state.file_meta = datasets[0].file_meta
    send([*datasets, state, report])
    reader = Reader(new_page(locale="en-GB"))
    page = reader.page
    reader.open(str(datasets[0].StudyInstanceUID))
    reader.panel()
    entry = reader.entries("measurements")
    expect(entry).to_contain_text("2 measurements", timeout=WITHIN_MS)
    entry.click()
    reader.expect_data("index", "0")
    expect(page.locator(".measurements [data-measurement] .primary").first).to_have_text("12.5 mm", timeout=WITHIN_MS)
    reader.expect_unsaved(False)
    page.get_by_role("button", name=re.compile("^Hide")).click()
    expect(page.locator(".measurements [data-measurement]")).to_have_count(0)

    view = reader.entries("view")
    expect(view).to_contain_text("Trần Thị Bình")
    view.click()
    reader.expect_data("index", "2")
    outline = page.locator(".saved-shapes polygon")
    expect(outline).to_be_visible(timeout=WITHIN_MS)
    expect(page.locator(".saved-shapes text")).to_have_text("Foreign words")
    drawn = outline.bounding_box()
    assert drawn is not None
    width = float(outline.evaluate("one => one.getBBox().width"))  # without its line
    middle = drawn["x"] + drawn["width"] / 2, drawn["y"] + drawn["height"] / 2
    assert middle == pytest.approx(reader.screen(32, 32), abs=2)
    left, right = reader.screen(22, 32)[0], reader.screen(42, 32)[0]
    assert width == pytest.approx(right - left, abs=1)
    reader.expect_unsaved(False)


def similar(one: bytes, other: bytes) -> bool:
    """Whether two pictures of the cell are the same but for the edges of lines."""
    first, second = (np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int) for data in (one, other))
    return first.shape == second.shape and float((np.abs(first - second) > 24).mean()) < 0.01
