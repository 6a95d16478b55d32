"""A prebuilt OHIF in Chromium, served from the same origin, lists, opens and shows a study without a failed request."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, FloatRect, Page, Request, Response, expect
from pydicom.dataset import Dataset

from storage.access.principal import Role
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import PASSWORD, WebServer
from tests.peers import ohif
from tests.truth.browser import signed_in
from tests.wait import HUNG_S

pytestmark = [pytest.mark.interop, pytest.mark.browser]

WITHIN_MS = 60_000
# Grey levels: the mean of noisy pixels, scaled by the browser.
NEAR = 4
NAME = "NGUYỄN^VĂN^ĐỨC"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A running web process around an empty archive."""
    folder: Path = tmp_path_factory.mktemp("web")
    server = WebServer(folder, f"sqlite:///{folder / 'index.db'}")
    try:
        server.start()
        server.account("reader", Role.RADIOLOGIST)
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def study(web: WebServer) -> list[Dataset]:
    made = instances.study(12, patient_id="OHIF-1", patient_name=NAME, rows=256, columns=256)
    with web.client() as client:
        store(client, made)
    return made


class Watcher:
    """What went wrong in a page: answers of 400 and above, requests that failed, errors in the console."""

    def __init__(self, page: Page) -> None:
        self.wrong: list[str] = []
        self.answers: list[tuple[int, str]] = []
        page.on("response", self._response)
        page.on("requestfailed", self._failed)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(f"page: {error}"))

    def _response(self, response: Response) -> None:
        self.answers.append((response.status, response.url))
        if response.status >= 400:
            self.wrong.append(f"{response.status}: {response.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page itself wants it no more
            self.wrong.append(f"{request.failure}: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrong.append(f"console: {message.text}")

    def asked(self, ending: str) -> bool:
        """Whether an address with this ending was answered."""
        return any(status == 200 and url.partition("?")[0].endswith(ending) for status, url in self.answers)


def columns(page: Page) -> npt.NDArray[np.float64]:
    """Mean grey of each column of the screen in the middle half of the image, which fills the height of its cell."""
    box = page.locator(".cornerstone-canvas").first.bounding_box()
    assert box is not None
    side, middle = box["height"], box["x"] + box["width"] / 2
    clip: FloatRect = {"x": middle - side / 2, "y": box["y"] + side / 4, "width": side, "height": side / 2}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("L")
    found: npt.NDArray[np.float64] = np.asarray(picture, dtype=np.float64).mean(axis=0)
    return found


def settled(page: Page, expected: npt.NDArray[np.float64], within_s: float = 60) -> float:
    """How far the screen is from the expected columns, once it is near or the time is over."""
    deadline = time.monotonic() + within_s
    while True:
        found = columns(page)
        at = np.linspace(0.1, 0.9, 17)
        seen = found[(at * len(found)).astype(int)]
        difference = float(np.abs(seen - expected[(at * len(expected)).astype(int)]).max())
        if difference <= NEAR or time.monotonic() > deadline:
            return difference
        time.sleep(0.2)


def test_it_lists_opens_and_shows_a_study(browser: Browser, web: WebServer, study: list[Dataset]) -> None:
    with ohif.serving(web.url) as url, signed_in(browser, url, "reader", PASSWORD) as page:
        watcher = Watcher(page)
        page.goto(url)
        row = page.get_by_text("CT sọ não")
        expect(row).to_be_visible(timeout=WITHIN_MS)
        expect(page.get_by_text("NGUYỄN, VĂN ĐỨC")).to_be_visible()
        row.dblclick()
        page.wait_for_url("**/*StudyInstanceUIDs=*", timeout=WITHIN_MS)
        # Its tour for beginners lies over the image.
        page.add_style_tag(content="[class^=shepherd] { display: none !important }")
        expect(page.locator(".cornerstone-canvas").first).to_be_visible(timeout=WITHIN_MS)
        expect(page.get_by_text("W:")).to_be_visible(timeout=WITHIN_MS)
        pixels = study[0].pixel_array.astype(float).mean(axis=0)
        assert settled(page, np.clip((pixels - 39.5) / 399 + 0.5, 0, 1) * 255) <= NEAR
        picture = page.locator("[data-cy=study-browser-thumbnail] img").first
        expect(picture).to_be_visible(timeout=WITHIN_MS)
        for ds in study:
            asked = f"/instances/{ds.SOPInstanceUID}/frames/1"
            deadline = time.monotonic() + HUNG_S
            while not watcher.asked(asked) and time.monotonic() < deadline:
                page.wait_for_timeout(100)
            assert watcher.asked(asked)
        assert watcher.asked("/metadata")
        assert watcher.asked("/thumbnail")
        assert watcher.wrong == []


def test_its_list_finds_a_name(browser: Browser, web: WebServer, study: list[Dataset]) -> None:
    """By a part of the name in small letters; with diacritics, because OHIF filters once more what it was answered."""
    with ohif.serving(web.url) as url, signed_in(browser, url, "reader", PASSWORD) as page:
        watcher = Watcher(page)
        page.goto(f"{url}/?patientName=nguyễn")
        expect(page.get_by_text("NGUYỄN, VĂN ĐỨC")).to_be_visible(timeout=WITHIN_MS)
        with page.expect_response(lambda answer: "PatientName=*tr" in answer.url) as found:
            page.locator("input").first.fill("trần")
        assert found.value.status == 200
        expect(page.get_by_text("NGUYỄN, VĂN ĐỨC")).to_have_count(0)
        assert watcher.wrong == []


def test_it_shows_the_measurements_that_are_saved_here(browser: Browser, web: WebServer, study: list[Dataset]) -> None:
    """A length and an ellipse of a report, at their places on their image, with the numbers they were saved with."""
    image = str(study[0].SOPInstanceUID)
    length = {"name": "length", "value": 43.75, "unit": "mm"}
    mean = {"name": "mean", "value": -12.5, "unit": "HU"}
    drawn = [
        drawing(image, "length", [[64, 64], [192, 64]], [length]),
        drawing(image, "ellipse", [[64, 96], [192, 160]], [mean]),
    ]
    with web.client() as client:
        body = {"id": "ohif-1", "language": "vi", "kind": "measurements", "drawings": drawn}
        answer = client.post(f"/api/studies/{study[0].StudyInstanceUID}/saved", json=body)
        assert answer.status_code == 201, answer.text
    with ohif.serving(web.url) as url, signed_in(browser, url, "reader", PASSWORD) as page:
        page.goto(f"{url}/viewer?StudyInstanceUIDs={study[0].StudyInstanceUID}")
        page.add_style_tag(content="[class^=shepherd] { display: none !important }")
        expect(page.get_by_text("W:").first).to_be_visible(timeout=WITHIN_MS)
        report = page.locator("[data-cy^=study-browser-thumbnail]").filter(has_text="Measurements")
        expect(report).to_be_visible(timeout=WITHIN_MS)
        # Until the image is on screen OHIF may still arrange its viewports, and what is opened before that is lost.
        pixels = study[0].pixel_array.astype(float).mean(axis=0)
        assert settled(page, np.clip((pixels - 39.5) / 399 + 0.5, 0, 1) * 255) <= NEAR
        layer = page.locator("svg.svg-layer")
        report.dblclick(timeout=WITHIN_MS)
        expect(layer).to_contain_text("43.75 mm", timeout=WITHIN_MS)
        expect(layer).to_contain_text("Mean: -12.50")
        ellipse, line = layer.locator("ellipse").first, layer.locator("line[stroke-dasharray='4,4']").first
        across = float(ellipse.get_attribute("rx") or 0) * 2
        ends = [float(line.get_attribute(name) or 0) for name in ("x1", "x2")]
        assert abs(abs(ends[1] - ends[0]) - across) < 1, "both are 128 pixels of the image wide"


def drawing(image: str, kind: str, points: list[list[float]], values: list[dict[str, object]]) -> dict[str, object]:
    """A drawing as the viewer saves it."""
    return {
        "id": f"{kind} of the test", "kind": kind, "sop_instance_uid": image, "frame": 1, "points": points,
        "values": values,
    }  # fmt: skip
