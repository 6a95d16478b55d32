"""The sample studies: valid, the same in every run, and showing what they say."""

import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from sample_studies.__main__ import main
from sample_studies.chest import NODULE
from sample_studies.ct_head import hounsfield
from sample_studies.generation import generate
from sample_studies.plan import PRESCRIBED
from sample_studies.real import real_files
from sample_studies.studies import all_tasks
from storage.pixels.decode import decode_frame
from storage.pixels.image import ImageFormat
from storage.pixels.render import display
from tests.peers import require
from tests.storage.pixels.frames import frame_of

pytestmark = pytest.mark.timeout(600)  # all studies are made once; a busy machine takes minutes


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """All studies, written once, by folder."""
    seen: list[tuple[int, int]] = []
    files = generate(tmp_path_factory.mktemp("samples"), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(files), len(files))
    assert [done for done, _ in seen] == list(range(1, len(files) + 1))
    studies = defaultdict(list)
    for path in files:
        studies[path.parent.name].append(path)
    return studies


def first(samples: dict[str, list[Path]], study: str) -> Dataset:
    return pydicom.dcmread(samples[study][0])


def test_studies_have_the_size_they_promise(samples: dict[str, list[Path]]) -> None:
    counts = {study: len(paths) for study, paths in samples.items()}
    assert counts == {
        "cr-chest": 1, "us-abdomen": 1, "mg": 4, "xa-chest": 1, "ct-head": 64, "ct-chest": 64, "mr-brain": 88, "ecg": 2,
        "pet-ct": 131,
    }  # fmt: skip
    assert sum(path.stat().st_size for paths in samples.values() for path in paths) < 140e6


def test_uids_are_unique_and_every_study_has_one_patient(samples: dict[str, list[Path]]) -> None:
    instances: Counter[str] = Counter()
    for paths in samples.values():
        headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
        instances.update(header.SOPInstanceUID for header in headers)
        assert len({header.StudyInstanceUID for header in headers}) == 1
        assert len({(header.PatientName, header.PatientID, header.AccessionNumber) for header in headers}) == 1
    assert max(instances.values()) == 1
    assert len(instances) == len(all_tasks())


def test_the_same_instances_come_out_again(samples: dict[str, list[Path]]) -> None:
    again = all_tasks()[2].make()
    kept = pydicom.dcmread(samples["mg"][0])
    assert again.SOPInstanceUID == kept.SOPInstanceUID
    assert again.PixelData == kept.PixelData


def test_a_second_call_keeps_what_is_there(samples: dict[str, list[Path]]) -> None:
    root = samples["mg"][0].parents[1]
    before = {path: path.stat().st_mtime_ns for paths in samples.values() for path in paths}
    assert {path: path.stat().st_mtime_ns for path in generate(root)} == before


def test_names_are_vietnamese_and_one_is_plain_ascii(samples: dict[str, list[Path]]) -> None:
    names = {study: str(first(samples, study).PatientName) for study in samples}
    assert names["ct-head"] == "NGUYỄN^VĂN^ĐỨC"
    assert names["cr-chest"] == "TRAN THI BICH NGOC"
    for study, name in names.items():
        charset = first(samples, study).SpecificCharacterSet
        assert name.isascii() or charset == "ISO_IR 192"


def test_every_image_renders_with_contrast(samples: dict[str, list[Path]]) -> None:
    for study, paths in samples.items():
        series = pydicom.dcmread(paths[0], stop_before_pixels=True).SeriesInstanceUID
        images = [path for path in paths if pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID == series]
        dataset = pydicom.dcmread(images[len(images) // 2])
        if "PixelData" not in dataset:
            continue
        fmt = ImageFormat.of(dataset, dataset.file_meta.TransferSyntaxUID)
        middle = int(dataset.get("NumberOfFrames", 1)) // 2 + 1
        shown = display(decode_frame(frame_of(dataset, fmt, middle), fmt), dataset, middle, fmt)
        assert shown.std() > 30, study
        assert np.percentile(shown, 99) > 180, study


def test_dciodvfy_finds_no_error(samples: dict[str, list[Path]]) -> None:
    verify = require("/usr/bin/dciodvfy")
    for paths in samples.values():
        for path in {*paths[:1], *paths[len(paths) // 2 :][:1], *paths[-3:]}:
            done = subprocess.run([verify, "-new", str(path)], capture_output=True, text=True, check=False)
            errors = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
            assert not errors, (path.name, errors)


def test_slices_are_evenly_spaced_and_ct_holds_hounsfield_units(samples: dict[str, list[Path]]) -> None:
    for study, spacing in (("ct-head", 2.5), ("ct-chest", 5.0)):
        headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in samples[study]]
        heights = sorted(float(header.ImagePositionPatient[2]) for header in headers)
        assert np.allclose(np.diff(heights), spacing)
        assert sorted(header.InstanceNumber for header in headers) == list(range(1, 65))
    middle = hounsfield(26)
    assert middle[0, 0] == pytest.approx(-1000, abs=40)
    assert 20 < np.median(middle[200:330, 200:330]) < 45
    assert middle.max() > 1000


def test_the_nodule_takes_up_what_its_plan_is_about(samples: dict[str, list[Path]]) -> None:
    """Becquerels become SUV by body weight (PS3.3 C.8.9.1), and segment, contours and dose lie where it is."""
    made = [pydicom.dcmread(path) for path in samples["pet-ct"]]
    pet = {round(float(ds.ImagePositionPatient[2])): ds for ds in made if ds.Modality == "PT"}
    hottest = max(pet, key=lambda height: int(pet[height].pixel_array.max()))
    assert hottest == pytest.approx(NODULE[2], abs=5)
    dataset = pet[hottest]
    drug = dataset.RadiopharmaceuticalInformationSequence[0]
    waited = int(dataset.SeriesTime[:2]) * 60 + int(dataset.SeriesTime[2:4]) - 13 * 60 - 8
    left = drug.RadionuclideTotalDose * 0.5 ** (waited * 60 / drug.RadionuclideHalfLife)
    per_gram = dataset.pixel_array.max() * float(dataset.RescaleSlope) * float(dataset.PatientWeight) * 1000 / left
    assert 8 < per_gram < 14
    by_modality = {ds.Modality: ds for ds in made}
    (gtv, _) = by_modality["RTSTRUCT"].ROIContourSequence
    points = np.array([contour.ContourData for contour in gtv.ContourSequence], float).reshape(-1, 3)
    assert np.allclose(points.mean(axis=0), NODULE, atol=2.5)
    dose = by_modality["RTDOSE"]
    assert dose.pixel_array.max() * float(dose.DoseGridScaling) == pytest.approx(PRESCRIBED, rel=0.1)
    assert by_modality["SEG"].pixel_array[: len(gtv.ContourSequence) - 1].any(axis=(1, 2)).all()


def test_ultrasound_is_a_calibrated_loop(samples: dict[str, list[Path]]) -> None:
    dataset = first(samples, "us-abdomen")
    assert dataset.NumberOfFrames >= 20
    region = dataset.SequenceOfUltrasoundRegions[0]
    assert region.PhysicalUnitsXDirection == 3
    assert region.PhysicalDeltaX == pytest.approx(0.03)
    fmt = ImageFormat.of(dataset, dataset.file_meta.TransferSyntaxUID)
    one, other = (decode_frame(frame_of(dataset, fmt, frame), fmt).astype(int) for frame in (1, 7))
    inside = (slice(region.RegionLocationMinY0, region.RegionLocationMaxY1), slice(200, 600))
    assert np.abs(one[inside] - other[inside]).mean() > 5, "it moves"
    assert np.abs(one[:20, :300] - other[:20, :300]).mean() < 1, "the screen around it does not"


def test_mammograms_are_hung_by_their_orientation(samples: dict[str, list[Path]]) -> None:
    """The chest wall, where the tissue begins, is on the side that Patient Orientation calls posterior."""
    views = set()
    for path in samples["mg"]:
        dataset = pydicom.dcmread(path)
        views.add((dataset.ImageLaterality, dataset.ViewPosition))
        fmt = ImageFormat.of(dataset, dataset.file_meta.TransferSyntaxUID)
        pixels = decode_frame(frame_of(dataset, fmt), fmt)[800:1200]
        half = fmt.columns // 2
        right_is_posterior = dataset.PatientOrientation[0] == "P"
        assert (pixels[:, half:].mean() > pixels[:, :half].mean()) == right_is_posterior
        assert right_is_posterior == (dataset.ImageLaterality == "R")
    assert views == {("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")}


@pytest.mark.filterwarnings("ignore::UserWarning")  # what pydicom thinks of its own files is not the subject
def test_real_files_are_readable_images() -> None:
    files = real_files()
    assert len(files) >= 12
    uids = set()
    for path in files:
        dataset = pydicom.dcmread(path)
        uids.add(dataset.SOPInstanceUID)
        fmt = ImageFormat.of(dataset, dataset.file_meta.TransferSyntaxUID)
        shown = display(decode_frame(frame_of(dataset, fmt), fmt), dataset, 1, fmt)
        assert shown.std() > 8, path.name
    assert len(uids) == len(files)


def test_the_command_writes_them(samples: dict[str, list[Path]], capsys: pytest.CaptureFixture[str]) -> None:
    out = samples["mg"][0].parents[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["sample_studies", str(out)])
        assert main() == 0
    assert "356 images" in capsys.readouterr().out
