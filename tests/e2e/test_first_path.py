"""The main job, end to end: a modality sends, a radiologist looks and measures, all with real programs."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pydicom.dataset import Dataset

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless

pytestmark = [pytest.mark.browser, pytest.mark.interop]

PASSWORD = "đọc phim không cần phim"
COUNT = 400
SIZE = 128
LEFT, RIGHT, ROW = 24, 104, 40  # columns and row of two marks, 80 pixels of 0.5 mm apart
WITHIN_MS = 60_000


def marked_study() -> list[Dataset]:
    """A CT series whose every slice has two bright marks 40 mm apart."""
    datasets = instances.study(COUNT, rows=SIZE, columns=SIZE, patient_name="TRẦN^THỊ^ĐÀO", patient_id="E2E-1")
    for ds in datasets:
        pixels = np.full((SIZE, SIZE), -160, "<i2")
        for column in (LEFT, RIGHT):
            pixels[ROW - 2 : ROW + 3, column - 2 : column + 3] = 240
        ds.PixelData = pixels.tobytes()
    return datasets


def marks(page: Page) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the middles of the two marks are on the screen."""
    host = page.locator('[data-viewport="1"] .canvas-hosts')
    box = host.bounding_box()
    assert box is not None
    grey = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=box))).convert("L"))
    # letters and scale lie at the edges; the marks are far from them
    middle = np.zeros_like(grey)
    height, width = grey.shape
    inner = (slice(height // 10, height // 2), slice(width // 4, width * 3 // 4))
    middle[inner] = grey[inner]
    rows, columns = np.nonzero(middle > 200)
    assert len(columns), "no mark is on the screen"
    halves = columns < (columns.min() + columns.max()) / 2
    found = []
    for half in (halves, ~halves):
        x, y = columns[half], rows[half]
        found.append((box["x"] + (x.min() + x.max() + 1) / 2, box["y"] + (y.min() + y.max() + 1) / 2))
    return found[0], found[1]


def test_sign_in_see_open_scroll_measure(running_pacs: Filmless, browser: Browser, tmp_path: Path) -> None:
    datasets = marked_study()
    paths = instances.save(datasets, tmp_path / "files")
    uid = str(datasets[0].StudyInstanceUID)
    running_pacs.add_account("bs.dao", "radiologist", PASSWORD)
    context = browser.new_context(base_url=running_pacs.url, viewport={"width": 1440, "height": 900}, locale="en-GB")
    try:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))

        page.goto("/")
        page.locator("input[autocomplete=username]").fill("bs.dao")
        page.locator("input[type=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("[data-total]")).to_be_visible(timeout=WITHIN_MS)

        sender = dcmtk.Dcmsend(paths, running_pacs.dicom_port)
        row = page.locator(f'[data-study="{uid}"]')
        expect(row).to_be_visible(timeout=WITHIN_MS)
        images = row.locator(".cell-images")
        expect(images).to_contain_text("Arriving", timeout=WITHIN_MS)
        assert int(row.locator(".count").text_content() or 0) < COUNT, "it was only shown once it was complete"
        expect(row.locator(".count")).to_have_text(str(COUNT), timeout=WITHIN_MS)
        assert set(sender.finish().statuses.values()) == {0}

        page.keyboard.press("/")
        page.keyboard.type("dao tran")
        expect(page.locator("[data-study]")).to_have_count(1, timeout=WITHIN_MS)
        row.click()
        cell = page.locator('[data-viewport="1"]')
        page.locator('[data-viewport="1"][data-state="ready"][data-quality="lossless"]').wait_for(timeout=WITHIN_MS)
        page.locator('[data-viewport="1"][data-tier="reading"]').wait_for(timeout=WITHIN_MS)
        expect(page.locator("header").first).to_contain_text("TRẦN THỊ ĐÀO")

        cell.focus()
        page.keyboard.press("Home")
        expect(cell).to_have_attribute("data-index", "0", timeout=WITHIN_MS)
        for index in range(1, 6):
            page.keyboard.press("ArrowDown")
            expect(cell).to_have_attribute("data-index", str(index), timeout=WITHIN_MS)
        box = cell.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.wheel(0, 120)
        expect(cell).to_have_attribute("data-index", "6", timeout=WITHIN_MS)
        page.locator('[data-viewport="1"][data-quality="lossless"]').wait_for(timeout=WITHIN_MS)

        page.keyboard.press("l")
        (x1, y1), (x2, y2) = marks(page)
        page.mouse.move(x1, y1)
        page.mouse.down()
        page.mouse.move((x1 + x2) / 2, (y1 + y2) / 2, steps=4)
        page.mouse.move(x2, y2, steps=4)
        page.mouse.up()
        if not page.locator(".measurements").is_visible():
            page.keyboard.press("m")
        text = page.locator("[data-measurement] .primary").first
        expect(text).to_have_text(re.compile(r"mm$"), timeout=WITHIN_MS)
        millimetres = float(text.inner_text().split()[0].replace(",", "."))
        assert millimetres == pytest.approx((RIGHT - LEFT) * 0.5, abs=0.3)
        assert not errors
    finally:
        context.close()

    with running_pacs.client() as client:
        assert client.get(f"/api/studies?q={uid}").status_code == 200
