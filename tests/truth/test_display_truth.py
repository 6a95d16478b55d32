"""The display truth suite: what the real viewer shows of each case, in each tier and renderer, is right (±1 of 255).

Each case is stored over STOW-RS in a real server, opened in Chromium as a user opens it, and the middle of each of its
128 blocks on the screenshot is compared with the value the standard demands.
"""

import io
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser
from pydicom.dataset import Dataset

from tests.peers.filmless import Filmless
from tests.truth.browser import Viewer, signed_in
from tests.truth.case import Case
from tests.truth.cases import block_middles, cases

pytestmark = pytest.mark.browser

ACCOUNT, PASSWORD = "truth", "mosaic-of-128-flat-blocks"
BOUNDARY = "truth-boundary"


def _part10(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _store(server: Filmless) -> None:
    """Store each data set once."""
    datasets = {case.dataset.SOPInstanceUID: case.dataset for case in cases()}
    with server.client("technologist") as client:
        for dataset in datasets.values():
            body = (
                f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
                + _part10(dataset)
                + f"\r\n--{BOUNDARY}--\r\n".encode()
            )
            answer: httpx.Response = client.post(
                "/dicom-web/studies",
                content=body,
                headers={
                    "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
                    "Accept": "application/dicom+json",
                },
            )
            assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def truth_server(running_pacs: Filmless) -> Filmless:
    """A running server that holds the truth study."""
    _store(running_pacs)
    running_pacs.add_account(ACCOUNT, "radiologist", PASSWORD)
    return running_pacs


@pytest.fixture(scope="module", params=["lite-gpu", "lite-cpu", "reading-gpu", "reading-cpu"])
def viewer(request: pytest.FixtureRequest, browser: Browser, truth_server: Filmless) -> Iterator[Viewer]:
    """The viewer with the truth study open, once for each tier and renderer."""
    tier, renderer = request.param.split("-")
    with signed_in(browser, truth_server.url, ACCOUNT, PASSWORD) as page:
        found = Viewer(page, tier)
        found.open(truth_server.url, renderer)
        yield found


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_screen_shows_what_the_standard_demands(viewer: Viewer, case: Case) -> None:
    viewer.show(case)
    assert viewer.settled(block_middles(case.expected)) <= 1, case.note
    assert viewer.errors == []
