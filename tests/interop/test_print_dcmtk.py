"""DCMTK as a machine that prints: dcmpsprt renders the images, dcmprscu prints the film."""

import os
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from dicom_nodes.scu.store import store
from storage.archive import Archive, film_filing, retrieve
from storage.archive.retrieve import InstanceRow
from storage.index import films
from storage.index.films import Row
from tests.dicom_nodes.conftest import RunningNode, archive, node, start_node
from tests.dicom_nodes.instance_bytes import ct, write
from tests.peers import require

pytestmark = pytest.mark.interop
__all__ = ["archive", "node", "start_node"]

PRINTER = """
[[GENERAL]]
[PRINT]
Directory = spool
MinPrintResolution = 64\\64
MaxPrintResolution = 8192\\8192
[DATABASE]
Directory = database
[NETWORK]
aetitle = FILMONLY
[[COMMUNICATION]]
[PRT]
Aetitle = FILMLESS
Description = Filmless
Hostname = 127.0.0.1
Port = {port}
Type = PRINTER
Annotation = 4\\LABEL
BorderDensity = BLACK\\WHITE
DisplayFormat=2,3
EmptyImageDensity = BLACK\\WHITE
FilmDestination = PROCESSOR
FilmSizeID = 14INX17IN
MagnificationType = REPLICATE\\BILINEAR\\CUBIC\\NONE
MaxDensity = 320
MaxPDU = 32768
MediumType = CLEAR FILM
MinDensity = 20
Supports12Bit = true
SupportsDecimateCrop = true
SupportsImageSize = true
SupportsPresentationLUT = true
SupportsTrim = true
"""


def run(folder: Path, program: str, *arguments: str) -> str:
    """Run a DCMTK tool; what it said."""
    with (folder / f"{program}.log").open("wb") as log:
        done = subprocess.run(
            [require(f"/usr/bin/{program}"), "-v", "-c", "printer.cfg", "-p", "PRT", *arguments],
            stdout=log, stderr=log, check=False, timeout=60, cwd=folder, env=os.environ | {"TCP_NODELAY": "1"},
        )  # fmt: skip
    said = (folder / f"{program}.log").read_text(errors="replace")
    assert done.returncode == 0, said
    return said


def print_film(folder: Path, port: int, images: list[Path], *options: str, label: str) -> list[Dataset]:
    """Print images as one film of two columns and three rows; the bitmaps that were printed, in order."""
    for name in ("database", "spool"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "printer.cfg").write_text(PRINTER.format(port=port))
    run(folder, "dcmpsprt", "--layout", "2", "3", "--filmsize", "14INX17IN", *options, *map(str, images))
    (stored,) = (folder / "database").glob("SP_*.dcm")
    said = run(folder, "dcmprscu", "--label", label, str(stored))
    assert "Error" not in said, said
    order = {str(item.ReferencedImageSequence[0].ReferencedSOPInstanceUID): number for number, item in enumerate(
        dcmread(stored).ImageBoxContentSequence)}  # fmt: skip
    bitmaps = [dcmread(path) for path in (folder / "database").glob("HG_*.dcm")]
    return sorted(bitmaps, key=lambda bitmap: order[bitmap.SOPInstanceUID])


def films_of(archive: Archive) -> list[Row]:
    with archive.index.read() as connection:
        return films.page(connection, None, (*films.OPEN, *films.SETTLED), 50, 0)[0]


def read(archive: Archive, row: InstanceRow) -> Dataset:
    return dcmread(BytesIO(retrieve.open_instance(archive, row).read()))


def grey(data_set: Dataset) -> np.ndarray:
    """Values with white as the most."""
    values = data_set.pixel_array
    return values if data_set.PhotometricInterpretation == "MONOCHROME2" else (1 << data_set.BitsStored) - 1 - values


def test_a_film_of_two_by_three_arrives_in_the_study(
    start_node: Callable[..., RunningNode], archive: Archive, tmp_path: Path
) -> None:
    node = start_node()
    study = generate_uid()
    slices = [write(tmp_path, ct(study=study, number=number, size=512)) for number in range(1, 7)]
    assert all(sent.status == 0 for sent in store(slices[:1], node.destination, node.settings))
    bitmaps = print_film(
        tmp_path, node.port, slices, "--identity", "--trim", "--annotation", "BN 079201000001",
        label="NGUYEN VAN DUC",
    )  # fmt: skip
    assert [row["state"] for row in films_of(archive)] == ["new"]
    film_filing.work_off(archive)
    (film,) = films_of(archive)
    assert (film["state"], film["reason"], film["study_instance_uid"]) == ("filed", "patient", study)
    assert film["texts"].startswith("NGUYEN VAN DUC\n")
    assert "BN 079201000001" in film["texts"]

    kept = [read(archive, row) for row in retrieve.instances(archive, study)]
    images = [one for one in kept if one.get("SeriesDescription") == "Film images"]
    (page,) = (one for one in kept if one.get("SeriesDescription") == "Film page")
    (document,) = (one for one in kept if one.Modality == "DOC")
    assert len(kept) == 1 + 6 + 2
    for one in (*images, page, document):
        assert (one.PatientID, str(one.PatientName)) == ("079201000001", "NGUYỄN^VĂN^ĐỨC")
        assert (one.AccessionNumber, one.StudyDescription) == ("A1", "CT sọ não")
    # Pixel for pixel: what was printed, and the same on the page.
    rows, columns = bitmaps[0].Rows, bitmaps[0].Columns
    for image, bitmap in zip(images, bitmaps, strict=True):
        assert (image.BitsStored, image.PhotometricInterpretation) == (12, bitmap.PhotometricInterpretation)
        assert image.PixelData == bitmap.PixelData
    whole = grey(page)
    assert page.BitsStored == 12
    for number, image in enumerate(images):
        found = find(whole, grey(image))
        assert found is not None, number
        top, left = found
        middle = (top + rows // 2) * 3 // whole.shape[0], (left + columns // 2) * 2 // whole.shape[1]
        assert middle == divmod(number, 2)
        assert (whole[top - 1, left : left + columns] == 4095).all(), "trim"
        assert (whole[top : top + rows, left - 1] == 4095).all(), "trim"
    assert page.NominalScannedPixelSpacing[0] * page.Rows == pytest.approx(431.8)
    assert bytes(document.EncapsulatedDocument).startswith(b"%PDF-1.4")
    for one in (images[0], page, document):
        assert "Error" not in verified(tmp_path, one)


def find(whole: np.ndarray, part: np.ndarray) -> tuple[int, int] | None:
    """Where a picture stands in another, exactly."""
    corners = np.argwhere(whole[: 1 - part.shape[0] or None, : 1 - part.shape[1] or None] == part[0, 0])
    for top, left in corners:
        if (whole[top : top + part.shape[0], left : left + part.shape[1]] == part).all():
            return int(top), int(left)
    return None


def verified(folder: Path, data_set: Dataset) -> str:
    """What dicom3tools says of an object."""
    path = folder / f"{data_set.SOPInstanceUID}.dcm"
    data_set.save_as(path, enforce_file_format=True)
    done = subprocess.run([require("/usr/bin/dciodvfy"), "-new", str(path)], capture_output=True, check=False)
    return done.stderr.decode()


def test_a_film_that_says_nothing_waits_in_the_tray(node: RunningNode, archive: Archive, tmp_path: Path) -> None:
    slices = [write(tmp_path, ct(number=number, size=64)) for number in range(1, 3)]
    bitmaps = print_film(tmp_path, node.port, slices, "--img-polarity", "REVERSE", label="PHONG 2")
    assert len(bitmaps) == 2
    film_filing.work_off(archive)
    (film,) = films_of(archive)
    assert (film["state"], film["reason"], film["location"]) == ("tray", "nothing-known", "object")
    assert film["number_of_images"] == 2
