"""The orders in Chromium: made in a form, read by a machine, followed while it works, cancelled and scheduled again."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom.uid import generate_uid

from dicom_nodes.scu.association import associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.worklist import worklist
from dicom_nodes.settings import NodeSettings
from tests import instances
from tests.dicom_nodes.test_performed_step import MPPS, ended
from tests.e2e.accessibility import violations
from tests.peers import dcmtk
from tests.peers.filmless import Filmless

pytestmark = [pytest.mark.browser, pytest.mark.interop]

WITHIN_MS = 60_000
PASSWORD = "phòng chụp số ba tầng hai"
TECHNOLOGIST, REFERRER = "ktv.orders", "bs.orders"
NAME = "Đặng Thị Ngọc Yến"
CREATE = """async (body) => (await fetch('/api/orders', {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
})).status"""
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def pacs(running_pacs: Filmless) -> Filmless:
    """The running server with a technologist and a referrer."""
    running_pacs.add_account(TECHNOLOGIST, "technologist", PASSWORD)
    running_pacs.add_account(REFERRER, "referrer", PASSWORD)
    return running_pacs


@pytest.fixture
def visit(browser: Browser, pacs: Filmless) -> Iterator[Visit]:
    """Open the orders signed in; errors in the page fail the test."""
    contexts = []
    errors: list[str] = []

    def make(account: str = TECHNOLOGIST, *, locale: str = "en-GB", phone: bool = False) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
        context = browser.new_context(base_url=pacs.url, locale=locale, viewport=size, reduced_motion="reduce")  # type: ignore[arg-type]
        contexts.append(context)
        answer = context.request.post("/api/session", data={"account": account, "password": PASSWORD})
        assert answer.ok, answer.status
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/orders?show=all&q=ORDERPAGE")
        return page

    yield make
    for context in contexts:
        context.close()
    assert not errors, errors


def machine(pacs: Filmless) -> tuple[Destination, NodeSettings]:
    return Destination(pacs.aet, "127.0.0.1", pacs.dicom_port), NodeSettings.model_validate({"aet": "CT1"})


def test_from_the_form_to_the_images(pacs: Filmless, visit: Visit, tmp_path: Path) -> None:
    page = visit()
    expect(page.get_by_text("Nothing matches")).to_be_visible(timeout=WITHIN_MS)
    page.get_by_role("button", name="New order").click()
    form = page.get_by_role("dialog")
    form.get_by_role("button", name="Create the order").click()
    expect(form.get_by_text("Choose a modality.")).to_be_visible()
    form.get_by_label("Full name").fill(NAME)
    form.get_by_label("Patient ID").fill("ORDERPAGE-1")
    form.get_by_label("Birth date").fill("1990-05-06")
    form.get_by_role("button", name="Female").click()
    form.get_by_label("What is to be done").fill("CT sọ não không tiêm")
    form.get_by_role("button", name="CT", exact=True).click()
    form.get_by_label("Date", exact=True).fill(datetime.now().astimezone().strftime("%Y-%m-%d"))
    form.get_by_role("button", name="Create the order").click()
    row = page.locator(".order-table tbody tr")
    expect(row).to_have_count(1, timeout=WITHIN_MS)
    expect(row).to_contain_text(NAME)
    expect(row).to_have_attribute("data-state", "scheduled")

    destination, settings = machine(pacs)
    (item,) = worklist(destination, {"PatientID": "ORDERPAGE-1"}, {"Modality": "CT"}, settings)
    assert item.PatientName == "Đặng^Thị Ngọc Yến"
    assert item.AccessionNumber
    (step,) = item.ScheduledProcedureStepSequence
    uid = generate_uid()
    begun = ended("IN PROGRESS")
    begun.PatientName, begun.PatientID, begun.Modality = item.PatientName, item.PatientID, "CT"
    begun.PerformedProcedureStepID, begun.PerformedStationAETitle = "P1", "CT1"
    begun.PerformedProcedureStepStartDate, begun.PerformedProcedureStepStartTime = "20251122", "073500"
    item.ScheduledProcedureStepID = step.ScheduledProcedureStepID
    del item.ScheduledProcedureStepSequence
    begun.ScheduledStepAttributesSequence = [item]
    with associated(destination, [(MPPS, ["1.2.840.10008.1.2.1"])], settings) as association:
        assert association.send_n_create(begun, MPPS, uid)[0].Status == 0
        expect(row).to_have_attribute("data-state", "in-progress", timeout=WITHIN_MS)
        images = instances.study(2, patient_name="DANG^THI NGOC YEN", patient_id="ORDERPAGE-1")
        for image in images:
            image.StudyInstanceUID = item.StudyInstanceUID
        dcmtk.dcmsend(instances.save(images, tmp_path), pacs.dicom_port, aet="CT1")
        assert association.send_n_set(ended(), MPPS, uid)[0].Status == 0
    expect(row).to_have_attribute("data-state", "completed", timeout=WITHIN_MS)
    expect(page.locator(".order-detail")).to_contain_text("Done, 07:35 to 07:45")
    page.get_by_role("link", name="Open the images (2 images)").click()
    expect(page).to_have_url(f"{pacs.url}/viewer?StudyInstanceUIDs={item.StudyInstanceUID}", timeout=WITHIN_MS)


def test_cancelled_and_scheduled_again_in_vietnamese(visit: Visit) -> None:
    page = visit(locale="vi-VN")
    made = {
        "patient_name": "LÝ^HỦY", "patient_id": "ORDERPAGE-2", "requested_procedure_description": "X quang ngực",
        "steps": [{
            "modality": "DX",
            "scheduled_procedure_step_start_date": datetime.now().astimezone().strftime("%Y%m%d"),
        }],
    }  # fmt: skip
    assert page.evaluate(CREATE, made) == 201
    row = page.locator(".order-table tbody tr").filter(has_text="LÝ HỦY")
    row.click(timeout=WITHIN_MS)
    detail = page.locator(".order-detail")
    detail.get_by_role("button", name="Hủy chỉ định").click()
    page.get_by_role("dialog").get_by_role("button", name="Hủy chỉ định").click()
    expect(row).to_have_attribute("data-state", "cancelled", timeout=WITHIN_MS)
    detail.get_by_role("button", name="Xếp lịch lại").click()
    expect(row).to_have_attribute("data-state", "scheduled", timeout=WITHIN_MS)
    assert violations(page) == []
    detail.get_by_role("button", name="Sửa").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_label("Họ tên")).to_have_value("LÝ HỦY")
    assert violations(page) == []
    form.get_by_label("Khoa chỉ định").fill("Khoa Nội")
    form.get_by_role("button", name="Lưu").click()
    expect(detail).to_contain_text("Khoa Nội", timeout=WITHIN_MS)


def test_a_phone_and_somebody_who_may_not(visit: Visit) -> None:
    page = visit(phone=True)
    page.locator("main[data-ready=true]").wait_for(timeout=WITHIN_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    refused = visit(REFERRER)
    expect(refused.get_by_text("Your account may not see orders")).to_be_visible(timeout=WITHIN_MS)
