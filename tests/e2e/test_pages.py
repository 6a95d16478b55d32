"""The pages in Chromium on a real server: sign-in, the list, the viewer, and what they say when refused."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests import instances
from tests.e2e.accessibility import violations
from tests.e2e.conftest import ACCOUNT, PASSWORD
from tests.e2e.sign_in_page import SignInPage
from tests.e2e.study_list_page import StudyListPage
from tests.e2e.viewer_page import ViewerPage
from tests.peers.filmless import Filmless

pytestmark = [pytest.mark.browser, pytest.mark.interop]

WITHIN_MS = 60_000
PHONE = {"width": 390, "height": 844, "phone": True}
PIXEL_KEYWORDS = (
    "PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
    "PhotometricInterpretation", "RescaleType", "RescaleIntercept", "RescaleSlope",
)  # fmt: skip
NewPage = Callable[..., Page]
Send = Callable[[list[Dataset]], None]


def uid_of(datasets: list[Dataset]) -> str:
    return str(datasets[0].StudyInstanceUID)


def more_of(datasets: list[Dataset], count: int) -> list[Dataset]:
    """Further slices of the same series, behind the ones given."""
    made = instances.study(count)
    for offset, ds in enumerate(made, 1):
        number = len(datasets) + offset
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "PatientName", "PatientID"):
            setattr(ds, keyword, getattr(datasets[0], keyword))
        ds.InstanceNumber, ds.ImagePositionPatient = number, [0, 0, 2.0 * number]
    return made


def other_series(datasets: list[Dataset], count: int, number: int) -> list[Dataset]:
    """A second series of the same study."""
    series_uid = generate_uid()
    made = more_of(datasets, count)
    for ds in made:
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = series_uid, number, f"Chuỗi {number}"
    return made


def structured_report(datasets: list[Dataset]) -> Dataset:
    """A report in the same study: nothing that could be shown as an image."""
    (ds,) = other_series(datasets, 1, 9)
    for keyword in PIXEL_KEYWORDS:
        del ds[keyword]
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.Modality, ds.SeriesDescription = "SR", "Kết quả"
    ds.CompletionFlag, ds.VerificationFlag, ds.ValueType = "COMPLETE", "UNVERIFIED", "CONTAINER"
    return ds


class TestSignIn:
    def test_a_deep_link_survives_a_wrong_password(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(3)
        send(datasets)
        page = new_page(signed_in=False)
        page.goto(f"/viewer?StudyInstanceUIDs={uid_of(datasets)}&tier=lite")
        sign_in = SignInPage(page)
        expect(sign_in.account).to_be_focused(timeout=WITHIN_MS)
        sign_in.try_with(ACCOUNT, "không phải mật khẩu")
        expect(sign_in.refusal).to_have_text("Tài khoản hoặc mật khẩu không đúng.", timeout=WITHIN_MS)
        sign_in.try_with(ACCOUNT, PASSWORD)
        ViewerPage(page).wait()
        assert page.url.endswith(f"/viewer?StudyInstanceUIDs={uid_of(datasets)}&tier=lite")

    def test_next_never_leads_to_another_site(self, new_page: NewPage) -> None:
        page = new_page(signed_in=False)
        SignInPage(page).open("//example.com/steal").try_with(ACCOUNT, PASSWORD)
        expect(page.locator("[data-total]")).to_be_visible(timeout=WITHIN_MS)
        assert "example.com" not in page.url

    def test_the_password_can_be_shown(self, new_page: NewPage) -> None:
        sign_in = SignInPage(new_page(signed_in=False, locale="en-GB")).open()
        sign_in.password.fill("visible now")
        expect(sign_in.password).to_have_attribute("type", "password")
        sign_in.page.get_by_role("button", name="Show password").click()
        expect(sign_in.password).to_have_attribute("type", "text")
        expect(sign_in.password).to_have_value("visible now")

    def test_too_many_attempts_say_how_long_to_wait(self, new_page: NewPage, reading_pacs: Filmless) -> None:
        page = new_page(signed_in=False, locale="en-GB")
        for _ in range(8):
            answer = page.request.post("/api/session", data={"account": "nobody.here", "password": "x"})
            if answer.status == 429:
                break
        sign_in = SignInPage(page).open()
        sign_in.try_with("nobody.here", "x")
        expect(sign_in.refusal).to_have_text(re.compile(r"Try again in \d+ seconds?\."), timeout=WITHIN_MS)
        expect(sign_in.submit).to_be_disabled()
        expect(sign_in.submit).to_be_enabled(timeout=WITHIN_MS)

    def test_the_language_is_the_browsers_until_one_is_chosen(self, new_page: NewPage) -> None:
        page = new_page(signed_in=False, locale="vi-VN")
        SignInPage(page).open()
        expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert page.locator("html").get_attribute("lang") == "en"


class TestStudyList:
    def test_found_and_opened_with_the_keyboard_alone(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(3, patient_name="LƯƠNG^THỊ^NGỌC BÍCH", patient_id="LIST-1")
        send(datasets)
        listing = StudyListPage(new_page(locale="en-GB")).open()
        page = listing.page
        page.keyboard.press("/")
        expect(listing.search).to_be_focused()
        page.keyboard.type("bich luong")
        expect(listing.total).to_have_text("1 study", timeout=WITHIN_MS)
        page.keyboard.press("Enter")
        expect(listing.row(uid_of(datasets))).to_have_attribute("aria-selected", "true")
        expect(listing.details.get_by_role("heading", level=2)).to_have_text("LƯƠNG THỊ NGỌC BÍCH")
        expect(listing.details.locator(".series-link")).to_have_count(1, timeout=WITHIN_MS)
        page.keyboard.press("Enter")
        expect(page.locator(".viewer-page h1")).to_have_text("LƯƠNG THỊ NGỌC BÍCH", timeout=WITHIN_MS)
        page.go_back()
        expect(listing.search).to_have_value("bich luong")
        expect(listing.row(uid_of(datasets))).to_be_visible(timeout=WITHIN_MS)

    def test_a_study_appears_and_grows_while_it_arrives(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(2, patient_name="VŨ^ĐANG^ĐẾN", patient_id="LIST-2")
        listing = StudyListPage(new_page()).open()
        send(datasets)
        row = listing.row(uid_of(datasets))
        expect(row).to_have_attribute("data-count", "2", timeout=WITHIN_MS)
        expect(row).to_have_attribute("data-arriving", "true")
        send(more_of(datasets, 3))
        expect(row).to_have_attribute("data-count", "5", timeout=WITHIN_MS)

    def test_filters_narrow_the_list_and_can_be_cleared(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(1, patient_name="TRƯƠNG^LỌC", patient_id="LIST-3")
        send(datasets)
        listing = StudyListPage(new_page(locale="en-GB")).open("?q=truong loc")
        expect(listing.row(uid_of(datasets))).to_be_visible(timeout=WITHIN_MS)
        listing.chip("CT").click()
        expect(listing.row(uid_of(datasets))).to_be_visible(timeout=WITHIN_MS)
        listing.chip("MR").click()
        listing.chip("CT").click()
        expect(listing.page.get_by_text("No study matches.")).to_be_visible(timeout=WITHIN_MS)
        listing.page.get_by_role("button", name="Clear search and filters").click()
        expect(listing.rows.first).to_be_visible(timeout=WITHIN_MS)
        expect(listing.search).to_have_value("")

    def test_the_list_is_put_in_another_order(self, new_page: NewPage, send: Send) -> None:
        for name, patient_id in (("ĐẶNG^THỨ TỰ", "SORT-1"), ("AN^THỨ TỰ", "SORT-2"), ("DƯƠNG^THỨ TỰ", "SORT-3")):
            send(instances.study(1, patient_name=name, patient_id=patient_id))
        listing = StudyListPage(new_page(locale="en-GB")).open("?q=thu tu")
        expect(listing.rows).to_have_count(3, timeout=WITHIN_MS)
        listing.page.get_by_role("button", name="Patient", exact=True).click()
        names = listing.page.locator(".cell-patient .primary")
        expect(names).to_have_text(["AN THỨ TỰ", "DƯƠNG THỨ TỰ", "ĐẶNG THỨ TỰ"])
        listing.page.get_by_role("button", name="Patient", exact=True).click()
        expect(names).to_have_text(["ĐẶNG THỨ TỰ", "DƯƠNG THỨ TỰ", "AN THỨ TỰ"])

    def test_the_phone_shows_cards_and_nothing_sticks_out(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(1, patient_name="ĐỖ^ĐIỆN^THOẠI", patient_id="LIST-4")
        send(datasets)
        listing = StudyListPage(new_page(**PHONE)).open("?q=do dien thoai")
        row = listing.row(uid_of(datasets))
        expect(row).to_contain_text("1 ảnh", timeout=WITHIN_MS)
        assert listing.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        row.tap()
        expect(listing.page.locator(".viewer-page h1")).to_have_text("ĐỖ ĐIỆN THOẠI", timeout=WITHIN_MS)


class TestViewer:
    def test_who_and_what_is_on_the_image(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(3, patient_name="NGUYỄN^VĂN^ĐỨC", patient_id="VIEW-1")
        send(datasets)
        viewer = ViewerPage(new_page()).open(uid_of(datasets))
        cell = viewer.cell()
        person = ("NGUYỄN VĂN ĐỨC", "VIEW-1", "02/01/1980", "46 tuổi")
        for words in (*person, "CT sọ não", "Ảnh 2/3", "W 400  L 40", "Đủ chất lượng"):
            expect(cell).to_contain_text(words)
        for edge, letter in (("left", "R"), ("right", "L"), ("top", "A"), ("bottom", "P")):
            expect(cell.locator(f".edge.{edge}")).to_have_text(letter)
        expect(cell.locator(".scale")).to_be_visible()
        expect(viewer.page.get_by_role("heading", level=1)).to_have_text("NGUYỄN VĂN ĐỨC")
        expect(viewer.root).to_have_attribute("data-ready", "true")

    def test_keys_do_what_the_help_says(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(20, patient_id="VIEW-2")
        send(datasets)
        viewer = ViewerPage(new_page(locale="en-GB")).open(uid_of(datasets))
        viewer.press("Home")
        viewer.expect_data("index", "0")
        viewer.press("ArrowDown")
        viewer.expect_data("index", "1")
        viewer.press("PageDown")
        viewer.expect_data("index", "11")
        viewer.press("End")
        viewer.expect_data("index", "19")
        viewer.press("4")
        viewer.expect_data("voi", "40,80,LINEAR")
        viewer.press("i")
        expect(viewer.command("invert")).to_have_attribute("aria-pressed", "true")
        viewer.press("r")
        viewer.expect_data("voi", "40,400,LINEAR")
        expect(viewer.command("invert")).to_have_attribute("aria-pressed", "false")
        viewer.press("h")
        expect(viewer.cell().locator(".edge.left")).to_have_text("L")
        viewer.press("e")
        expect(viewer.command("ellipse")).to_have_attribute("aria-pressed", "true")
        viewer.press(" ")
        expect(viewer.page.get_by_label("Frames per second")).to_be_visible()
        viewer.press(" ")
        expect(viewer.page.get_by_label("Frames per second")).to_be_hidden()
        viewer.press("?")
        expect(viewer.page.get_by_role("dialog", name="Keys")).to_contain_text("Ellipse ROI")
        viewer.press("Escape")
        expect(viewer.page.get_by_role("dialog")).to_be_hidden()

    def test_layouts_and_dragging_a_series_into_a_cell(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(2, patient_id="VIEW-3")
        second = other_series(datasets, 4, 2)
        send([*datasets, *second])
        viewer = ViewerPage(new_page()).open(uid_of(datasets))
        expect(viewer.series).to_have_count(2)
        viewer.press("g")
        expect(viewer.root).to_have_attribute("data-layout", "1x2")
        viewer.expect_data("count", "4", cell=2)
        viewer.series.first.drag_to(viewer.cell(2))
        viewer.expect_data("count", "2", cell=2)
        expect(viewer.cell(2)).to_have_attribute("data-active", "true")
        viewer.press("g", "g")
        expect(viewer.cells).to_have_count(4)
        expect(viewer.cell(3)).to_have_attribute("data-state", re.compile("ready|empty"), timeout=WITHIN_MS)

    def test_new_images_are_appended_without_losing_the_place(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(4, patient_id="VIEW-4")
        send(datasets)
        viewer = ViewerPage(new_page()).open(uid_of(datasets))
        viewer.press("Home", "ArrowDown")
        viewer.expect_data("index", "1")
        viewer.press("3")
        viewer.expect_data("voi", "480,2500,LINEAR")
        send(more_of(datasets, 6))
        viewer.expect_data("count", "10")
        viewer.expect_data("index", "1")
        viewer.expect_data("voi", "480,2500,LINEAR")
        expect(viewer.series.first).to_contain_text("10 ảnh", timeout=WITHIN_MS)

    def test_the_reading_room_takes_over_on_the_same_image(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(6, patient_id="VIEW-5")
        send(datasets)
        page = new_page()
        page.goto(f"/viewer?StudyInstanceUIDs={uid_of(datasets)}&tier=reading")
        viewer = ViewerPage(page).wait()
        viewer.press("End", "6", "h")
        viewer.expect_data("tier", "reading")
        viewer.expect_data("index", "5")
        viewer.expect_data("voi", "-600,1500,LINEAR")
        expect(viewer.cell().locator(".edge.left")).to_have_text("L", timeout=WITHIN_MS)
        viewer.wait()

    def test_a_report_says_what_it_is(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(1, patient_id="VIEW-6")
        send([*datasets, structured_report(datasets)])
        viewer = ViewerPage(new_page()).open(uid_of(datasets))
        viewer.press("ArrowRight")
        viewer.expect_data("state", "document")
        expect(viewer.cell()).to_contain_text("Báo cáo có cấu trúc")
        viewer.press("ArrowLeft")
        viewer.wait()

    def test_two_patients_are_pointed_out(self, new_page: NewPage, send: Send) -> None:
        one = instances.study(1, patient_id="VIEW-7")
        other = instances.study(1, patient_id="VIEW-8", patient_name="LÊ^KHÁC")
        send(one)
        send(other)
        viewer = ViewerPage(new_page(locale="en-GB")).open(uid_of(one), uid_of(other))
        barrier = viewer.page.get_by_role("dialog", name="Two patients are open")
        expect(barrier).to_contain_text("LÊ KHÁC", timeout=WITHIN_MS)
        viewer.expect_data("state", "empty", cell=2)
        barrier.get_by_role("button", name="Show both patients").click()
        expect(viewer.page.locator(".banner")).to_contain_text("Two patients are open", timeout=WITHIN_MS)
        expect(viewer.cell(2)).to_contain_text("LÊ KHÁC", timeout=WITHIN_MS)
        viewer.expect_data("stranger", "true", cell=2)

    def test_a_session_that_ends_is_taken_up_again_in_place(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(3, patient_id="VIEW-9")
        second = other_series(datasets, 2, 2)
        send([*datasets, *second])
        viewer = ViewerPage(new_page()).open(uid_of(datasets))
        page = viewer.page
        viewer.press("5")
        page.context.clear_cookies()
        # Not clicked: what the page asks for by itself may have brought the dialog already.
        viewer.series.nth(1).dispatch_event("click")
        sign_in = SignInPage(page)
        expect(sign_in.dialog).to_be_visible(timeout=WITHIN_MS)
        expect(sign_in.account).to_have_value(ACCOUNT)
        expect(sign_in.password).to_be_focused()
        sign_in.password.fill(PASSWORD)
        sign_in.password.press("Enter")
        expect(sign_in.dialog).to_be_hidden(timeout=WITHIN_MS)
        viewer.expect_data("count", "2")
        viewer.wait()

    def test_a_phone_has_its_tools_below(self, new_page: NewPage, send: Send) -> None:
        datasets = instances.study(3, patient_id="VIEW-10")
        send(datasets)
        page = new_page(**PHONE)
        page.goto(f"/viewer?StudyInstanceUIDs={uid_of(datasets)}")
        viewer = ViewerPage(page).wait()
        viewer.expect_data("tier", "lite")
        cell, tools = viewer.cell().bounding_box(), page.get_by_role("toolbar").bounding_box()
        assert cell is not None
        assert tools is not None
        assert tools["y"] >= cell["y"] + cell["height"]
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("button", name=re.compile("Chuỗi ảnh")).first.tap()
        expect(viewer.series).to_have_count(1)
        expect(viewer.series.first).to_be_hidden()

    def test_a_study_that_is_not_there_says_so(self, new_page: NewPage) -> None:
        page = new_page(locale="en-GB")
        page.goto("/viewer?StudyInstanceUIDs=1.2.3.404")
        expect(page.get_by_role("heading", level=1)).to_have_text("Study not found", timeout=WITHIN_MS)
        page.goto("/viewer")
        expect(page.get_by_role("heading", level=1)).to_have_text("No study chosen", timeout=WITHIN_MS)
        page.get_by_role("button", name="Study list").click()
        expect(page.locator("[data-total]")).to_be_visible(timeout=WITHIN_MS)


@pytest.mark.parametrize("locale", ["vi-VN", "en-GB"])
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_every_page_is_accessible(new_page: NewPage, send: Send, locale: str, device: dict[str, int]) -> None:
    datasets = instances.study(2, patient_id="AXE")
    send([*datasets, *other_series(datasets, 1, 2)])
    page = new_page(signed_in=False, locale=locale, **device)
    sign_in = SignInPage(page).open()
    sign_in.try_with("", "")
    assert violations(page) == []
    sign_in.try_with(ACCOUNT, PASSWORD)
    listing = StudyListPage(page)
    expect(listing.rows.first).to_be_visible(timeout=WITHIN_MS)
    listing.grid.press("ArrowDown")
    assert violations(page) == []
    viewer = ViewerPage(page).open(uid_of(datasets))
    viewer.press("g", "m")
    viewer.expect_data("state", "ready", cell=2)
    assert violations(page) == []
    viewer.press("?")
    assert violations(page) == []
    page.goto("/viewer?StudyInstanceUIDs=1.2.3.404")
    expect(page.locator(".message-page h1")).to_be_visible(timeout=WITHIN_MS)
    assert violations(page) == []
