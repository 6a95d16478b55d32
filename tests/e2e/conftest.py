"""Pages in Chromium against a whole running Filmless, with people who can sign in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from pydicom.dataset import Dataset

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless

PASSWORD = "phòng đọc phim số 12"
ACCOUNT = "bs.ha"


@pytest.fixture(scope="session")
def reading_pacs(running_pacs: Filmless) -> Filmless:
    """The running server with a radiologist's account."""
    running_pacs.add_account(ACCOUNT, "radiologist", PASSWORD)
    return running_pacs


@pytest.fixture
def send(reading_pacs: Filmless, tmp_path: Path) -> Callable[[list[Dataset]], None]:
    """Send instances as a modality does."""
    sent = 0

    def one(datasets: list[Dataset]) -> None:
        nonlocal sent
        sent += 1
        paths = instances.save(datasets, tmp_path / f"sent-{sent}")
        assert len(dcmtk.dcmsend(paths, reading_pacs.dicom_port).acknowledged) == len(datasets)

    return one


@pytest.fixture
def new_page(browser: Browser, reading_pacs: Filmless) -> Iterator[Callable[..., Page]]:
    """Open pages: ``new_page(signed_in=True, locale=…, viewport=…, phone=False)``; errors in them fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(
        *, signed_in: bool = True, locale: str = "vi-VN", width: int = 1440, height: int = 900, phone: bool = False
    ) -> Page:
        context = browser.new_context(
            base_url=reading_pacs.url, locale=locale, viewport={"width": width, "height": height}, has_touch=phone,
            is_mobile=phone, reduced_motion="reduce",
        )  # fmt: skip
        contexts.append(context)
        if signed_in:
            answer = context.request.post("/api/session", data={"account": ACCOUNT, "password": PASSWORD})
            assert answer.ok, answer.status
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not errors, errors
