"""The receipt of a study and the administrators' pages, in Chromium on a real server with real conflicts in it."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests import instances
from tests.e2e.accessibility import violations
from tests.e2e.admin_page import AdminPage
from tests.e2e.study_list_page import StudyListPage
from tests.peers import dcmtk, filmless
from tests.peers.filmless import Filmless

pytestmark = [pytest.mark.browser, pytest.mark.interop]

WITHIN_MS = 60_000
PASSWORD = "quản trị viên trực đêm"
ADMIN, READER = "quan.tri", "bs.doc"
PHONE = (390, 844)
SENDER = "CT_KHOA_1"
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filmless]:
    """A server of our own: what is open on it is counted."""
    folder = tmp_path_factory.mktemp("administered")
    damaged = folder / "spool" / "ready" / "damaged.dcm"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"\0" * 128 + b"DICM" + b"half of what was promised")
    with filmless.running(folder) as server:
        server.add_account(ADMIN, "admin", PASSWORD)
        server.add_account(READER, "radiologist", PASSWORD)
        yield server


@pytest.fixture
def visit(browser: Browser, pacs: Filmless) -> Iterator[Visit]:
    """Open a page signed in: ``visit(account=…, locale=…, phone=False)``; errors in it fail the test."""
    contexts = []
    errors: list[str] = []

    def make(*, account: str = ADMIN, locale: str = "en-GB", phone: bool = False) -> Page:
        width, height = PHONE if phone else (1440, 900)
        context = browser.new_context(
            base_url=pacs.url, locale=locale, viewport={"width": width, "height": height}, has_touch=phone,
            is_mobile=phone, reduced_motion="reduce",
        )  # fmt: skip
        contexts.append(context)
        answer = context.request.post("/api/session", data={"account": account, "password": PASSWORD})
        assert answer.ok, answer.status
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not errors, errors


@pytest.fixture(scope="module")
def contradicted(pacs: Filmless, tmp_path_factory: pytest.TempPathFactory) -> list[Dataset]:
    """A study, and after it: an image of its UID with another name, another patient of its ID, another description."""
    folder = tmp_path_factory.mktemp("contradictions")
    kept = instances.study(2, patient_name="PHẠM^THỊ^HỒNG", patient_id="ADMIN-1")
    send(pacs, kept, folder / "kept")
    conflict = copy.deepcopy(kept[:1])
    conflict[0].PatientName = "PHAM^THI^HOA"
    dcmtk.dcmsend(instances.save(conflict, folder / "conflict"), pacs.dicom_port)
    send(pacs, instances.study(1, patient_name="PHẠM^THỊ^HẰNG", patient_id="ADMIN-1"), folder / "other")
    described = copy.deepcopy(kept[:1])
    described[0].SOPInstanceUID = generate_uid()
    described[0].StudyDescription = "CT ngực"
    send(pacs, described, folder / "described")
    return kept


def send(pacs: Filmless, datasets: list[Dataset], folder: Path) -> None:
    """Send as a modality does."""
    paths = instances.save(datasets, folder)
    assert len(dcmtk.dcmsend(paths, pacs.dicom_port, aet=SENDER).acknowledged) == len(datasets)


@contextmanager
def store_away(pacs: Filmless) -> Iterator[None]:
    """The folder of the object store is gone, as when its disk is not mounted."""
    objects, aside = pacs.data / "objects", pacs.data / "objects-aside"
    objects.rename(aside)
    objects.write_text("not a folder")
    try:
        yield
    finally:
        objects.unlink()
        aside.rename(objects)


class TestReceipt:
    def test_it_follows_the_images_without_a_reload(self, pacs: Filmless, visit: Visit, tmp_path: Path) -> None:
        datasets = instances.study(3, patient_name="LÝ^BIÊN^NHẬN", patient_id="RECEIPT-1")
        listing = StudyListPage(visit(account=READER)).open()
        page = listing.page
        stored = page.locator('.receipt-step[data-step="stored"]')
        with store_away(pacs):
            send(pacs, datasets[:2], tmp_path / "first")
            expect(listing.row(str(datasets[0].StudyInstanceUID))).to_be_visible(timeout=WITHIN_MS)
            listing.grid.press("ArrowDown")
            for step in ("received", "durable"):
                found = page.locator(f'.receipt-step[data-step="{step}"]')
                expect(found.locator(".receipt-count")).to_have_text("2", timeout=WITHIN_MS)
                expect(found).to_have_attribute("data-state", "all")
            expect(stored).to_have_attribute("data-state", "none")
            expect(page.locator(".receipt-verdict")).to_contain_text("2 images are on their way")
            send(pacs, datasets[2:], tmp_path / "second")
            expect(page.locator(".receipt-verdict")).to_contain_text("3 images", timeout=WITHIN_MS)
        expect(stored.locator(".receipt-count")).to_have_text("3", timeout=2 * WITHIN_MS)
        expect(stored).to_have_attribute("data-state", "all")
        expect(page.locator('.receipt-step[data-step="committed"]')).to_have_attribute("data-state", "none")
        page.get_by_text("Times and senders").click()
        expect(page.locator(".receipt-times")).to_contain_text(SENDER)


class TestWhoMay:
    def test_a_reader_sees_nothing_of_it(self, visit: Visit) -> None:
        page = visit(account=READER)
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))
        StudyListPage(page).open()
        page.get_by_role("button", name="Account").click()
        expect(page.get_by_role("menuitem", name="Sign out")).to_be_visible()
        expect(page.get_by_role("menuitem", name="Administration")).to_have_count(0)
        for address in ("/admin", "/admin/quarantine", "/admin/discrepancies"):
            page.goto(address)
            expect(page.get_by_role("heading", level=1)).to_have_text("Not permitted", timeout=WITHIN_MS)
        assert not any(f"/api/{name}" in url for url in loaded for name in ("status", "quarantine", "discrepancies"))
        for name in ("status", "quarantine", "discrepancies"):
            assert page.request.get(f"/api/{name}").status == 403

    def test_an_administrator_finds_it_in_the_menu(self, visit: Visit) -> None:
        page = StudyListPage(visit()).open().page
        page.get_by_role("button", name="Account").click()
        page.get_by_role("menuitem", name="Administration").click()
        expect(AdminPage(page).heading).to_have_text("Status", timeout=WITHIN_MS)


class TestStatus:
    def test_it_says_what_is_wrong_and_that_it_is_over(self, pacs: Filmless, visit: Visit, tmp_path: Path) -> None:
        admin = AdminPage(visit()).status()
        for part in ("receiving", "disk", "queue", "object_store", "index", "process-dicom", "process-worker"):
            admin.expect_level(part, "good")
        with store_away(pacs):
            send(pacs, instances.study(2, patient_id="STATUS-1"), tmp_path / "sent")
            admin.expect_level("object_store", "bad")
            admin.expect_level("queue", "bad")
            expect(admin.part("queue")).to_contain_text("What to do: ")
            expect(admin.verdict).to_have_attribute("data-level", "bad")
        admin.expect_level("object_store", "good")
        admin.expect_level("queue", "good")

    def test_what_is_open_is_counted_and_linked(self, visit: Visit, contradicted: list[Dataset]) -> None:
        admin = AdminPage(visit()).status()
        admin.expect_level("quarantine", "attention")
        admin.part("discrepancies").get_by_role("link").click()
        expect(admin.heading).to_have_text("Discrepancies")
        admin.page.go_back()
        admin.part("quarantine").get_by_role("link").click()
        expect(admin.heading).to_have_text("Quarantine")


class TestQuarantine:
    def test_compared_downloaded_and_discarded(self, visit: Visit, contradicted: list[Dataset]) -> None:
        admin = AdminPage(visit()).quarantine()
        page = admin.page
        page.get_by_role("button", name="Same UID, other content").click()
        expect(admin.entries).to_have_count(1, timeout=WITHIN_MS)
        admin.entries.first.focus()
        page.keyboard.press("Enter")
        expect(admin.heading).to_have_text("PHAM THI HOA", timeout=WITHIN_MS)
        row = admin.differences.filter(has_text="Patient Name")
        expect(row).to_contain_text("PHẠM^THỊ^HỒNG")
        expect(row).to_contain_text("PHAM^THI^HOA")
        expect(page.get_by_text("Same pixels")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        file = pydicom.dcmread(download.value.path())
        assert (file.SOPInstanceUID, file.PatientName) == (contradicted[0].SOPInstanceUID, "PHAM^THI^HOA")
        page.get_by_role("button", name="Discard…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("Why?")).to_be_focused()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        page.get_by_role("button", name="Discard…").click()
        dialog.get_by_role("button", name="Discard").click()
        expect(dialog.get_by_role("alert")).to_have_text("Say why it is discarded.")
        dialog.get_by_label("Why?").fill("sent twice by a test")
        dialog.get_by_role("button", name="Discard").click()
        expect(page.get_by_text(f"Discarded by {ADMIN}")).to_be_visible(timeout=WITHIN_MS)
        expect(page.get_by_role("button", name="Discard…")).to_have_count(0)
        page.get_by_role("link", name="All quarantined files").click()
        expect(page.get_by_text("1 file ·")).to_be_visible(timeout=WITHIN_MS)

    def test_what_is_damaged_can_be_tried_again(self, visit: Visit) -> None:
        admin = AdminPage(visit()).quarantine()
        admin.page.get_by_role("button", name="Damaged", exact=True).click()
        admin.entries.first.click()
        expect(admin.heading).to_have_text("Patient unknown", timeout=WITHIN_MS)
        admin.page.get_by_role("button", name="Try to keep it again").click()
        expect(admin.page.get_by_role("alert")).to_contain_text("refused again", timeout=WITHIN_MS)

    def test_one_that_is_not_there_says_so(self, visit: Visit) -> None:
        page = visit(locale="vi-VN")
        page.goto("/admin/quarantine?id=4040")
        expect(page.get_by_role("heading", level=1)).to_have_text("Không còn trong mục cách ly", timeout=WITHIN_MS)


class TestDiscrepancies:
    def test_two_studies_side_by_side_are_dismissed_and_opened_again(
        self, visit: Visit, contradicted: list[Dataset]
    ) -> None:
        admin = AdminPage(visit()).discrepancies()
        page = admin.page
        patient = admin.kind("patient").locator(".disagreement")
        expect(patient.locator(".side-name")).to_have_text(["PHẠM THỊ HỒNG", "PHẠM THỊ HẰNG"], timeout=WITHIN_MS)
        expect(admin.kind("study")).to_contain_text("CT ngực")
        patient.get_by_role("button", name="Dismiss: Full name").click()
        expect(patient.locator("tr[data-discrepancy]").first).to_have_attribute("data-state", "dismissed")
        patient.get_by_role("button", name="Open again: Full name").click()
        expect(patient.locator("tr[data-discrepancy]").first).to_have_attribute("data-state", "open")
        patient.get_by_role("button", name="Dismiss: Full name").click()
        expect(patient).to_contain_text(f"Dismissed by {ADMIN}")
        page.get_by_role("button", name="Dismissed", exact=True).click()
        expect(admin.disagreements).to_have_count(1, timeout=WITHIN_MS)
        page.get_by_role("button", name="Open again: Full name").click()


@pytest.mark.parametrize("locale", ["vi-VN", "en-GB"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_every_page_is_accessible(visit: Visit, contradicted: list[Dataset], locale: str, phone: bool) -> None:
    page = visit(locale=locale, phone=phone)
    admin = AdminPage(page).status()
    expect(admin.verdict).to_be_visible()
    assert violations(page) == []
    admin.quarantine()
    admin.entries.first.wait_for(timeout=WITHIN_MS)
    assert violations(page) == []
    admin.entries.first.click()
    page.locator(".acts").wait_for(timeout=WITHIN_MS)
    assert violations(page) == []
    page.locator(".button.danger").click()
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []
    admin.discrepancies()
    admin.disagreements.first.wait_for(timeout=WITHIN_MS)
    assert violations(page) == []
    if phone:
        assert page.evaluate("document.querySelector('main').scrollWidth") <= PHONE[0]
