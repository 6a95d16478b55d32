"""Memory of the browser while more images go by than its cache holds: it fills, and then it is flat."""

from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from playwright.sync_api import Browser, Page

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.truth.browser import CELL, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

ACCOUNT, PASSWORD = "scroller", "two thousand four hundred"
WITHIN_MS = 60_000
FRAMES, SIZE = 2400, 256
# A machine of half a gigabyte, as the browser tells it, has the smallest cache: 96 MiB, 768 of these frames.
SMALL_MACHINE = "Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 0.5 })"
FULL_AT = 1000
# One key after another, each once the image of the last one is on screen in full quality.
SCROLL = """async ([from, to]) => {
  const cell = document.querySelector('[data-viewport="1"]');
  cell.focus();
  for (let index = from + 1; index <= to; index += 1) {
    cell.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', code: 'ArrowDown', bubbles: true }));
    while (cell.dataset.index !== String(index) || cell.dataset.quality !== 'lossless') {
      await new Promise((done) => requestAnimationFrame(done));
    }
  }
}"""


def renderer_memory(browser: Browser) -> int:
    """Bytes of the processes that hold pages (their own, not what they share with others)."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pids = [one["id"] for one in processes if one["type"] == "renderer"]
    return sum(psutil.Process(pid).memory_full_info().uss for pid in pids)


@pytest.fixture(scope="module")
def study_uid(running_pacs: Filmless, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One series of 2,400 images of 256², a gradient that moves, so that no two are the same."""
    datasets = instances.study(FRAMES, rows=8, columns=8, patient_id="MEMORY-1")
    ramp = np.add.outer(np.arange(SIZE), np.arange(SIZE))
    for at, ds in enumerate(datasets):
        ds.Rows = ds.Columns = SIZE
        ds.PixelData = ((ramp + at) % 1000).astype("<i2").tobytes()
    paths = instances.save(datasets, tmp_path_factory.mktemp("memory"))
    assert set(dcmtk.dcmsend(paths, running_pacs.dicom_port).statuses.values()) == {0}
    running_pacs.add_account(ACCOUNT, "radiologist", PASSWORD)
    return str(datasets[0].StudyInstanceUID)


@pytest.fixture(params=["lite-cpu", "reading-gpu"])
def page(request: pytest.FixtureRequest, browser: Browser, running_pacs: Filmless, study_uid: str) -> Iterator[Page]:
    tier, _, renderer = str(request.param).partition("-")
    with signed_in(browser, running_pacs.url, ACCOUNT, PASSWORD) as page:
        page.add_init_script(SMALL_MACHINE)
        page.goto(f"/viewer?StudyInstanceUIDs={study_uid}&tier={tier}&renderer={renderer}")
        page.locator(f'{CELL}[data-tier="{tier}"][data-quality="lossless"]').wait_for(timeout=WITHIN_MS)
        page.keyboard.press("Home")
        page.locator(f'{CELL}[data-index="0"][data-quality="lossless"]').wait_for(timeout=WITHIN_MS)
        yield page


def test_it_is_flat_over_2400_images(page: Page, browser: Browser) -> None:
    session = page.context.new_cdp_session(page)
    page.set_default_timeout(0)
    page.evaluate(SCROLL, [0, FULL_AT])
    session.send("HeapProfiler.collectGarbage")
    full = renderer_memory(browser)
    page.evaluate(SCROLL, [FULL_AT, FRAMES - 1])
    session.send("HeapProfiler.collectGarbage")
    assert renderer_memory(browser) < full * 1.2
