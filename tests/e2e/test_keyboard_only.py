"""A whole reading without a mouse: sign in, find, compare with the prior, measure, save, go to the next study."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from tests import instances
from tests.e2e.conftest import ACCOUNT, PASSWORD
from tests.e2e.study_list_page import StudyListPage
from tests.e2e.test_pages import uid_of
from tests.e2e.viewer_page import ViewerPage

pytestmark = [pytest.mark.browser, pytest.mark.interop]

WITHIN_MS = 60_000
NewPage = Callable[..., Page]
Send = Callable[[list[Dataset]], None]

# CSS pixels that an arrow key moves the cross by, with Shift.
LARGE_STEP = 20
SIZE = 64
SPACING_MM = 0.5


def of_day(date: str, patient_name: str, patient_id: str, count: int) -> list[Dataset]:
    """A head CT of a day."""
    made = instances.study(count, patient_name=patient_name, patient_id=patient_id, rows=SIZE, columns=SIZE)
    for ds in made:
        ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = date
        ds.BodyPartExamined = "HEAD"
    return made


def tab_to(page: Page, name: str) -> None:
    """Tab until a link of this name has the focus, as somebody does who sees where it is."""
    wanted = page.get_by_role("link", name=name)
    expect(wanted.first).to_be_visible(timeout=WITHIN_MS)
    for _ in range(40):
        if wanted.first.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached by Tab")


def test_a_study_is_read_with_its_prior_without_a_mouse(new_page: NewPage, send: Send) -> None:
    prior = of_day("20240105", "BÙI^PHÍM", "KEYS-1", 3)
    now = of_day("20260302", "BÙI^PHÍM", "KEYS-1", 5)
    following = of_day("20260301", "CAO^PHÍM", "KEYS-2", 2)
    for study in (prior, following, now):  # the list shows what came last first
        send(study)
    page = new_page(signed_in=False, locale="en-GB")
    for clicks in ("click", "down", "dblclick", "move", "wheel"):  # there is no mouse
        setattr(page.mouse, clicks, None)
    page.goto("/?q=phim")
    expect(page.get_by_label("Account")).to_be_focused(timeout=WITHIN_MS)
    page.keyboard.type(ACCOUNT)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    listing = StudyListPage(page)
    expect(listing.row(uid_of(now))).to_be_visible(timeout=WITHIN_MS)
    page.keyboard.press("/")
    expect(listing.search).to_be_focused()
    page.keyboard.press("Enter")
    expect(listing.row(uid_of(now))).to_have_attribute("aria-selected", "true", timeout=WITHIN_MS)
    expect(listing.details.locator("[data-history]")).to_have_count(1, timeout=WITHIN_MS)
    page.keyboard.press("ArrowRight")
    tab_to(page, "Compare with the study of 05/01/2024")
    page.keyboard.press("Enter")

    viewer = ViewerPage(page).wait()
    viewer.expect_data("quality", "lossless", cell=2)
    expect(viewer.cell(1)).to_contain_text("02/03/2026")
    expect(viewer.cell(2)).to_contain_text("05/01/2024")
    viewer.press("n")
    expect(viewer.cell(2)).to_have_attribute("data-active", "true")
    viewer.press("Home", "ArrowDown", "4")
    viewer.expect_data("index", "1", cell=2)
    viewer.expect_data("voi", "40,80,LINEAR", cell=2)
    while viewer.cell(1).get_attribute("data-active") != "true":
        viewer.press("n")
    viewer.press("End", "5")
    viewer.expect_data("index", "4", cell=1)

    # Both ends of a length: Enter begins and sets, the arrows move.
    viewer.press("l", "Enter", "Shift+ArrowLeft", "Shift+ArrowLeft", "Enter")
    viewer.press(*["Shift+ArrowRight"] * 5, "Enter", "Escape")
    box = viewer.cell(1).bounding_box()
    assert box is not None
    zoom = min(box["width"], box["height"]) / SIZE
    viewer.press("m")
    length = page.locator(".measurements [data-measurement] .primary")
    expect(length).to_have_count(1, timeout=WITHIN_MS)
    (measured,) = re.findall(r"([\d.]+) mm", length.inner_text())
    assert abs(float(measured) - 5 * LARGE_STEP / zoom * SPACING_MM) <= 0.1

    expect(page.locator('[data-unsaved="true"]')).to_be_visible(timeout=WITHIN_MS)
    viewer.press("Control+s")
    expect(page.locator('[data-save-state="idle"][data-unsaved="false"]')).to_be_visible(timeout=WITHIN_MS)

    viewer.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible(timeout=WITHIN_MS)
    expect(page.get_by_label("Link", exact=True)).to_have_value(re.compile("view="), timeout=WITHIN_MS)
    viewer.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    viewer.press("]")
    expect(page.get_by_role("heading", level=1)).to_have_text("CAO PHÍM", timeout=WITHIN_MS)
    viewer.wait()
    viewer.press("[")
    expect(page.get_by_role("heading", level=1)).to_have_text("BÙI PHÍM", timeout=WITHIN_MS)
    viewer.wait()
    viewer.press("Backspace")
    expect(listing.row(uid_of(now))).to_be_visible(timeout=WITHIN_MS)
