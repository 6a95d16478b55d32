"""The pages of forwarding rules and of the queue, in Chromium, as an administrator uses them."""

import pytest
from playwright.sync_api import Browser, expect

from tests import instances
from tests.e2e.accessibility import violations
from tests.pacs.message import store
from tests.peers import free_port
from tests.peers.filmless import Filmless

pytestmark = [pytest.mark.browser, pytest.mark.interop]

WITHIN_MS = 60_000
PASSWORD = "quản trị viên trực đêm"


def test_a_rule_is_made_in_the_form_and_what_it_owes_is_explained(browser: Browser, running_pacs: Filmless) -> None:
    running_pacs.add_account("forwarding", "admin", PASSWORD)
    running_pacs.cli("ae", "add", f"BVTW@127.0.0.1:{free_port()}")
    context = browser.new_context(
        base_url=running_pacs.url, locale="vi-VN", viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    errors: list[str] = []
    try:
        assert context.request.post("/api/session", data={"account": "forwarding", "password": PASSWORD}).ok
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/admin/routes")
        page.get_by_role("button", name="Thêm quy tắc").click(timeout=WITHIN_MS)
        form = page.get_by_role("dialog")
        form.get_by_role("button", name="Lưu").click()
        expect(form.get_by_role("alert")).to_contain_text("ít nhất một nơi nhận")
        form.get_by_label("Tên quy tắc").fill("Sọ não lên tuyến trên")
        form.get_by_label("BVTW").check()
        form.get_by_label("Loại máy, ví dụ CT, MR").fill("ct, mr")
        form.get_by_label("Từ trong mô tả ca chụp hoặc chuỗi ảnh").fill("so nao")
        assert violations(page) == []
        form.get_by_role("button", name="Lưu").click()
        rule = page.get_by_role("listitem").filter(has_text="Sọ não lên tuyến trên")
        expect(rule).to_contain_text("CT, MR · mô tả có “so nao”", timeout=WITHIN_MS)
        with running_pacs.client() as client:
            store(client, instances.study(2, patient_name="LÊ^THỊ^HOA"))
        page.goto("/admin/queue")
        entry = page.get_by_role("listitem").filter(has_text="LÊ THỊ HOA")
        expect(entry).to_contain_text("Không kết nối được tới máy nhận", timeout=WITHIN_MS)
        expect(entry).to_contain_text("đã gửi 0/2")
        assert violations(page) == []
        page.get_by_role("button", name="English").click()
        expect(entry).to_contain_text("The machine cannot be reached")
        entry.get_by_role("button", name="Cancel").click()
        expect(entry).to_contain_text("Cancelled", timeout=WITHIN_MS)
        page.goto("/admin/routes")
        rule.get_by_role("button", name="Remove").click(timeout=WITHIN_MS)
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        expect(rule).to_have_count(0, timeout=WITHIN_MS)
        assert errors == []
    finally:
        context.close()
