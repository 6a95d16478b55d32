"""A large radiograph over a thin link: a picture, then the image in part with its own window, then all of it."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pydicom.uid import ComputedRadiographyImageStorage

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.peers.thin_link import thin_link
from tests.truth.browser import CELL, signed_in

pytestmark = pytest.mark.browser

ACCOUNT, PASSWORD = "commune", "two megabits a second"
WITHIN_MS = 60_000
BLOCK, BLOCKS = 250, 8
CENTER, WIDTH = 2000, 3000
# What the cell said of its image, in order.
REMEMBER = """
window.qualities = [];
new MutationObserver(() => {
  const quality = document.querySelector('[data-viewport="1"]')?.dataset.quality;
  if (quality && quality !== window.qualities.at(-1)) window.qualities.push(quality);
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-quality'] });
"""


def radiograph(folder: Path) -> tuple[Path, str, npt.NDArray[np.float64]]:
    """Blocks of known stored values under noise, 2000 x 2000; gives the file, its study and the blocks' values."""
    levels = np.random.default_rng(3).integers(600, 3400, (BLOCKS, BLOCKS))
    noise = np.random.default_rng(4).integers(-60, 61, (BLOCK * BLOCKS, BLOCK * BLOCKS))
    (ds,) = instances.study(1, rows=BLOCK * BLOCKS, columns=BLOCK * BLOCKS, patient_id="THIN-1")
    ds.PixelData = (np.kron(levels, np.ones((BLOCK, BLOCK), int)) + noise).astype("<u2").tobytes()
    ds.SOPClassUID, ds.Modality = ComputedRadiographyImageStorage, "CR"
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = CENTER, WIDTH
    del ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.FrameOfReferenceUID, ds.RescaleType
    return instances.save([ds], folder)[0], str(ds.StudyInstanceUID), levels.astype(float)


def greys(page: Page) -> npt.NDArray[np.float64]:
    """Mean grey of the middle of each block on the screen."""
    box = page.locator(f"{CELL} .canvas-hosts").bounding_box()
    assert box is not None
    screen = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=box))).convert("L"), float)
    height, width = screen.shape
    side = min(height, width) / BLOCKS
    left, top = (width - side * BLOCKS) / 2, (height - side * BLOCKS) / 2
    found = np.zeros((BLOCKS, BLOCKS))
    for row, column in np.ndindex(BLOCKS, BLOCKS):
        y, x, half = int(top + (row + 0.5) * side), int(left + (column + 0.5) * side), int(side / 4)
        found[row, column] = screen[y - half : y + half, x - half : x + half].mean()
    return found


def expected(levels: npt.NDArray[np.float64], center: float, width: float) -> npt.NDArray[np.float64]:
    """PS3.3 C.11.2.1.2.1, of the blocks' means."""
    return np.clip((levels - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255


def test_it_sharpens_and_may_be_windowed_before_all_of_it_is_here(
    browser: Browser, running_pacs: Filmless, tmp_path: Path
) -> None:
    path, uid, levels = radiograph(tmp_path)
    assert set(dcmtk.dcmsend([path], running_pacs.dicom_port).statuses.values()) == {0}
    running_pacs.add_account(ACCOUNT, "radiologist", PASSWORD)
    with (
        thin_link(running_pacs.http_port, bits_per_second=6e6) as link,
        signed_in(browser, link.url, ACCOUNT, PASSWORD) as page,
    ):
        page.add_init_script(REMEMBER)
        page.goto(f"/viewer?StudyInstanceUIDs={uid}&tier=lite")
        page.locator(f'{CELL}[data-quality="partial"]').wait_for(timeout=WITHIN_MS)
        inner = (slice(2, 6), slice(1, 7))  # no letters lie over these
        assert np.abs(greys(page) - expected(levels, CENTER, WIDTH))[inner].max() <= 3
        page.keyboard.press("i")
        expect(page.locator(f'{CELL}[data-quality="partial"]')).to_be_visible()
        assert np.abs(255 - greys(page) - expected(levels, CENTER, WIDTH))[inner].max() <= 3
        page.locator(f'{CELL}[data-quality="lossless"]').wait_for(timeout=WITHIN_MS)
        assert np.abs(255 - greys(page) - expected(levels, CENTER, WIDTH))[inner].max() <= 2
        assert page.evaluate("window.qualities") == ["preview", "partial", "lossless"]
