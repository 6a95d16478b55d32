"""``pacs verify`` and ``pacs rebuild-index`` as an administrator or a timer runs them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pacs.settings import Settings
from storage.access import facilities
from storage.archive import Archive
from storage.archive.status import status
from storage.archive.upload import upload_pending
from tests.storage import generated

PACS = str(Path(sys.executable).with_name("pacs"))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive with three instances in its object store."""
    made = Archive.open(Settings.model_validate({"data_dir": tmp_path, "minimum_free_bytes": 0}))
    made.index.migrate()
    facilities.get_or_create(made.index, "LOCAL")
    for number in range(3):
        generated.keep(made, generated.ct_slice(study="1.2.3", sop=f"1.2.3.{number}"))
    upload_pending(made)
    return made


def pacs(archive: Archive, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [PACS, *arguments, "--data", str(archive.settings.data_dir)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_all_is_well(archive: Archive) -> None:
    done = pacs(archive, "verify", "--rate", "100")
    assert done.returncode == 0, done.stderr
    assert "3 instances and 3 objects looked at, 3 read" in done.stdout
    assert "All is well." in done.stdout
    assert "Checking instances: 3 of 3" in done.stderr
    assert json.loads(pacs(archive, "verify", "--older-than", "1d", "--json", "-").stdout)["read"] == 0


def test_what_is_wrong_is_told_by_uid_and_key_and_by_the_exit_code(archive: Archive, tmp_path: Path) -> None:
    lost, *_ = archive.objects.keys("instances/")
    archive.objects.delete(lost.key)
    done = pacs(archive, "verify", "--quick", "--json", str(tmp_path / "report.json"))
    assert done.returncode == 2
    assert "1 instances whose object is missing" in done.stdout
    assert lost.key in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["mode"], report["unsolved"], report["findings"][0]["name"]) == ("quick", 1, lost.key)
    assert report["findings"][0]["sop_instance_uid"].startswith("1.2.3.")
    assert json.loads(pacs(archive, "status", "--json").stdout)["damaged"] == 1


def test_an_age_that_is_none_is_refused(archive: Archive) -> None:
    done = pacs(archive, "verify", "--older-than", "soon")
    assert done.returncode == 1
    assert "90m, 12h, 30d or 8w" in done.stderr


def test_the_index_is_made_anew_with_what_waits_in_the_spool(archive: Archive) -> None:
    generated.keep(archive, generated.ct_slice(study="1.2.3"))
    archive.close()
    for file in archive.settings.data_dir.glob("filmless.db*"):
        file.unlink()
    done = pacs(archive, "rebuild-index")
    assert done.returncode == 0, done.stderr
    assert "3 objects, 3 indexed, 1 from the spool." in done.stdout
    found = Archive.open(archive.settings)
    assert (status(found).studies, status(found).instances, status(found).waiting) == (1, 4, 1)
    found.close()


def test_an_index_that_holds_something_is_not_rebuilt_unasked(archive: Archive) -> None:
    done = pacs(archive, "rebuild-index")
    assert done.returncode == 1
    assert "--resume" in done.stderr
    done = pacs(archive, "rebuild-index", "--merge", "--hash")
    assert (done.returncode, done.stdout.strip()) == (0, "3 objects, 0 indexed, 3 known already.")


def test_objects_that_cannot_be_indexed_are_told(archive: Archive) -> None:
    archive.objects.put("instances/a/b/c.dcm", b"not DICOM")
    done = pacs(archive, "rebuild-index", "--merge")
    assert done.returncode == 2
    assert "instances/a/b/c.dcm: This is not a DICOM file" in done.stdout
