"""The modality doctor and the machines, in Chromium on a real server that has just refused a real machine."""

import subprocess
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.accessibility import violations
from tests.peers import dcmtk
from tests.peers.filmless import Filmless

pytestmark = [pytest.mark.browser, pytest.mark.interop]

WITHIN_MS = 60_000
Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, running_pacs: Filmless) -> Iterator[Visit]:
    """Open an administrator's page: ``visit(path, locale=…)``; errors in it fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(path: str, *, locale: str = "vi-VN") -> Page:
        headers = {"Authorization": f"Bearer {running_pacs.token()}"}
        context = browser.new_context(
            base_url=running_pacs.url, locale=locale, reduced_motion="reduce", extra_http_headers=headers
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def test_a_wrong_ae_title_is_explained_in_both_languages(running_pacs: Filmless, visit: Visit) -> None:
    command = [dcmtk.program("echoscu"), "-aet", "CT_SAI", "-aec", "PACS", "127.0.0.1", str(running_pacs.dicom_port)]
    subprocess.run(command, check=False, capture_output=True, timeout=60)
    page = visit("/admin/network")
    case = page.locator(".doctor-case", has_text="Máy CT_SAI gọi sai AE title: “PACS” thay vì “FILMLESS”.")
    expect(case).to_be_visible(timeout=WITHIN_MS)
    expect(case).to_contain_text("Cách khắc phục: Trên máy CT_SAI")
    case.locator("summary").click()
    expect(case).to_contain_text("A-ASSOCIATE-RJ 1/1/7, called-AE-title-not-recognized")
    assert violations(page) == []
    page.get_by_role("button", name="English").click()
    case = page.locator(".doctor-case", has_text="CT_SAI calls a wrong AE title: “PACS” instead of “FILMLESS”.")
    case.get_by_role("button").click()
    expect(case).to_have_count(0, timeout=WITHIN_MS)


def test_a_machine_is_registered_tried_and_removed(running_pacs: Filmless, visit: Visit) -> None:
    page = visit("/admin/machines?new=TRAM1&host=127.0.0.1", locale="en-GB")
    form = page.locator(".machine-form")
    expect(form).to_be_visible(timeout=WITHIN_MS)
    assert violations(page) == []
    form.get_by_role("spinbutton", name="Port").fill(str(running_pacs.dicom_port))
    form.get_by_label("print", exact=True).uncheck()
    form.get_by_role("button", name="Save").click()
    card = page.locator('[data-machine="TRAM1"]')
    expect(card).to_contain_text("send images, search", timeout=WITHIN_MS)
    expect(card).not_to_contain_text("print")
    card.get_by_role("button", name="Echo").click()
    # It is this node itself, which has another name.
    expect(card).to_contain_text("another AE title than TRAM1", timeout=WITHIN_MS)
    assert violations(page) == []
    card.get_by_role("button", name="Change TRAM1").click()
    form.get_by_label("IP address").fill("not an address")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("Not saved", timeout=WITHIN_MS)
    form.get_by_role("button", name="Remove").click()
    form.get_by_role("button", name="Really remove TRAM1?").click()
    expect(card).to_have_count(0, timeout=WITHIN_MS)
