"""What is no stack of images, as a reader meets it: reports, documents, waves, and shutters over images."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from tests import instances, objects
from tests.e2e.accessibility import violations
from tests.e2e.viewer_page import WITHIN_MS, ViewerPage
from tests.peers.filmless import Filmless

pytestmark = pytest.mark.browser

Send = Callable[[list[Dataset]], None]
NewPage = Callable[..., Page]


def choose(viewer: ViewerPage, ds: Dataset) -> None:
    """Put the series of an instance into the active cell."""
    viewer.page.locator(f'[data-series^="{ds.SeriesInstanceUID}"]').click()


def gray_at(viewer: ViewerPage, x: float, y: float) -> int:
    """The grey on screen at a place of the first cell, in parts of its width and height."""
    box = viewer.cell().locator(".canvas-hosts").bounding_box()
    assert box is not None
    clip = {"x": box["x"] + x * box["width"] - 1, "y": box["y"] + y * box["height"] - 1, "width": 3, "height": 3}
    return int(np.asarray(Image.open(io.BytesIO(viewer.page.screenshot(clip=clip))).convert("L"))[1, 1])  # type: ignore[arg-type]


def test_reports_documents_and_waves(send: Send, new_page: NewPage, reading_pacs: Filmless) -> None:
    images = instances.study(3, rows=128, columns=128)
    report, document, wave = objects.report(images[1]), objects.document(images[0]), objects.wave(images[0])
    send([*images, report, document, wave])
    viewer = ViewerPage(new_page()).open(str(images[0].StudyInstanceUID))
    page = viewer.page

    choose(viewer, report)
    text = page.locator(".report")
    expect(text.get_by_role("heading", name="CT Report")).to_be_visible(timeout=WITHIN_MS)
    expect(text).to_contain_text("Khối ở thùy trên <b>phổi</b> phải")
    rows = text.locator("tbody tr")
    expect(rows).to_have_text([re.compile(r"Đường kính\s*12\.5\s*mm"), re.compile(r"Thể tích\s*1020\s*mm3")])
    expect(page.locator(".object-head")).to_contain_text("NGUYỄN VĂN ĐỨC")
    assert violations(page) == []
    text.get_by_role("button").click()
    expect(viewer.cell(2)).to_have_attribute("data-index", "1", timeout=WITHIN_MS)
    expect(viewer.cell(2)).to_have_attribute("data-state", "ready", timeout=WITHIN_MS)
    viewer.cell(1).click(position={"x": 30, "y": 200})

    choose(viewer, document)
    expect(page.locator(".object-kind")).to_have_text("Kết quả", timeout=WITHIN_MS)
    address = page.locator(".object-actions a").first.get_attribute("href")
    assert address is not None
    answer = page.request.get(reading_pacs.url + address)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().rstrip(b"\0") == objects.PDF
    file = page.locator(".object-actions a[download]").get_attribute("href")
    assert file is not None
    assert page.request.get(reading_pacs.url + file).body()[128:132] == b"DICM"

    choose(viewer, wave)
    canvas = page.locator(".wave-canvas")
    expect(canvas).to_have_attribute("data-pixels-per-second", "100", timeout=WITHIN_MS)
    box = canvas.bounding_box()
    assert box is not None
    # From the first spike to the second and from the line to its top: 800 ms and 1 mV at 10 mm/mV and 4 pixels a mm.
    left, middle = box["x"] + 56, box["y"] + 60
    page.mouse.move(left, middle)
    page.mouse.down()
    page.mouse.move(left + 80, middle - 40, steps=3)
    page.mouse.up()
    expect(page.locator('[data-reading="time"]')).to_have_text("800 ms")
    expect(page.locator('[data-reading="rate"]')).to_have_text("75 lần/phút")
    expect(page.locator('[data-reading="amplitude"]')).to_have_text("1,00 mV")
    canvas.focus()
    viewer.press("ArrowRight")
    expect(page.locator('[data-reading="time"]')).to_have_text("810 ms")
    assert violations(page) == []


@pytest.mark.parametrize("tier", ["lite", "reading"])
def test_shutters_and_overlays_of_an_image(send: Send, new_page: NewPage, tier: str) -> None:
    (image,) = instances.study(1, rows=128, columns=128)
    image.PixelData = np.full((128, 128), 40, "<i2").tobytes()  # the middle of the window
    objects.shutter(image, 40)
    send([image])
    viewer = ViewerPage(new_page(width=1000, height=900)).open(str(image.StudyInstanceUID), tier=tier)
    viewer.expect_data("tier", tier)
    box = viewer.cell().locator(".canvas-hosts").bounding_box()
    assert box is not None
    wide = min(box["width"], box["height"]) / box["width"] / 128  # a pixel of the image in parts of the cell's width
    for turns in range(2):
        expect(viewer.cell().locator('[data-layer="shutter"]:visible')).to_have_count(1)
        assert gray_at(viewer, 0.5, 0.5) == 255, "the overlay's square"
        assert abs(gray_at(viewer, 0.5 + 30 * wide, 0.5) - 128) <= 1, "inside the shutter"
        assert gray_at(viewer, 0.5 + 45 * wide, 0.5) == 0, "outside the shutter"
        if turns == 0:
            viewer.command("rotate").click()


def test_a_film_plays(send: Send, new_page: NewPage, tmp_path: Path) -> None:
    (image,) = instances.study(1)
    film = objects.film(image, tmp_path)
    send([image, film])
    viewer = ViewerPage(new_page()).open(str(image.StudyInstanceUID))
    choose(viewer, film)
    expect(viewer.page.locator(".object-kind")).to_have_text("Video", timeout=WITHIN_MS)
    video = viewer.page.locator("video")
    expect(video).to_have_js_property("videoWidth", 160, timeout=WITHIN_MS)
    video.evaluate("video => { video.currentTime = 0.5; }")
    expect(video).to_have_js_property("seeking", False, timeout=WITHIN_MS)
    assert video.evaluate("video => video.currentTime") == 0.5
    assert violations(viewer.page) == []
