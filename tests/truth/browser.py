"""The real viewer in Chromium, opened on the truth study of a running server, and what its screen shows."""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.peers import require
from tests.truth.case import Case
from tests.truth.mosaic import BLOCK, COLUMNS, ROWS, STUDY_INSTANCE_UID

PROGRAMS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--enable-unsafe-swiftshader", "--use-gl=angle", "--use-angle=swiftshader",
    "--force-color-profile=srgb",
    "--disable-gpu-compositing",  # pages are put together without the emulated GPU, which draws WebGL alone
]  # fmt: skip
CELL = '[data-viewport="1"]'
WITHIN_MS = 60_000


def chromium(playwright: Playwright) -> Browser:
    """Debian's Chromium, without a screen and without a browser's own windows: those cost more than our pages."""
    program = next((one for one in PROGRAMS if Path(one).exists()), PROGRAMS[0])
    return playwright.chromium.launch(executable_path=require(program), headless=True, args=FLAGS)


class Viewer:
    """One page with the truth study open, in one tier and on one renderer."""

    def __init__(self, page: Page, tier: str) -> None:
        self.page = page
        self.tier = tier
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str, renderer: str) -> None:
        """Open the study and wait until the wanted tier draws."""
        # Each tier proves both ways that pixels come: compressed, and as they are.
        frames = "htj2k" if renderer == "gpu" else "raw"
        wanted = f"tier={self.tier}&renderer={renderer}&frames={frames}&hanging=none"
        self.page.goto(f"{url}/viewer?StudyInstanceUIDs={STUDY_INSTANCE_UID}&{wanted}")
        # Letters and scale lie over the image; the pixels under them are what is compared.
        self.page.add_style_tag(
            content=f"{CELL} > :not(.canvas-hosts) {{ visibility: hidden !important }}"
            f"{CELL} {{ outline: none !important }}"
        )
        expect(self.page.locator(f'{CELL}[data-tier="{self.tier}"]')).to_be_visible(timeout=WITHIN_MS)

    def show(self, case: Case) -> None:
        """Choose the series of a case in the strip and scroll to its frame; wait for full quality."""
        button = self.page.locator(f'[data-series="{case.dataset.SeriesInstanceUID}#0"]')
        button.click(timeout=WITHIN_MS)
        expect(button).to_have_attribute("aria-pressed", "true", timeout=WITHIN_MS)
        ready = f'{CELL}[data-state="ready"]'
        expect(self.page.locator(ready)).to_be_visible(timeout=WITHIN_MS)
        if case.dataset.get("NumberOfFrames", 1) > 1:
            self.page.locator(CELL).focus()
            self.page.keyboard.press("Home")
            for index in range(1, case.frame):
                self.page.locator(f'{CELL}[data-index="{index - 1}"]').wait_for(timeout=WITHIN_MS)
                self.page.keyboard.press("ArrowDown")
        done = f'{ready}[data-quality="lossless"][data-index="{case.frame - 1}"][data-tier="{self.tier}"]'
        self.page.locator(done).wait_for(timeout=WITHIN_MS)

    def block_middles(self) -> npt.NDArray[np.uint8]:
        """What is on screen in the middle of each block: 8 x 16 x RGB, of the image fitted into its cell."""
        host = self.page.locator(f"{CELL} .canvas-hosts")
        box = host.bounding_box()
        assert box is not None
        screen = np.asarray(Image.open(io.BytesIO(self.page.screenshot(clip=box))).convert("RGB"))
        height, width = screen.shape[:2]
        scale = min(width / COLUMNS, height / ROWS)
        left, top = (width - COLUMNS * scale) / 2, (height - ROWS * scale) / 2
        x = (left + scale * (np.arange(COLUMNS // BLOCK) * BLOCK + BLOCK / 2)).astype(int)
        y = (top + scale * (np.arange(ROWS // BLOCK) * BLOCK + BLOCK / 2)).astype(int)
        return np.asarray(screen[np.ix_(y, x)], dtype=np.uint8)

    def settled(self, expected: npt.NDArray[np.uint8], within_s: float = 3) -> int:
        """The largest difference from the expected middles, once it is no more than 1 or the time is over.

        The page says that a frame is drawn one animation frame before the compositor has it on screen.
        """
        wanted = expected if expected.ndim == 3 else expected[..., np.newaxis]
        deadline = time.monotonic() + within_s
        while True:
            difference = int(np.abs(self.block_middles().astype(int) - wanted.astype(int)).max())
            if difference <= 1 or time.monotonic() > deadline:
                return difference
            time.sleep(0.1)


@contextmanager
def signed_in(browser: Browser, url: str, account: str, password: str) -> Iterator[Page]:
    """A page of its own session, signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=url, reduced_motion="reduce")
    answer = context.request.post("/api/session", data={"account": account, "password": password})
    assert answer.ok, answer.status
    try:
        yield context.new_page()
    finally:
        context.close()
