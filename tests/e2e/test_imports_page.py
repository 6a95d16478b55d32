"""The page of imports in Chromium: a real Orthanc is taken over while an administrator looks."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests import instances
from tests.e2e.accessibility import violations
from tests.interop.test_import_orthanc import fill
from tests.peers import orthanc
from tests.peers.filmless import PACS, Filmless
from tests.wait import HUNG_S

pytestmark = [pytest.mark.browser, pytest.mark.interop]

WITHIN_MS = 60_000
PASSWORD = "quản trị viên trực đêm"


def test_an_import_is_seen_on_its_way_called_off_and_gone_on_with(
    browser: Browser, start_pacs: Callable[..., Filmless], tmp_path: Path
) -> None:
    server = start_pacs()
    server.add_account("importing", "admin", PASSWORD)
    errors: list[str] = []
    context = browser.new_context(
        base_url=server.url, locale="vi-VN", viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    with orthanc.running(tmp_path / "orthanc") as peer:
        fill(peer, instances.study(30, rows=16, columns=16))
        try:
            assert context.request.post("/api/session", data={"account": "importing", "password": PASSWORD}).ok
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto("/admin/imports")
            expect(page.get_by_role("heading", name="Chưa nhập dữ liệu từ máy chủ nào")).to_be_visible(
                timeout=WITHIN_MS
            )
            following = subprocess.Popen(
                [PACS, "import", "orthanc", peer.url, "--follow", "--data", str(server.data)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ,
            )
            entry = page.get_by_role("listitem").filter(has_text=peer.url)
            expect(entry).to_contain_text("Đang theo dõi", timeout=WITHIN_MS)
            expect(entry).to_contain_text("30/30 ảnh")
            expect(entry).to_contain_text("1/1 ca chụp đã đối chiếu là đủ ảnh")
            assert violations(page) == []
            page.get_by_role("button", name=f"Hủy việc nhập từ {peer.url}").click()
            expect(entry).to_contain_text("Đã hủy", timeout=WITHIN_MS)
            assert following.wait(HUNG_S) == 1
            page.get_by_role("button", name="English").click()
            assert server.cli("import", "orthanc", peer.url).returncode == 0
            expect(entry).to_contain_text("Complete", timeout=WITHIN_MS)
            expect(entry).to_contain_text("30 of 30 images")
            assert errors == []
        finally:
            context.close()
