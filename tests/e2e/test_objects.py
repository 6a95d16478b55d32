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


def colour_at(viewer: ViewerPage, column: float, row: float, size: int) -> tuple[int, ...]:
    """The colour on screen at a place of a square image fitted into the first cell."""
    box = viewer.cell().locator(".canvas-hosts").bounding_box()
    assert box is not None
    scale = min(box["width"], box["height"]) / size
    x = box["x"] + box["width"] / 2 + (column - size / 2) * scale
    y = box["y"] + box["height"] / 2 + (row - size / 2) * scale
    picture = viewer.page.screenshot(clip={"x": x - 1, "y": y - 1, "width": 3, "height": 3})
    return tuple(int(part) for part in np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))[1, 1])


@pytest.mark.parametrize("tier", ["lite", "reading"])
def test_layers_lie_where_their_files_say(send: Send, new_page: NewPage, tier: str) -> None:
    size = 64
    images = instances.study(4, rows=size, columns=size)
    for image in images:
        image.PixelData = np.full((size, size), -160, "<i2").tobytes()  # black in the window
    liver = np.zeros((4, size, size), np.bool_)
    liver[1:3, 10:20, 30:50] = True
    tumour = np.zeros_like(liver)
    tumour[2, 40:50, 10:20] = True
    seg = objects.segmentation(images, {"Gan": liver, "U": tumour})
    rt = objects.structures(images[:2], "PTV", [(20, 20), (44, 20), (44, 44), (20, 44)])
    gray = np.zeros((4, 32, 32))
    gray[:, 8:24, 8:24] = 20
    gray[1:] *= 2
    washed = objects.dose(images, gray, 1.0)  # a cell of the dose is two pixels of the image
    send([*images, seg, rt, washed])
    viewer = ViewerPage(new_page()).open(str(images[0].StudyInstanceUID), tier=tier)
    viewer.expect_data("tier", tier)
    page = viewer.page
    viewer.cell().focus()
    viewer.press("Home", "ArrowDown")
    viewer.expect_data("index", "1")

    choose(viewer, seg)
    legend = page.locator('.legend[data-waiting="false"]')
    expect(legend.locator("li")).to_have_count(2, timeout=WITHIN_MS)
    viewer.expect_data("index", "1")  # the images stay where they were
    expect(page.locator(".layer-picture")).to_have_count(1)
    assert max(colour_at(viewer, 40, 15, size)) > 80, "inside the liver"
    assert max(colour_at(viewer, 28, 15, size)) < 10, "left of the liver"
    assert max(colour_at(viewer, 15, 45, size)) < 10, "the tumour is on the next image only"
    viewer.cell().focus()
    viewer.press("ArrowDown")
    expect(page.locator(".layer-picture")).to_have_count(2, timeout=WITHIN_MS)
    assert max(colour_at(viewer, 15, 45, size)) > 80, "inside the tumour"
    legend.get_by_role("checkbox", name=re.compile("U$")).uncheck()
    expect(page.locator(".layer-picture")).to_have_count(1)
    viewer.cell().focus()
    viewer.press("End")
    expect(page.locator(".layer-picture")).to_have_count(0)
    assert violations(page) == []
    legend.get_by_role("button", name=re.compile("Bỏ lớp phủ")).click()
    expect(legend).to_have_count(0)

    choose(viewer, rt)
    expect(legend.locator("li")).to_have_text(["PTV"], timeout=WITHIN_MS)
    expect(page.locator(".layer-paths path")).to_have_count(0)
    viewer.cell().focus()
    viewer.press("Home")
    expect(page.locator(".layer-paths path")).to_have_attribute(
        "d", "M20.500 20.500L44.500 20.500L44.500 44.500L20.500 44.500Z", timeout=WITHIN_MS
    )
    red, green, blue = colour_at(viewer, 32.5, 20.5, size)
    assert green > 100
    assert max(red, blue) < 60, "the upper edge, in its own green"
    legend.get_by_role("button", name=re.compile("Bỏ lớp phủ")).click()

    choose(viewer, washed)
    expect(legend.locator(".legend-ticks")).to_contain_text("40,00 Gy", timeout=WITHIN_MS)
    expect(page.locator(".layer-picture")).to_have_count(1)
    half, nothing = colour_at(viewer, 32, 32, size), colour_at(viewer, 6, 32, size)
    assert max(half) > 40
    assert max(nothing) < 10
    viewer.cell().focus()
    viewer.press("ArrowDown")
    viewer.expect_data("index", "1")
    expect(legend).to_have_count(1)
    whole = colour_at(viewer, 32, 32, size)
    assert sum(whole) > sum(half) + 60, "40 Gy is brighter than 20 Gy"
    legend.locator(".legend-lowest input").fill("60")
    viewer.cell().focus()
    viewer.press("Home")
    expect(page.locator(".layer-picture")).to_have_count(0)
    assert violations(page) == []


def test_a_slide_is_moved_about_in(send: Send, new_page: NewPage) -> None:
    (image,) = instances.study(1)
    # 512 x 256 pixels of 0.5 µm: a red half and a blue half; and the same at a quarter of the size.
    large = np.zeros((256, 512, 3), np.uint8)
    large[:, :256, 0], large[:, 256:, 2] = 200, 200
    levels = objects.slide(image, [large, large[::4, ::4]], tile=64, spacing=0.0005)
    send([image, *levels])
    viewer = ViewerPage(new_page(width=1000)).open(str(image.StudyInstanceUID))
    choose(viewer, levels[0])
    canvas = viewer.page.locator('.slide canvas[data-whole="true"]')
    expect(canvas).to_be_visible(timeout=WITHIN_MS)

    def colour(x: float) -> tuple[int, ...]:
        box = canvas.bounding_box()
        assert box is not None
        picture = viewer.page.screenshot(
            clip={"x": box["x"] + x * box["width"], "y": box["y"] + box["height"] / 2, "width": 3, "height": 3}
        )
        return tuple(int(part) for part in np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))[1, 1])

    assert (colour(0.3), colour(0.7)) == ((200, 0, 0), (0, 0, 200))
    scale = float(canvas.get_attribute("data-scale") or 0)
    bar = viewer.page.locator(".slide-scale")
    width = (bar.bounding_box() or {"width": 0})["width"]
    length = float(bar.get_attribute("data-length") or 0)
    assert width == pytest.approx(length * scale / 0.5, rel=0.005), "screen pixels of so many micrometres"
    viewer.page.get_by_role("button", name="Thu nhỏ").click()
    viewer.page.get_by_role("button", name="Thu nhỏ").click()
    canvas.focus()
    viewer.press("+", "+", "+", "ArrowRight", "ArrowRight", "ArrowRight")
    expect(canvas).to_have_attribute("data-columns", "512", timeout=WITHIN_MS)
    assert colour(0.35) == (0, 0, 200), "moved to the right"
    viewer.press("0")
    assert violations(viewer.page) == []
