"""What leaves the viewer: pictures, paper, files and links; and the themes and the monitor page around it."""

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pydicom
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from tests import instances
from tests.e2e.accessibility import violations
from tests.e2e.test_pages import other_series, uid_of
from tests.e2e.viewer_page import ViewerPage

pytestmark = [pytest.mark.browser, pytest.mark.interop]

WITHIN_MS = 60_000
NewPage = Callable[..., Page]
Send = Callable[[list[Dataset]], None]

# Blocks of 32 x 32 pixels with these values in HU; the window shows -160 … 240.
BLOCKS = np.array([[-160, -60, 40, 140], [-110, -10, 90, 190]], dtype=np.int16)
SIDE = 32
MM = {"row": 0.8, "column": 0.5}


def blocks(**patient: str) -> list[Dataset]:
    """Three slices of blocks, with pixels that are not square."""
    made = instances.study(3, rows=SIDE * 2, columns=SIDE * 4, **patient)
    for ds in made:
        ds.PixelSpacing = [MM["row"], MM["column"]]
        ds.PixelData = np.kron(BLOCKS, np.ones((SIDE, SIDE), dtype="<i2")).astype("<i2").tobytes()
    return made


def shown(values: np.ndarray, center: float, width: float) -> np.ndarray:
    """Display values by the LINEAR function (PS3.3 C.11.2.1.2.1), worked out here."""
    return np.clip(((values - (center - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)


def out(page: Page, key: str) -> None:
    """Open one of the dialogs and wait until its preview is made."""
    page.keyboard.press(key)
    page.locator('.out-preview[data-made="true"]').wait_for(timeout=WITHIN_MS)


def saved(page: Page, button: str) -> tuple[str, bytes]:
    """Save the picture; its name and bytes."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def count_prints(page: Page) -> None:
    """Instead of printing, the page counts how often it would."""
    page.evaluate(
        """() => {
            const { dataset } = document.documentElement;
            window.print = () => { dataset.printed = String(Number(dataset.printed ?? 0) + 1); };
        }"""
    )


def images_on(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height in millimetres of each image that a PDF paints, from its transformations (ISO 32000-1 §8.3)."""
    found: list[tuple[float, float]] = []
    for raw in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            text = zlib.decompress(raw).decode("latin-1")
        except zlib.error:
            continue
        stack, now = [], np.eye(3)
        for line in re.findall(r"\bq\b|\bQ\b|(?:-?[\d.]+\s+){6}cm|/\w+\s+Do", text):
            if line == "q":
                stack.append(now)
            elif line == "Q":
                now = stack.pop() if stack else np.eye(3)
            elif line.endswith("cm"):
                a, b, c, d, e, f = map(float, line.split()[:6])
                now = np.array([[a, b, 0], [c, d, 0], [e, f, 1]]) @ now
            else:
                found.append((float(np.hypot(*now[0, :2])) * 25.4 / 72, float(np.hypot(*now[1, :2])) * 25.4 / 72))
    return found


@pytest.mark.parametrize("tier", ["lite", "reading"])
def test_a_picture_shows_the_same_grays_and_only_the_patient_that_is_meant(
    new_page: NewPage, send: Send, tier: str
) -> None:
    datasets = blocks(patient_name="TRẦN^BÍ^MẬT", patient_id=f"OUT-{tier}")
    send(datasets)
    viewer = ViewerPage(new_page(locale="en-GB"))
    viewer.open(uid_of(datasets), tier=tier)
    viewer.expect_data("tier", tier)
    page = viewer.page
    out(page, "Control+e")
    page.get_by_label("Whole image, its own pixels").check()
    page.locator('.out-preview[data-made="true"] img').wait_for(timeout=WITHIN_MS)
    name, with_patient = saved(page, "Save")
    assert name == f"OUT-{tier}-CT-S1-I2.png"
    picture = np.asarray(Image.open(io.BytesIO(with_patient)).convert("RGB"))
    # 128 columns of 0.5 mm by 64 rows of 0.8 mm: square pixels, enlarged by a whole factor
    factor = picture.shape[1] / 128
    assert factor == int(factor)
    assert picture.shape[0] == round(64 * 1.6 * factor)
    for (row, column), expected in np.ndenumerate(shown(BLOCKS, 40, 400)):
        y, x = int((row + 0.5) * SIDE * 1.6 * factor), int((column + 0.35) * SIDE * factor)
        assert np.abs(picture[y, x].astype(float) - expected).max() <= 1, (row, column)
    out(page, "Control+e")
    page.get_by_label("Whole image, its own pixels").check()
    page.get_by_label("With the patient’s name and data").uncheck()
    page.get_by_label("JPEG (smaller)").check()
    page.locator('.out-preview[data-made="true"] img[data-name="CT-S1-I2.jpg"]').wait_for(timeout=WITHIN_MS)
    name, without_patient = saved(page, "Save")
    assert name == "CT-S1-I2.jpg"
    plain = np.asarray(Image.open(io.BytesIO(without_patient)).convert("RGB")).astype(int)
    assert without_patient[:2] == b"\xff\xd8"
    # where the name stood there is now only the image: the darkest block is black without letters
    corner = (slice(5, int(0.3 * SIDE * 1.6 * factor)), slice(5, int(0.9 * SIDE * factor)))
    assert picture[corner].max() > 150 > plain[corner].max() + 100


def test_a_drawing_is_burned_in_and_machine_writing_is_pointed_out(new_page: NewPage, send: Send) -> None:
    datasets = blocks(patient_id="OUT-3")
    for ds in datasets:
        ds.BurnedInAnnotation = "YES"
    send(datasets)
    viewer = ViewerPage(new_page(locale="en-GB")).open(uid_of(datasets))
    page = viewer.page
    viewer.press("l")
    box = viewer.cell().bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(middle[0] - 100, middle[1] - 40)
    page.mouse.down()
    page.mouse.move(middle[0] + 100, middle[1] - 40, steps=4)
    page.mouse.up()
    out(page, "Control+e")
    expect(page.get_by_label("With the patient’s name and data")).to_be_disabled()
    expect(page.get_by_role("dialog")).to_contain_text("cannot be saved without them")
    assert violations(page) == []
    _, data = saved(page, "Save")
    picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    yellow = (picture[..., 0] > 200) & (picture[..., 1] > 150) & (picture[..., 2] < 140)
    rows, columns = np.nonzero(yellow)
    unit = picture.shape[1] / box["width"]
    assert rows.size > 0
    height, ends = (box["height"] / 2 - 40) * unit, (box["width"] / 2 + np.array([-100, 100])) * unit
    outer = ends + np.array([-4, 4]) * unit  # its handles have a radius of four pixels
    for end, edge, outermost in zip(ends, outer, (np.min, np.max), strict=True):
        near = columns[(np.abs(rows - height) < 3) & (np.abs(columns - end) < 7 * unit)]
        assert near.size > 0
        assert abs(outermost(near) - edge) < 2 * unit


def test_paper_has_the_true_size_and_says_whose_it_is(new_page: NewPage, send: Send) -> None:
    datasets = blocks(patient_name="LÊ^THỊ^GIẤY", patient_id="OUT-4")
    send([*datasets, *other_series(datasets, 1, 2)])
    viewer = ViewerPage(new_page()).open(uid_of(datasets))
    page = viewer.page
    out(page, "Control+p")
    expect(page.get_by_label("Cả bố cục")).to_be_disabled()
    page.get_by_label("Kích thước thật").check()
    sheet = page.locator('.out-preview[data-made="true"] .print-sheet[data-true-size="true"]')
    sheet.wait_for(timeout=WITHIN_MS)
    for words in ("LÊ THỊ GIẤY", "OUT-4", "02/01/1980", "CT sọ não", "Tỷ lệ 1:1", "50 mm"):
        expect(sheet).to_contain_text(words)
    assert violations(page) == []
    count_prints(page)
    page.get_by_role("button", name="In…", exact=True).last.click()
    expect(page.locator("html")).to_have_attribute("data-printed", "1", timeout=WITHIN_MS)
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    (media,) = {tuple(map(float, box.split()[2:])) for box in re.findall(rb"/MediaBox \[([\d. ]+)\]", pdf)}
    assert np.allclose(np.array(media) * 25.4 / 72, (210, 297), atol=0.2)
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    # 128 columns of 0.5 mm, 64 rows of 0.8 mm
    (width, height), *more = images_on(pdf)
    assert not more
    assert abs(width - 64) / 64 < 0.005
    assert abs(height - 51.2) / 51.2 < 0.005
    page.keyboard.press("Escape")
    expect(page.locator(".print-root")).to_have_count(0)
    viewer.press("g")
    viewer.expect_data("state", "ready", cell=2)
    out(page, "Control+p")
    page.get_by_label("Cả bố cục").check()
    page.get_by_label("Ngang").check()
    expect(page.locator('.out-preview[data-made="true"] .print-picture img')).to_have_count(2, timeout=WITHIN_MS)
    expect(page.get_by_label("Kích thước thật")).to_be_disabled()


def test_a_series_leaves_as_dicom_files(new_page: NewPage, send: Send) -> None:
    datasets = blocks(patient_id="OUT-5")
    second = other_series(datasets, 2, 2)
    send([*datasets, *second])
    viewer = ViewerPage(new_page(locale="en-GB")).open(uid_of(datasets))
    page = viewer.page
    for item, expected in (("Series as DICOM files", datasets), ("Study as DICOM files", [*datasets, *second])):
        page.get_by_role("button", name="Save, print, share").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=item).click()
        with zipfile.ZipFile(download.value.path()) as archive:
            assert archive.testzip() is None
            files = [pydicom.dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()]
        assert {str(ds.SOPInstanceUID) for ds in files} == {str(ds.SOPInstanceUID) for ds in expected}


def test_the_monitor_page_shows_exact_grays(new_page: NewPage) -> None:
    page = new_page(locale="en-GB")
    page.goto("/monitor")
    canvas = page.locator(".monitor-stage canvas")
    expect(canvas).to_be_visible(timeout=WITHIN_MS)
    for _ in range(8):
        page.locator(".monitor-checks input:not(:checked)").first.check()
    page.get_by_role("button", name="All is seen").click()
    expect(page.get_by_text("This monitor was found good on")).to_be_visible()
    assert violations(page) == []
    screen = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("L")).astype(int)
    height, width = screen.shape
    side = min(height, width) // 9
    left, top = width / 2 - 2.5 * side, height / 2 - 2.5 * side
    around = [(at, 0) for at in range(5)] + [(4, at) for at in range(1, 5)] + [(at, 4) for at in (3, 2, 1, 0)]
    around += [(0, at) for at in (3, 2, 1)]
    for number, (column, row) in enumerate(around):
        gray = screen[int(top + (row + 0.5) * side), int(left + (column + 0.5) * side)]
        assert gray == 8 + 16 * number
    inner, below = left + side, int(top + 1.5 * side)
    assert [screen[below, int(inner + side * at)] for at in (0.2, 0.75, 1.7, 2.25)] == [0, 13, 255, 242]


def test_themes_are_chosen_kept_and_readable(new_page: NewPage, send: Send) -> None:
    datasets = blocks(patient_id="OUT-6")
    send(datasets)
    page = new_page(locale="en-GB")
    page.emulate_media(color_scheme="light")
    root = page.locator("html")
    page.goto("/")
    expect(page.locator("[data-total]")).to_be_visible(timeout=WITHIN_MS)
    expect(root).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-theme", "dark")
    at_once = page.evaluate(
        """() => {
            const [root, list] = [document.documentElement, document.querySelector('.studies-page')];
            const style = getComputedStyle(list);
            const colour = () => [style.color, style.backgroundColor];
            const dark = colour();
            root.dataset.theme = 'light';
            const light = colour();
            root.dataset.theme = 'dark';
            return [dark, light];
        }"""
    )
    assert at_once == [["rgb(232, 236, 241)", "rgb(10, 12, 15)"], ["rgb(18, 23, 29)", "rgb(243, 245, 248)"]], (
        "who wants no motion sees a theme at once"
    )
    page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")  # the browser tells the page with its next frame
    assert violations(page) == []
    viewer = ViewerPage(page).open(uid_of(datasets))
    expect(root).to_have_attribute(
        "data-theme", "dark"
    )  # images are read in the dark unless somebody wants it otherwise
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitemradio", name="Theme: light").click()
    expect(root).to_have_attribute("data-theme", "light")
    assert violations(page) == []
    black = page.evaluate("getComputedStyle(document.querySelector('.cell')).backgroundColor")
    assert black == "rgb(0, 0, 0)"
    page.reload()
    viewer.wait()
    expect(root).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    for path in ("/monitor", "/orders", "/sign-in"):
        page.goto(path)
        expect(page.locator("h1").first).to_be_visible(timeout=WITHIN_MS)
        expect(root).to_have_attribute("data-theme", "light")
        assert violations(page) == [], path


def link_of(page: Page) -> str:
    """The link that the dialog shows."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible(timeout=WITHIN_MS)
    address = page.get_by_label("Link", exact=True).input_value()
    page.keyboard.press("Escape")
    return address


def said(address: str) -> list[object]:
    """What the link says, read here by its own rules."""
    text = parse_qs(urlsplit(address).query)["view"][0]
    read = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert isinstance(read, list)
    return read


@pytest.mark.parametrize("tier", ["lite", "reading"])
def test_a_link_opens_the_same_view_and_names_nobody(new_page: NewPage, send: Send, tier: str) -> None:
    datasets = blocks(patient_name="HOÀNG^KÍN^ĐÁO", patient_id=f"LINK-{tier}")
    second = other_series(datasets, 4, 2)
    send([*datasets, *second])
    page = new_page(locale="en-GB")
    viewer = ViewerPage(page).open(uid_of(datasets), tier=tier)
    viewer.expect_data("tier", tier)
    # What hangs by itself is another test's: here the reader puts the second series into the second cell.
    viewer.series.nth(1).click()
    while viewer.root.get_attribute("data-layout") != "1x2":
        viewer.press("g")
    viewer.series.first.drag_to(viewer.cell(1))
    viewer.expect_data("count", "3", cell=1)
    viewer.series.nth(1).drag_to(viewer.cell(2))
    viewer.expect_data("count", "4", cell=2)
    viewer.expect_data("tier", tier, cell=2)
    viewer.expect_data("quality", "lossless", cell=2)
    viewer.cell(2).click()
    viewer.press("End", "6", "i", "t", "h", "+", "+")
    viewer.expect_data("voi", "-600,1500,LINEAR", cell=2)
    box = viewer.cell(2).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 300)
    page.mouse.down(button="middle")
    page.mouse.move(box["x"] + 250, box["y"] + 270, steps=3)
    page.mouse.up(button="middle")
    address = link_of(page)
    layout, active, uids, cells = said(address)
    assert (layout, active) == ("1x2", 1)
    assert isinstance(uids, list)
    assert isinstance(cells, list)
    assert all(re.fullmatch(r"[0-9.]+", uid) for uid in uids)
    for secret in ("HOÀNG", "KÍN", "LINK-", "19800102", "ACC1"):
        assert secret not in json.dumps(said(address), ensure_ascii=False) + address
    other = new_page(locale="vi-VN")
    other.goto(address)
    again = ViewerPage(other)
    again.expect_data("quality", "lossless", cell=2)
    again.expect_data("tier", tier, cell=2)
    again.expect_data("index", "3", cell=2)
    again.expect_data("voi", "-600,1500,LINEAR", cell=2)
    again.expect_data("voi", "40,400,LINEAR", cell=1)
    expect(again.cell(2)).to_have_attribute("data-active", "true")
    expect(again.command("invert")).to_have_attribute("aria-pressed", "true")
    for edge in ("left", "right", "top", "bottom"):
        words = viewer.cell(2).locator(f".edge.{edge}").text_content() or ""
        expect(again.cell(2).locator(f".edge.{edge}")).to_have_text(words)
    other.keyboard.press("Control+k")
    address_again = other.get_by_label("Liên kết", exact=True).input_value()
    for mine, theirs in zip(cells, said(address_again)[3], strict=True):  # type: ignore[call-overload]
        for one, two in zip(mine, theirs, strict=True):
            assert one == (pytest.approx(two, rel=1e-4) if isinstance(two, float) else two), (mine, theirs)


def test_a_link_to_what_is_gone_says_so(new_page: NewPage, send: Send) -> None:
    datasets = blocks(patient_id="LINK-3")
    send(datasets)
    uid = uid_of(datasets)
    cell = [0, 0, 0, 0, 1, None, None, None, 0, 0, 0, 1, None, None]
    text = base64.urlsafe_b64encode(json.dumps(["1x1", 0, [uid], [cell]]).encode()).decode().rstrip("=")
    page = new_page(locale="en-GB")
    page.goto(f"/viewer?StudyInstanceUIDs={uid}&tier=lite&view={text}")
    expect(page.get_by_role("alert")).to_contain_text("Not all images of this link can be shown", timeout=WITHIN_MS)
    ViewerPage(page).wait()
