"""Lengths of the volume view are saved and come back; a deletion can be saved; back in the browser asks first."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from pydicom.dataset import Dataset

from tests import foreign_objects, instances
from tests.e2e.accessibility import violations
from tests.e2e.test_saved import NOW, Reader
from tests.e2e.viewer_page import WITHIN_MS

pytestmark = pytest.mark.browser

SIZE, SLICES = 128, 8


class VolumeReader(Reader):
    """A reader who measures in the volume view too."""

    def expect_unsaved(self, unsaved: bool) -> None:
        """Wait until the panel says so, or what is over it."""
        said = self.page.locator(NOW.format(str(unsaved).lower()))
        expect(said.last).to_be_visible(timeout=WITHIN_MS)

    def open_volume(self) -> None:
        """The planes of the series in the active cell, all slices there."""
        self.press("k")
        self.plane("axial")

    def plane(self, name: str) -> Locator:
        """The cell of a plane, once it shows everything that was asked for."""
        cell = self.page.locator(f'[data-plane="{name}"][data-settled="true"]')
        cell.wait_for(timeout=WITHIN_MS)
        return cell

    def measure(self) -> float:
        """A length from one slice to another, in mm as the list has it."""
        self.press("l")
        box = self.plane("axial").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.click(x - 40, y - 10)
        for _ in range(3):
            self.page.mouse.wheel(0, 100)
        self.plane("axial")
        self.page.mouse.click(x + 60, y + 25)
        return self.length()

    def length(self) -> float:
        """The only length of the list, in mm."""
        row = self.page.locator(".volume [data-length]")
        expect(row).to_have_count(1, timeout=WITHIN_MS)
        return float(row.get_attribute("data-length") or "nan")


def study() -> list[Dataset]:
    """A CT series whose slices are a volume."""
    datasets = instances.study(SLICES, rows=SIZE, columns=SIZE, patient_id="SAVED-VOLUME")
    for at, ds in enumerate(datasets):
        ds.PixelData = np.full((SIZE, SIZE), 40 + at, "<i2").tobytes()
        ds.ImagePositionPatient, ds.ImageOrientationPatient = [-30, -30, 2.5 * at], [1, 0, 0, 0, 1, 0]
        ds.SliceThickness = 2.5
    return datasets


def test_lengths_in_a_volume_are_saved_come_back_and_can_be_withdrawn(
    new_page: Callable[..., Page], send: Callable[[list[Dataset]], None]
) -> None:
    datasets = study()
    uid = str(datasets[0].StudyInstanceUID)
    foreign = foreign_objects.report(datasets[0])
    foreign.PatientID, foreign.PatientName = "SOMEBODY-ELSE", "Lê^Khác"
    send([*datasets, foreign])
    page = new_page(locale="vi-VN")
    reader = VolumeReader(page)
    reader.open(uid)
    reader.panel()
    stranger = page.locator(f'[data-saved="{foreign.SOPInstanceUID}"]')
    expect(stranger).to_be_disabled(timeout=WITHIN_MS)
    reader.open_volume()
    drawn = reader.measure()
    assert drawn > 3 * 2.5
    reader.expect_unsaved(True)
    page.keyboard.press("Control+s")
    reader.expect_unsaved(False)
    assert violations(page) == []

    # the same length, opened again
    reader.open(uid)
    reader.open_volume()
    assert math.isclose(reader.length(), drawn, abs_tol=1e-3)
    reader.expect_unsaved(False)

    # deleted, which is saved as well
    page.locator(".volume-lengths li .icon-button").click()
    reader.expect_unsaved(True)
    page.keyboard.press("Escape")
    expect(page.locator("dialog.volume")).to_have_count(0)
    reader.panel()
    reader.command("save_measurements").click()
    reader.expect_unsaved(False)
    withdrawn = reader.entries("measurements").filter(has_text="Đã xóa mọi số đo")
    expect(withdrawn).to_be_disabled()
    page.locator(".saved details summary").click()
    earlier = page.locator(".saved details [data-saved]")
    expect(earlier).to_have_count(1)
    assert violations(page) == []

    # an earlier state is opened in the volume; nothing of it is unsaved
    earlier.click()
    reader.plane("axial")
    assert math.isclose(reader.length(), drawn, abs_tol=1e-3)
    reader.expect_unsaved(False)
    reader.open(uid)
    reader.open_volume()
    expect(page.locator(".volume [data-length]")).to_have_count(0)


def test_back_in_the_browser_asks_and_the_draft_is_offered(
    new_page: Callable[..., Page], send: Callable[[list[Dataset]], None]
) -> None:
    datasets = study()
    uid = str(datasets[0].StudyInstanceUID)
    send(datasets)
    page = new_page(locale="en-GB")
    reader = VolumeReader(page)
    page.goto("/")
    page.evaluate(f"history.pushState(null, '', '/viewer?StudyInstanceUIDs={uid}&tier=lite'); history.go(0)")
    reader.wait()
    reader.panel()
    reader.expect_unsaved(False)
    reader.draw("l", (20, 30), (100, 90))
    reader.expect_unsaved(True)
    for choice in (0, 1):  # stay; keep as a draft and leave
        page.evaluate("history.back()")
        dialog = page.locator("dialog[open]")
        expect(dialog).to_be_visible(timeout=WITHIN_MS)
        assert "/viewer" in page.url
        expect(page.locator(".measurements [data-measurement]")).to_have_count(1)
        dialog.get_by_role("button").nth(choice).click()
        expect(dialog).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/$"), timeout=WITHIN_MS)

    # on return it is there, and said
    reader.open(uid)
    notice = page.locator(".saved-notice")
    expect(notice).to_be_visible(timeout=WITHIN_MS)
    assert violations(page) == []
    reader.command("keep_draft").click()
    expect(notice).to_have_count(0)
    reader.panel()
    expect(page.locator(".measurements [data-measurement]")).to_have_count(1)
    reader.command("save_measurements").click()
    reader.expect_unsaved(False)
    page.evaluate("history.back()")
    expect(page).not_to_have_url(re.compile("/viewer"), timeout=WITHIN_MS)
