"""A layout of one's own with how its images are seen; what hangs before it; zooming together."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage, PositronEmissionTomographyImageStorage, generate_uid

from tests import instances
from tests.e2e.accessibility import violations
from tests.e2e.viewer_page import WITHIN_MS, ViewerPage

pytestmark = [pytest.mark.browser, pytest.mark.interop]

Send = Callable[[list[Dataset]], None]
NewPage = Callable[..., Page]
LUNG = "-600,1500,LINEAR"


def series(of: list[Dataset], number: int, words: str, count: int = 8, pixels_mm: float = 0.5) -> list[Dataset]:
    """One more series of a study, in the same space."""
    made = instances.study(count)
    uid = generate_uid()
    for ds in made:
        for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientName", "PatientID", "StudyDate"):
            setattr(ds, keyword, getattr(of[0], keyword))
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = uid, number, words
        ds.PixelSpacing, ds.BodyPartExamined = [pixels_mm, pixels_mm], "CHEST"
    return made


def chest(patient_id: str) -> list[Dataset]:
    """Two CT series with pixels of 0.5 and 0.25 mm."""
    soft = instances.study(8, patient_id=patient_id)
    for ds in soft:
        ds.BodyPartExamined, ds.SeriesDescription = "CHEST", "Trung thất"
    return [*soft, *series(soft, 2, "Phổi", pixels_mm=0.25)]


def open_reading(page: Page, datasets: list[Dataset], more: str = "") -> ViewerPage:
    page.goto(f"/viewer?StudyInstanceUIDs={datasets[0].StudyInstanceUID}&tier=reading{more}")
    viewer = ViewerPage(page).wait()
    viewer.expect_data("tier", "reading")
    return viewer


def layout_menu(page: Page) -> None:
    page.get_by_role("button", name="Layout", exact=True).click()


def seen(viewer: ViewerPage, number: int) -> tuple[str, str]:
    """The letters at the right and the bottom."""
    edges = viewer.cell(number)
    return edges.locator(".edge.right").inner_text(), edges.locator(".edge.bottom").inner_text()


@pytest.fixture
def page(new_page: NewPage) -> Iterator[Page]:
    page = new_page(locale="en-GB")
    yield page
    page.context.request.delete("/api/preferences/hanging", headers={"Origin": page.url.split("/viewer")[0]})


def test_a_layout_keeps_how_its_images_are_seen(page: Page, send: Send) -> None:
    first, second = chest("KEPT-1"), chest("KEPT-2")
    for ds in second:  # prone: the header says so
        ds.ImageOrientationPatient = [-1, 0, 0, 0, -1, 0]
    together = chest("KEPT-3")
    pet = series(together, 3, "PET NAC")
    corrected = series(together, 4, "PET WB")
    for ds in (*pet, *corrected):
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
        ds.Modality = "PT"
    send([*first, *second, *together, *pet, *corrected])

    viewer = open_reading(page, first)
    layout_menu(page)
    page.locator('[data-grid="1x2"]').click()
    viewer.expect_data("quality", "lossless", cell=2)
    viewer.expect_data("tier", "reading", cell=2)

    # zoom and pan together: a millimetre is as long in both, though the pixels are of two sizes
    layout_menu(page)
    page.locator('[data-switch="viewLinked"]').click()
    page.keyboard.press("Escape")
    viewer.cell(1).focus()
    viewer.press("+")
    scales = [viewer.cell(number).locator(".scale") for number in (1, 2)]
    expect(scales[1]).to_have_text(scales[0].inner_text(), timeout=WITHIN_MS)
    widths = [scale.evaluate("(one) => one.getBoundingClientRect().width") for scale in scales]
    assert widths[1] == pytest.approx(widths[0], abs=0.5)
    viewer.press("9")

    # the window of one, turned; the other inverted
    viewer.press("6", "t")
    viewer.expect_data("voi", LUNG)
    expect(viewer.cell(1).locator(".edge.right")).to_have_text("A", timeout=WITHIN_MS)
    turned = seen(viewer, 1)
    viewer.press("n", "i")
    expect(viewer.command("invert")).to_have_attribute("aria-pressed", "true", timeout=WITHIN_MS)
    layout_menu(page)
    page.get_by_role("menuitem", name="Save this layout…").click()
    dialog = page.get_by_role("dialog", name="Save this layout")
    expect(dialog.locator("[data-kept]")).to_have_text(
        ["Window kept of cell 1", "Turned as now: cell 1", "Inverted: cell 2"]
    )
    assert not violations(page)
    dialog.get_by_label("Name").fill("Ngực")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".desk-notice", has_text="Ngực")).to_be_visible(timeout=WITHIN_MS)

    # another patient, who lay on the belly: the same directions at the edges, though that is another turn
    viewer = open_reading(page, second)
    expect(viewer.root).to_have_attribute("data-layout", "1x2", timeout=WITHIN_MS)
    viewer.expect_data("voi", LUNG)
    viewer.expect_data("quality", "lossless", cell=2)
    viewer.expect_data("voi", "40,400,LINEAR", cell=2)
    expect(viewer.cell(1).locator(".edge.right")).to_have_text(turned[0], timeout=WITHIN_MS)
    assert seen(viewer, 1) == turned
    viewer.cell(2).focus()
    expect(viewer.command("invert")).to_have_attribute("aria-pressed", "true", timeout=WITHIN_MS)

    # a PET/CT is hung as one all the same, the corrected PET beside the CT
    viewer = open_reading(page, together)
    expect(viewer.cell(2)).to_contain_text("PET WB", timeout=WITHIN_MS)
    expect(viewer.cell(1)).to_contain_text("Trung thất")
    viewer.expect_data("voi", "40,400,LINEAR")
    layout_menu(page)
    expect(page.locator(".hanging-item [aria-checked]")).to_have_text([re.compile("PET/CT"), "Ngực", "CT", "One image"])


def test_mr_hangs_in_the_order_of_reading(page: Page, send: Send) -> None:
    names = ["T1 TRA", "FLAIR TRA", "T2 TRA", "ADC", "DWI b1000", "T1 TRA"]
    made = instances.study(4, patient_id="KEPT-4")
    for number, words in enumerate(names[1:], 2):
        made += series(made, number, words, 4)
    for ds in made:
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = MRImageStorage
        ds.Modality, ds.BodyPartExamined = "MR", "BRAIN"
        ds.SeriesDescription = names[ds.SeriesNumber - 1]
        if ds.SeriesNumber == 1:  # the first T1 is the one with the medium, which only the header says
            ds.ContrastBolusAgent = "Gadovist"
        del ds.RescaleType
    send(made)
    viewer = open_reading(page, made)
    expect(viewer.root).to_have_attribute("data-layout", "2x3", timeout=WITHIN_MS)
    for number, words in enumerate(["T1 TRA", "T2 TRA", "FLAIR TRA", "DWI b1000", "ADC", "T1 TRA"], 1):
        viewer.expect_data("quality", "lossless", cell=number)
        expect(viewer.cell(number).locator(".bottom-left")).to_contain_text(words)
    expect(viewer.cell(1).locator(".bottom-left")).to_contain_text("6")
    # its window means nothing for another study, and that is said
    viewer.cell(1).focus()
    page.keyboard.press("w")
    box = viewer.cell(1).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = viewer.cell(1).get_attribute("data-voi") or ""
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    page.mouse.up()
    expect(viewer.cell(1)).not_to_have_attribute("data-voi", before, timeout=WITHIN_MS)
    layout_menu(page)
    page.get_by_role("menuitem", name="Save this layout…").click()
    expect(page.locator("[data-kept]")).to_have_text([re.compile("Window not kept of cell 1")])
