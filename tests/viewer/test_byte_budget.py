"""How many bytes come before the first diagnostic picture in Lite: counted by the browser, workers included."""

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.truth.browser import CELL, WITHIN_MS, signed_in

pytestmark = pytest.mark.browser

ACCOUNT, PASSWORD = "thin-reader", "every byte before the image"
# The aim is 150,000; docs/performance.md says what is in it, and what it would take.
BUDGET = 168_000
# The image itself: its frames, and the server's pictures of it.
IMAGE = ("/frames/", "/rendered", "/thumbnail")
# The stream of news never ends; of a worker's own script the browser tells no end, so the page times it.
UNTOLD = ("/api/events", "/assets/worker")

REMEMBER = """
new MutationObserver(() => {
  const cell = document.querySelector('[data-viewport="1"][data-quality="lossless"]');
  if (cell) window.lossless ??= performance.timeOrigin + performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-quality'] });
"""
# What the page or a worker times (Resource Timing): path, bytes of the body and 300 for its head, when it was asked.
TIMED = """
() => performance.getEntriesByType('resource')
  .map((one) => [new URL(one.name).pathname, one.transferSize, (performance.timeOrigin + one.startTime) / 1000])
"""


class Wire:
    """Bytes on the wire by address, header fields included, as the page loaded them."""

    def __init__(self, page: Page) -> None:
        self._of: dict[str, int] = {}
        self._sent: dict[str, tuple[float, str]] = {}
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.on("Network.requestWillBeSent", lambda event: self._heard("requestWillBeSent", event))
        self._session.on("Network.loadingFinished", lambda event: self._heard("loadingFinished", event))
        self._session.on("Network.loadingFailed", lambda event: self._heard("loadingFailed", event))
        self._session.send("Network.enable")

    def _heard(self, name: str, event: dict[str, object]) -> None:
        key = str(event.get("requestId"))
        if name == "requestWillBeSent":
            request = event["request"]
            assert isinstance(request, dict)
            self._sent[key] = (float(str(event["wallTime"])), urlsplit(str(request["url"])).path)
        elif name == "loadingFinished" and key in self._sent:
            self._of[key] = int(float(str(event["encodedDataLength"])))
        elif name == "loadingFailed":
            self._sent.pop(key, None)

    def asked_before(self, moment: float) -> Counter[str] | None:
        """Bytes by path of what was asked for before a moment (seconds since the epoch); none while some is to come."""
        asked = {key for key, (sent, path) in self._sent.items() if sent <= moment and not path.startswith(UNTOLD)}
        if not asked <= self._of.keys():
            return None
        found: Counter[str] = Counter()
        for key in asked:
            found[self._sent[key][1]] += self._of[key]
        return found


@pytest.fixture(scope="module")
def study(running_pacs: Filmless, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A CT of 40 slices in the running server; gives its UID."""
    running_pacs.add_account(ACCOUNT, "radiologist", PASSWORD)
    datasets = instances.study(40, rows=256, columns=256, patient_id="BUDGET-1")
    paths: list[Path] = instances.save(datasets, tmp_path_factory.mktemp("budget"))
    assert set(dcmtk.dcmsend(paths, running_pacs.dicom_port).statuses.values()) == {0}
    return str(datasets[0].StudyInstanceUID)


def test_lite_shows_a_diagnostic_picture_within_its_budget_of_bytes(
    browser: Browser, running_pacs: Filmless, study: str
) -> None:
    with signed_in(browser, running_pacs.url, ACCOUNT, PASSWORD) as page:
        page.add_init_script(REMEMBER)
        wire = Wire(page)
        page.goto(f"/viewer?StudyInstanceUIDs={study}&tier=lite&frames=htj2k", wait_until="commit")
        page.locator(f'{CELL}[data-quality="lossless"]').wait_for(timeout=WITHIN_MS)
        lossless = page.evaluate("window.lossless") / 1000
        while (before := wire.asked_before(lossless)) is None:
            page.wait_for_timeout(50)  # the browser tells
        # A protocol session of our own is not always told of a worker's first requests, so its own clock is asked.
        assert page.workers, "nothing was decoded in a worker"
        timed = [page.evaluate(TIMED), *(worker.evaluate(TIMED) for worker in page.workers)]
        for entries in timed:
            for path, size, asked in entries:
                if asked <= lossless and path not in before and not path.startswith("/api/events"):
                    before[path] = size
        beside = {path: count for path, count in before.items() if not any(part in path for part in IMAGE)}
        listed = "\n".join(f"{count:8} {path}" for path, count in sorted(beside.items(), key=lambda one: -one[1]))
        print(listed, sum(beside.values()), sep="\n")
        for kind in (".wasm", "/viewer", "/metadata"):
            assert any(path.endswith(kind) for path in beside), f"{kind} was not counted:\n{listed}"
        assert any("/assets/worker" in path for path in beside), f"the worker was not counted:\n{listed}"
        assert sum(beside.values()) < BUDGET, f"{sum(beside.values())} bytes before the image:\n{listed}"
