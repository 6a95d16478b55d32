"""Segmentations and doses leave with their image, or the picture says that they do not; it is noted who took it."""

import io
import json
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from storage.access import audit
from storage.archive import Archive
from storage.settings import StorageSettings
from tests import instances, objects
from tests.e2e.accessibility import violations
from tests.e2e.test_objects import choose
from tests.e2e.test_out import count_prints, out, saved
from tests.e2e.viewer_page import WITHIN_MS, ViewerPage
from tests.peers.filmless import Filmless

pytestmark = pytest.mark.browser

NewPage = Callable[..., Page]
Send = Callable[[list[Dataset]], None]
SIZE = 64


def study() -> tuple[list[Dataset], Dataset, Dataset]:
    """Two black slices; a segment on the first, and a dose of 20 and 40 Gy in its middle."""
    images = instances.study(2, rows=SIZE, columns=SIZE, patient_id="LAYER-OUT")
    for image in images:
        image.PixelData = np.full((SIZE, SIZE), -160, "<i2").tobytes()  # black in the window
    liver = np.zeros((2, SIZE, SIZE), np.bool_)
    liver[0, 28:36, 2:14] = True
    gray = np.zeros((2, 32, 32))
    gray[:, 12:20, 12:20] = 20
    gray[:, 12:20, 16:20] = 40
    return images, objects.segmentation(images, {"Gan của bà Lê": liver}), objects.dose(images, gray, 1.0)


def pixels(png: bytes) -> npt.NDArray[np.int64]:
    """Rows x columns x RGB."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(np.int64)


def at(picture: npt.NDArray[np.int64], column: float, row: float) -> npt.NDArray[np.int64]:
    """The colour at a place of the image (its own pixels) on a picture of the whole of it."""
    found: npt.NDArray[np.int64] = picture[int(row * picture.shape[0] / SIZE), int(column * picture.shape[1] / SIZE)]
    return found


def trail(pacs: Filmless, study_uid: str, action: str) -> list[audit.Event]:
    """What was noted of an action on a study, oldest first."""
    archive = Archive.open(StorageSettings.model_validate({"data_dir": pacs.data}))
    try:
        with archive.index.read() as connection:
            found = audit.events(connection, study_instance_uid=study_uid)
    finally:
        archive.close()
    return [event for event in reversed(found) if event.action == action]


def whole(page: Page, *changes: Callable[[], None]) -> npt.NDArray[np.int64]:
    """Save a picture of the whole image after these changes of its order."""
    out(page, "Control+e")
    page.get_by_label("Whole image, its own pixels").check()
    for change in changes:
        change()
    page.locator('.out-preview[data-made="true"] img').wait_for(timeout=WITHIN_MS)
    return pixels(saved(page, "Save")[1])


def test_layers_leave_with_their_image_or_it_says_so(send: Send, new_page: NewPage, reading_pacs: Filmless) -> None:
    images, seg, dose = study()
    send([*images, seg, dose])
    uid = str(images[0].StudyInstanceUID)
    page = new_page(locale="en-GB")
    viewer = ViewerPage(page).open(uid)
    viewer.cell().focus()
    viewer.press("Home")
    viewer.expect_data("index", "0")
    plain = whole(page)
    assert at(plain, 8, 32).max() < 10
    for layer in (seg, dose):
        choose(viewer, layer)
        expect(page.locator('.legend[data-waiting="false"]')).to_have_count(1 if layer is seg else 2, timeout=WITHIN_MS)
    expect(page.locator(".layer-picture")).to_have_count(2)

    # the dose under the pointer, from the grid: 20 Gy in the left half, 40 in the right, nothing outside of it
    box = viewer.cell().locator(".canvas-hosts").bounding_box()
    assert box is not None
    scale = min(box["width"], box["height"]) / SIZE
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    reading = page.locator(".legend-cursor strong")
    for column, row, words in ((28, 28, "20.00 Gy"), (36, 28, "40.00 Gy"), (4, 28, "0.00 Gy"), (-3, 28, "–")):
        page.mouse.move(middle[0] + (column - 32) * scale, middle[1] + (row - 32) * scale)
        expect(reading).to_have_text(words)
    assert violations(page) == []

    drawn = whole(page)
    assert (at(drawn, 8, 32) - at(plain, 8, 32)).max() > 80, "the segment"
    assert (at(drawn, 16, 32) - at(plain, 16, 32)).max() < 10, "right of it"
    assert at(drawn, 36, 32).sum() > at(drawn, 27, 32).sum() + 60, "40 Gy is brighter than 20 Gy"
    top_right = (slice(0, drawn.shape[0] // 2), slice(drawn.shape[1] // 2, None))
    assert (drawn[top_right] != plain[top_right]).any(), "the legend"

    left_out = whole(page, page.get_by_label("With layers (segmentation, structures, dose)").uncheck)
    assert at(left_out, 8, 32).max() < 10
    assert at(left_out, 36, 32).max() < 10
    assert (left_out[top_right] != plain[top_right]).any(), "it says that layers are left out"

    count_prints(page)
    out(page, "Control+p")
    expect(page.get_by_label("With layers (segmentation, structures, dose)")).to_be_checked()
    assert violations(page) == []
    expect(page.locator(".print-root")).to_have_count(0)
    page.get_by_label("With the patient’s name and data").uncheck()
    page.locator('.out-preview[data-made="true"]').wait_for(timeout=WITHIN_MS)
    page.get_by_role("button", name="Print…", exact=True).last.click()
    expect(page.locator("html")).to_have_attribute("data-printed", "1", timeout=WITHIN_MS)
    expect(page.locator(".print-root")).to_have_count(1)

    noted = [(event.outcome, json.loads(event.detail)) for event in trail(reading_pacs, uid, "export")]
    image = [str(images[0].SOPInstanceUID)]
    assert noted == [
        ("success", {"kind": kind, "identified": identified, "sop_instance_uids": image})
        for kind, identified in [("picture", True)] * 3 + [("print", False)]
    ]


def test_who_may_only_look_makes_no_picture(send: Send, new_page: NewPage, reading_pacs: Filmless) -> None:
    images, _, _ = study()
    send(images)
    password = "bác sĩ gửi bệnh nhân 7"
    reading_pacs.add_account("bs.gui", "referrer", password)
    page = new_page(signed_in=False)
    assert page.request.post("/api/session", data={"account": "bs.gui", "password": password}).ok
    ViewerPage(page).open(str(images[0].StudyInstanceUID))
    downloads: list[str] = []
    page.on("download", lambda download: downloads.append(download.suggested_filename))
    count_prints(page)
    for key, button in (("Control+e", "Lưu"), ("Control+p", "In…")):
        out(page, key)
        page.get_by_role("button", name=button, exact=True).last.click()
        expect(page.get_by_role("dialog")).to_contain_text(re.compile("không được phép đưa ảnh ra ngoài"))
        assert violations(page) == []
        page.keyboard.press("Escape")
    assert not downloads
    expect(page.locator("html[data-printed]")).to_have_count(0)
    noted = trail(reading_pacs, str(images[0].StudyInstanceUID), "export")
    assert [event.outcome for event in noted] == ["refused", "refused"]
