"""One CT slice in every lossless transfer syntax is one picture on screen: identical pixels through the whole stack."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from playwright.sync_api import Browser
from pydicom.uid import generate_uid

from tests.peers.filmless import Filmless
from tests.truth.browser import CELL, WITHIN_MS, signed_in

pytestmark = pytest.mark.browser

PASSWORD = "one-slice-many-syntaxes"
LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"}


def _stack(folder: Path, target: Path) -> str:
    """Copies of the slice, each an instance of its own in one series; gives the study's UID."""
    study, series = generate_uid(), generate_uid()
    number = 0
    for path in sorted(folder.glob("*.dcm")):
        dataset = pydicom.dcmread(path)
        if dataset.file_meta.TransferSyntaxUID in LOSSY:
            continue
        number += 1
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber = number
        dataset.save_as(target / path.name)
    assert number >= 9
    return str(study)


@pytest.mark.parametrize("tier", ["lite", "reading"])
def test_all_transfer_syntaxes_of_one_slice_look_the_same(
    tier: str, running_pacs: Filmless, browser: Browser, dicom_files: Path, tmp_path: Path
) -> None:
    study = _stack(dicom_files / "syntaxes" / "ctimage", tmp_path)
    running_pacs.cli("import", str(tmp_path))
    running_pacs.add_account(f"syntax-{tier}", "radiologist", PASSWORD)
    with signed_in(browser, running_pacs.url, f"syntax-{tier}", PASSWORD) as page:
        page.goto(f"/viewer?StudyInstanceUIDs={study}&tier={tier}&hanging=none")
        page.add_style_tag(content=f"{CELL} > :not(.canvas-hosts) {{ visibility: hidden !important }}")
        cell = page.locator(f'{CELL}[data-state="ready"][data-tier="{tier}"]')
        cell.wait_for(timeout=WITHIN_MS)
        count = int(cell.get_attribute("data-count") or 0)
        assert count == len(list(tmp_path.glob("*.dcm")))
        cell.focus()
        page.keyboard.press("Home")
        pictures = []
        for index in range(count):
            page.locator(f'{CELL}[data-index="{index}"]:is([data-quality="lossless"],[data-quality="lossy"])').wait_for(
                timeout=WITHIN_MS
            )
            page.wait_for_timeout(200)  # from drawn to on screen
            pictures.append(np.asarray(Image.open(io.BytesIO(page.locator(f"{CELL} .canvas-hosts").screenshot()))))
            page.keyboard.press("ArrowDown")
    assert int(pictures[0].max()) > 200
    for picture in pictures[1:]:
        assert (picture == pictures[0]).all()
