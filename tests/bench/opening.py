"""A study opened cold in the viewer and in prebuilt OHIF before the same server: ``python -m tests.bench.opening``.

Both in turns, each time in a browser profile of its own, unthrottled and through one thin link of 2 Mbit/s and 120 ms.
What is on the screen is told by the browser's own frames (screencast): *first pixels* is the first of them in
which the middle of the image is like the image at the end; *full quality* is, for OHIF, the first that equals the end,
and for ours the moment the page says so of the image (the display truth suite proves that it does not lie), but never
before first pixels. With ``--next`` it is measured how long the next study of the list takes in an open viewer, from
the key to the screen.
"""

import argparse
import base64
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.web import METHOD
from tests.peers import dcmtk, filmless, ohif
from tests.peers.thin_link import ThinLink, thin_link
from tests.truth.browser import chromium

ACCOUNT, PASSWORD = "bench", "a password of the bench"
WITHIN_MS = 600_000
# OHIF says nowhere that it has finished: the screen has not changed for so long.
QUIET_S = {"unthrottled": 2.0, "thin": 6.0}
LIKE = 0.9

WATCH = """
window.lossless = null;
new MutationObserver(() => {
  const cell = document.querySelector('[data-viewport="1"][data-quality="lossless"]');
  if (cell && window.lossless === null) window.lossless = performance.timeOrigin + performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-quality'] });
"""


@dataclass(frozen=True)
class Opened:
    """Seconds since the address was entered, and bytes that came until then."""

    first_pixels: float
    full_quality: float
    kilobytes: float


@dataclass(frozen=True)
class Shot:
    """What was on the screen from a moment on (seconds since the epoch)."""

    at: float
    picture: bytes


class Screen:
    """All frames that the browser puts on the screen of a page."""

    def __init__(self, page: Page) -> None:
        self.shots: list[Shot] = []
        self._session = page.context.new_cdp_session(page)
        self._session.on("Page.screencastFrame", self._frame)
        self._session.send("Page.startScreencast", {"format": "jpeg", "quality": 90, "everyNthFrame": 1})

    def _frame(self, event: dict[str, object]) -> None:
        metadata = event["metadata"]
        assert isinstance(metadata, dict)
        self.shots.append(Shot(float(metadata["timestamp"]), base64.b64decode(str(event["data"]))))
        self._session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    def stop(self) -> None:
        """No more frames."""
        self._session.send("Page.stopScreencast")


def middle(picture: bytes, box: tuple[float, float, float, float]) -> npt.NDArray[np.float64]:
    """The grey values of the middle of a box of the screen, without the letters at its edges."""
    x, y, width, height = box
    side = min(width, height) * 0.6
    left, top = x + (width - side) / 2, y + (height - side) / 2
    crop = Image.open(io.BytesIO(picture)).convert("L").crop((int(left), int(top), int(left + side), int(top + side)))
    return np.asarray(crop, dtype=np.float64)


def like(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> bool:
    """The same picture, sharp or not: correlated, and neither empty."""
    small = [np.asarray(Image.fromarray(image.astype(np.uint8)).resize((24, 24)), np.float64) for image in (one, other)]
    if min(image.std() for image in small) < 4:
        return False
    return float(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1]) >= LIKE


def box_of(page: Page, selector: str) -> tuple[float, float, float, float]:
    """Where an element is on the screen."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def quiet(page: Page, screen: Screen, selector: str, seconds: float) -> None:
    """Wait until a picture is there and has not changed for so long."""
    page.locator(selector).first.wait_for(timeout=WITHIN_MS)
    before: npt.NDArray[np.float64] | None = None
    since, deadline = time.monotonic(), time.monotonic() + WITHIN_MS / 1000
    while time.monotonic() < deadline:
        page.wait_for_timeout(200)
        now = middle(screen.shots[-1].picture, box_of(page, selector))
        if before is None or now.shape != before.shape or np.abs(now - before).max() > 2 or now.std() < 4:
            before, since = now, time.monotonic()
        elif time.monotonic() - since > seconds:
            return
    raise AssertionError("no picture came to rest")


def open_ours(page: Page, address: str, screen: Screen, started: float, pause: float) -> tuple[float, float]:
    """Open in Filmless; gives seconds to first pixels and to full quality."""
    selector = '[data-viewport="1"] .canvas-hosts'
    page.goto(address, timeout=WITHIN_MS, wait_until="commit")
    page.locator('[data-viewport="1"][data-quality="lossless"]').wait_for(timeout=WITHIN_MS)
    page.wait_for_timeout(500)
    screen.stop()
    box = box_of(page, selector)
    end = middle(screen.shots[-1].picture, box)
    first = next(shot.at for shot in screen.shots if shot.at > started and like(middle(shot.picture, box), end))
    lossless = page.evaluate("window.lossless") / 1000
    return first - started, max(first, lossless) - started


def open_ohif(page: Page, address: str, screen: Screen, started: float, pause: float) -> tuple[float, float]:
    """Open in OHIF; gives seconds to first pixels and to full quality."""
    selector = ".cornerstone-canvas"
    page.goto(address, timeout=WITHIN_MS, wait_until="commit")
    quiet(page, screen, selector, pause)
    screen.stop()
    box = box_of(page, selector)
    end = middle(screen.shots[-1].picture, box)
    pictures = [(shot.at, middle(shot.picture, box)) for shot in screen.shots if shot.at > started]
    first = next(at for at, picture in pictures if like(picture, end))
    other = max((at for at, picture in pictures if np.mean(np.abs(picture - end) > 2) > 0.001), default=started)
    full = next((at for at, _ in pictures if at > other), first)
    return first - started, max(first, full) - started


def opened(browser: Browser, viewer: str, link: ThinLink | None, url: str, uid: str, pause: float) -> Opened:
    """Open a study in a profile that has seen nothing before."""
    origin = link.url if link else url
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800}, locale="en-GB")
    try:
        answer = context.request.post("/api/session", data={"account": ACCOUNT, "password": PASSWORD})
        assert answer.ok, answer.status
        context.add_init_script(
            WATCH + "addEventListener('DOMContentLoaded', () => document.head.insertAdjacentHTML('beforeend',"
            " '<style>[class^=shepherd] { display: none !important }</style>'))"
        )
        page = context.new_page()
        screen = Screen(page)
        before, started = link.bytes_down if link else 0, time.time()
        opening = open_ours if viewer == "ours" else open_ohif
        first, full = opening(page, f"{origin}/viewer?StudyInstanceUIDs={uid}", screen, started, pause)
        return Opened(first, full, ((link.bytes_down if link else 0) - before) / 1000)
    finally:
        context.close()


def next_study(browser: Browser, url: str, pause: float) -> float:
    """Open the first study of the list, wait, press the key for the next; gives seconds to first pixels."""
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800}, locale="en-GB")
    try:
        assert context.request.post("/api/session", data={"account": ACCOUNT, "password": PASSWORD}).ok
        page = context.new_page()
        page.goto("/")
        page.locator("[data-study]").first.click()
        full = '[data-viewport="1"][data-tier="reading"]:is([data-quality="lossless"], [data-quality="lossy"])'
        page.locator(full).wait_for()
        page.wait_for_timeout(pause * 1000)
        before = page.url
        screen = Screen(page)
        page.wait_for_timeout(500)
        started = time.time()
        page.keyboard.press("]")
        page.wait_for_url(lambda address: address != before)
        page.locator(full).wait_for()
        page.wait_for_timeout(1000)
        screen.stop()
        box = box_of(page, '[data-viewport="1"] .canvas-hosts')
        end = middle(screen.shots[-1].picture, box)
        after = [shot for shot in screen.shots if shot.at > started]
        return next(shot.at for shot in after if like(middle(shot.picture, box), end)) - started
    finally:
        context.close()


@contextmanager
def servers(folder: Path, data: Path) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Filmless with the data in it, and OHIF before it: addresses by viewer, and studies by name."""
    with ExitStack() as stack:
        server = stack.enter_context(filmless.running(folder / "pacs", FILMLESS_LOG_LEVEL="warning"))
        server.add_account(ACCOUNT, "radiologist", PASSWORD)
        studies: dict[str, str] = {}
        for name in ("ct", "cr"):
            paths = sorted(next(path for path in sorted((data / name).iterdir()) if path.is_dir()).rglob("*.dcm"))
            assert dcmtk.dcmsend(paths, server.dicom_port).acknowledged
            studies[name] = str(pydicom.dcmread(paths[0], stop_before_pixels=True).StudyInstanceUID)
        yield {"ours": server.url, "ohif": stack.enter_context(ohif.serving(server.url))}, studies


def report(name: str, of: dict[str, list[Opened]]) -> None:
    """Print medians and ratios of one kind of study over one kind of line."""
    medians = {
        viewer: [statistics.median(getattr(one, field) for one in runs) for field in Opened.__dataclass_fields__]
        for viewer, runs in of.items()
    }
    ours, theirs = medians["ours"], medians["ohif"]
    for at, (title, field) in enumerate((("first pixels", "first_pixels"), ("full quality", "full_quality"))):
        each = {viewer: [round(float(getattr(one, field)), 2) for one in runs] for viewer, runs in of.items()}
        ratio = theirs[at] / ours[at]
        print(f"{name:15} {title}  ours {ours[at]:7.2f} s  OHIF {theirs[at]:7.2f} s  {ratio:5.1f}×  {each}", flush=True)
    if ours[2]:
        print(f"{name:15} kilobytes     ours {ours[2]:7.0f}    OHIF {theirs[2]:7.0f}", flush=True)


def measure(browser: Browser, urls: dict[str, str], studies: dict[str, str], lines: Sequence[str], rounds: int) -> None:
    """All kinds of studies over all kinds of lines, the viewers in turns."""
    for line in lines:
        with ExitStack() as stack:
            links: dict[str, ThinLink | None] = dict.fromkeys(urls)
            if line == "thin":
                links = {name: stack.enter_context(thin_link(urlsplit(url).port or 0)) for name, url in urls.items()}
            for study, uid in studies.items():
                of: dict[str, list[Opened]] = {name: [] for name in urls}
                for _ in range(rounds):
                    for name, url in urls.items():
                        of[name].append(opened(browser, name, links[name], url, uid, QUIET_S[line]))
                report(f"{study} {line}", of)


def main() -> int:
    """Run the comparison and print it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="test data (sets ct, cr); made if it is not there")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--next", action="store_true", help="the next study of the list instead")
    options.add_argument("--lines", default="unthrottled,thin")
    given = options.parse_args()
    if not (given.data / "ct").is_dir():
        script = [sys.executable, str(METHOD / "gen_data.py"), "--out", str(given.data)]
        subprocess.run([*script, "--sets", "ct,cr", "--scale", "0.2"], check=True)
    with (
        tempfile.TemporaryDirectory() as name,
        servers(Path(name), given.data) as (urls, studies),
        sync_playwright() as playwright,
    ):
        browser = chromium(playwright)
        if given.next:
            seconds = [next_study(browser, urls["ours"], 5) for _ in range(given.rounds)]
            print(f"next study: median {statistics.median(seconds):.3f} s, all {[round(one, 3) for one in seconds]}")
        else:
            measure(browser, urls, studies, given.lines.split(","), given.rounds)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
