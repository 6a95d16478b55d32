"""How long after the acknowledgement of its first instance a study is on the screen: ``python -m tests.bench.arrival``.

The sender's closing and the driver's own delays are within.
"""

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests import instances
from tests.peers import dcmtk, filmless
from tests.truth.browser import chromium, signed_in

ROUNDS = 10


def round_trip(page: Page, port: int, folder: Path) -> tuple[float, float]:
    """Send one study; gives seconds from acknowledgement to screen, and from click to full quality."""
    datasets = instances.study(1, rows=512, columns=512)
    uid = str(datasets[0].StudyInstanceUID)
    page.goto("/")
    page.locator("[data-total]").wait_for()
    page.wait_for_timeout(300)
    assert dcmtk.dcmsend(instances.save(datasets, folder), port).acknowledged
    acknowledged_at = time.time()
    row = page.locator(f'[data-study="{uid}"]')
    row.wait_for()
    listed = time.time() - acknowledged_at
    clicked_at = time.time()
    row.click()
    page.locator('[data-viewport="1"][data-quality="lossless"]').wait_for()
    return listed, time.time() - clicked_at


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as name, filmless.running(Path(name) / "pacs") as server:
        server.add_account("bench", "radiologist", "a password of the bench")
        with sync_playwright() as playwright:
            browser = chromium(playwright)
            with signed_in(browser, server.url, "bench", "a password of the bench") as page:
                rounds = [round_trip(page, server.dicom_port, Path(name) / str(n)) for n in range(ROUNDS)]
            browser.close()
    for title, values in zip(("acknowledged → listed", "click → full quality"), zip(*rounds, strict=True), strict=True):
        print(f"{title}: median {statistics.median(values):.2f} s, worst {max(values):.2f} s of {ROUNDS}")


if __name__ == "__main__":
    main()
