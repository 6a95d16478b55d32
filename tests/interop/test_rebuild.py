"""The database is lost: the index made anew of the bucket alone answers every question as before, over the web too."""

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest

from storage.access import facilities
from storage.access.principal import SYSTEM, Role
from storage.archive import Archive
from storage.archive.ingest import Source, ingest
from storage.archive.upload import upload_pending
from storage.errors import ArchiveError
from storage.settings import StorageSettings
from tests.pacs.server import WebServer
from tests.peers import shared_dicom
from tests.storage import generated
from tests.storage.answers import answers
from tests.storage.archive.test_rebuild import contradicting, keep

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

PACS = str(Path(sys.executable).with_name("pacs"))
BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"
CODES = ("01001", "79001")
PAGES = (
    "studies",
    "studies?includefield=all",
    "studies?limit=3&offset=2",
    "studies?PatientName=*nguyen*&fuzzymatching=true",
    "studies?ModalitiesInStudy=CT&includefield=00081030",
    "series?includefield=all",
    "series?Modality=MR",
    "instances?includefield=all",
    "instances?NumberOfFrames=8",
)


@dataclass(frozen=True)
class Place:
    """Where an archive lives; ``lose`` gives the environment of the same bucket with everything else gone."""

    folder: Path
    environment: dict[str, str]
    fresh_database: str
    every: int  # of how many real files one is kept

    def settings(self) -> StorageSettings:
        names = {name.removeprefix("FILMLESS_").lower(): value for name, value in self.environment.items()}
        return StorageSettings.model_validate({"data_dir": self.folder / "data", "minimum_free_bytes": 0, **names})

    def lose(self) -> None:
        """The machine burns down; the objects are elsewhere."""
        shutil.rmtree(self.folder / "data")
        self.environment["FILMLESS_DATABASE_URL"] = self.fresh_database

    def pacs(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        """Run a command with its report as JSON."""
        done = subprocess.run(
            [PACS, *arguments, "--json", "-", "--data", str(self.folder / "data")],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report


@pytest.fixture(params=["sqlite and a folder", "postgresql and s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An archive of either kind, whose objects are outside its data folder."""
    if request.param.startswith("sqlite"):
        every, names = 5, [f"sqlite:///{tmp_path / name}.db" for name in ("first", "second")]
        store = {"object_store": str(tmp_path / "objects")}
    else:
        every, names = 9, [request.getfixturevalue("postgres").database() for _ in range(2)]
        seaweed = request.getfixturevalue("seaweed")
        store = seaweed.settings(seaweed.bucket())
    environment = {f"FILMLESS_{name.upper()}": value for name, value in store.items()}
    return Place(tmp_path, {**environment, "FILMLESS_DATABASE_URL": names[0]}, names[1], every)


def fill(archive: Archive, every: int) -> int:
    """Keep what there is of real files and some that contradict each other, in any order, for two facilities."""
    chance = random.Random(11)
    shared = shared_dicom()
    files = [path for folder in (BUNDLED, shared) if folder is not None for path in sorted(folder.rglob("*.dcm"))]
    work: list[Any] = [*files[::every], *contradicting()]
    chance.shuffle(work)
    kept = 0
    for each in work:
        if isinstance(each, tuple):
            keep(archive, *each)
            kept += 1
        else:
            kept += receive(archive, each, chance.choice(CODES))
        if chance.random() < 0.2:
            upload_pending(archive, 7)
    while upload_pending(archive):
        pass
    return kept


def receive(archive: Archive, path: Path, code: str) -> int:
    try:
        data, transfer_syntax_uid = generated.dataset_of_file(path)
        spooled = generated.spool(archive.spool, data, transfer_syntax_uid=transfer_syntax_uid, sop_class_uid="")
        facility_id = facilities.get_or_create(archive.index, code).id
        source = Source("import", f"AE_{code}", "127.0.0.1", facility_id, path.name)
        return int(not ingest(archive, spooled, source, SYSTEM).duplicate)
    except ArchiveError:
        return 0  # some of them are broken on purpose


def pages(place: Place, port: int) -> tuple[dict[str, bytes], int]:
    """What the web answers, byte for byte."""
    server = WebServer(place.folder, place.environment["FILMLESS_DATABASE_URL"], place.environment)
    server.port = port or server.port
    try:
        server.start()
        with server.client(Role.ADMIN) as client:
            found = {page: client.get(f"/dicom-web/{page}").raise_for_status().content for page in PAGES}
            for study in json.loads(found["studies"]):
                page = f"studies/{study['0020000D']['Value'][0]}/metadata"
                found[page] = client.get(f"/dicom-web/{page}").raise_for_status().content
            return found, server.port
    finally:
        server.close()


def test_nobody_notices_that_the_database_was_lost(place: Place) -> None:
    archive = Archive.open(place.settings())
    archive.index.migrate()
    kept = fill(archive, place.every)
    assert kept > 150 // place.every
    before = answers(archive)
    archive.close()
    web, port = pages(place, 0)
    assert place.pacs("verify")["unsolved"] == 0

    place.lose()
    report = place.pacs("rebuild-index")
    assert (report["objects"], report["added"], report["refused"]) == (kept, kept, [])
    assert place.pacs("verify", "--quick")["unsolved"] == 0

    archive = Archive.open(place.settings())
    after = answers(archive)
    archive.close()
    assert before.keys() == after.keys()
    assert [question for question, answer in before.items() if after[question] != answer] == []
    assert pages(place, port)[0] == web
