"""The film tray in Chromium: a film that DCMTK printed is seen, filed by a technologist, and in the study."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pydicom.dataset import Dataset

from tests import instances
from tests.dicom_nodes.instance_bytes import ct, write
from tests.e2e.accessibility import violations
from tests.e2e.conftest import PASSWORD
from tests.interop.test_print_dcmtk import print_film
from tests.peers.filmless import Filmless

pytestmark = [pytest.mark.browser, pytest.mark.interop]

TECHNOLOGIST = "ktv.lan"
WITHIN_MS = 60_000


def test_a_technologist_files_a_film(
    browser: Browser, reading_pacs: Filmless, send: Callable[[list[Dataset]], None], tmp_path: Path
) -> None:
    reading_pacs.add_account(TECHNOLOGIST, "technologist", PASSWORD)
    send(instances.study(1, patient_name="HOÀNG^THỊ^TRAY", patient_id="TRAY-1"))
    print_film(tmp_path, reading_pacs.dicom_port, [write(tmp_path, ct(size=64))], label="PHONG 2")
    context = browser.new_context(base_url=reading_pacs.url, locale="vi-VN", reduced_motion="reduce")
    try:
        assert context.request.post("/api/session", data={"account": TECHNOLOGIST, "password": PASSWORD}).ok
        page = context.new_page()
        page.goto("/orders")
        expect(page.get_by_role("heading", level=1)).to_have_text("Chỉ định", timeout=WITHIN_MS)
        page.get_by_role("button", name="Tài khoản").click()
        page.get_by_role("menuitem", name="Khay phim").click()
        card = page.locator(".film-card", has_text="PHONG 2").first
        expect(card).to_be_visible(timeout=WITHIN_MS)
        card.click()
        expect(page.locator(".film-doubt")).to_be_visible(timeout=WITHIN_MS)
        image = page.locator(".film-enlarge img")
        expect(image).to_have_js_property("complete", True, timeout=WITHIN_MS)
        assert violations(page) == []
        page.get_by_role("searchbox").fill("hoang tray")
        page.get_by_role("button", name="Xếp phim vào ca chụp của HOÀNG THỊ TRAY").click(timeout=WITHIN_MS)
        expect(page.locator(".tray-compare")).to_contain_text("PHONG 2")
        page.get_by_role("button", name="Xếp phim", exact=True).click()
        expect(page.locator(".tray-outcome")).to_contain_text("HOÀNG THỊ TRAY", timeout=WITHIN_MS)
        page.get_by_role("link", name="Mở ca chụp").click()
        expect(page.get_by_text("Film images")).to_be_visible(timeout=WITHIN_MS)
    finally:
        context.close()
