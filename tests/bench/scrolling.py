"""A thousand slices scrolled by a key held down, drawn by the processor alone: ``python -m tests.bench.scrolling``.

The page itself presses the key thirty times a second and looks, at every frame that the browser draws, which image is
on the screen, in which quality, and whether there is one.
"""

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests import instances
from tests.peers import dcmtk, filmless
from tests.truth.browser import CELL, chromium, signed_in

ACCOUNT, PASSWORD = "bench", "a password of the bench"
SLICES, SIZE, PER_SECOND = 1000, 512, 30

HOLD_KEY = """([last, perSecond]) => new Promise((done) => {
  const cell = document.querySelector('[data-viewport="1"]');
  const canvases = cell.querySelector('.canvas-hosts');
  const seen = new Set();
  const started = performance.now();
  let [pressed, frames, blank, preview, lag] = [0, 0, 0, 0, 0];
  cell.focus();
  const look = () => {
    const due = Math.min(Math.floor((performance.now() - started) * perSecond / 1000), last);
    for (; pressed < due; pressed += 1) {
      cell.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', code: 'ArrowDown', bubbles: true }));
    }
    const index = Number(cell.dataset.index);
    frames += 1;
    seen.add(index);
    if (cell.dataset.state !== 'ready' || canvases.dataset.hidden === 'true') blank += 1;
    if (cell.dataset.quality !== 'lossless') preview += 1;
    lag = Math.max(lag, pressed - index);
    if (index < last && performance.now() - started < 300_000) requestAnimationFrame(look);
    else done({ seconds: (performance.now() - started) / 1000, shown: seen.size, frames, blank, preview, lag });
  };
  requestAnimationFrame(look);
})"""


@dataclass(frozen=True)
class Scrolled:
    """What was seen while the key was held down."""

    seconds: float
    shown: int
    frames: int
    blank: int
    preview: int
    lag: int


def scroll(page: Page, uid: str, tier: str, renderer: str) -> Scrolled:
    """Open the series at its first slice and hold the key down until the last."""
    page.goto(f"/viewer?StudyInstanceUIDs={uid}&tier={tier}&renderer={renderer}")
    page.locator(f'{CELL}[data-tier="{tier}"][data-quality="lossless"]').wait_for()
    page.keyboard.press("Home")
    page.locator(f'{CELL}[data-index="0"][data-quality="lossless"]').wait_for()
    page.wait_for_timeout(1000)
    page.set_default_timeout(0)
    return Scrolled(**page.evaluate(HOLD_KEY, [SLICES - 1, PER_SECOND]))


def main() -> None:
    """Print one line a way of drawing."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--ways", default="reading:cpu,lite:cpu,reading:gpu,lite:gpu")
    options.add_argument("--rounds", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name, filmless.running(Path(name) / "pacs") as server:
        server.add_account(ACCOUNT, "radiologist", PASSWORD)
        datasets = instances.study(SLICES, rows=SIZE, columns=SIZE)
        paths = instances.save(datasets, Path(name) / "sent")
        assert len(dcmtk.dcmsend(paths, server.dicom_port).acknowledged) == SLICES
        uid = str(datasets[0].StudyInstanceUID)
        with sync_playwright() as playwright:
            browser = chromium(playwright)
            for way in given.ways.split(","):
                tier, renderer = way.split(":")
                rounds = []
                for _ in range(given.rounds):
                    with signed_in(browser, server.url, ACCOUNT, PASSWORD) as page:
                        rounds.append(scroll(page, uid, tier, renderer))
                seconds = statistics.median(one.seconds for one in rounds)
                print(f"{way:12} {SLICES / seconds:5.1f} images a second; {rounds}", flush=True)
            browser.close()


if __name__ == "__main__":
    main()
