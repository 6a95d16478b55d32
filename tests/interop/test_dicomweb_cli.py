"""The command line of dicomweb-client, a program of its own, stores, searches and retrieves (PS3.18 §10).

Not bulk data: release 0.61.2 ends there with an AttributeError before it asks; its API does it in the test beside this.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from storage.access.principal import Role
from tests import instances
from tests.pacs.message import part10
from tests.pacs.server import WebServer
from tests.peers import require

pytestmark = pytest.mark.interop

NUMBER = 3


class CommandLine:
    """``dicomweb_client`` told of one server; a request that fails ends it with an error."""

    def __init__(self, url: str, token: str) -> None:
        program = require(str(Path(sys.executable).with_name("dicomweb_client")))
        self._command = [program, "--url", url, "--bearer-token", token]

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run([*self._command, *arguments], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A running web process around an empty archive."""
    folder = tmp_path_factory.mktemp("web")
    server = WebServer(folder, f"sqlite:///{folder / 'index.db'}")
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def command(web: WebServer) -> CommandLine:
    return CommandLine(web.dicom_web, web.token(Role.RADIOLOGIST))


@pytest.fixture(scope="module")
def study(command: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> list[Dataset]:
    """A study that the program has stored from files."""
    folder = tmp_path_factory.mktemp("files")
    made = instances.study(NUMBER, patient_id="DWC-CLI")
    paths = [folder / f"{number}.dcm" for number in range(NUMBER)]
    for path, ds in zip(paths, made, strict=True):
        path.write_bytes(part10(ds))
    command("store", "instances", "--study", str(made[0].StudyInstanceUID), *map(str, paths))
    return made


def of_study(ds: Dataset) -> list[str]:
    return ["--study", str(ds.StudyInstanceUID)]


def of_series(ds: Dataset) -> list[str]:
    return [*of_study(ds), "--series", str(ds.SeriesInstanceUID)]


def of_instance(ds: Dataset) -> list[str]:
    return [*of_series(ds), "--instance", str(ds.SOPInstanceUID)]


def test_search(command: CommandLine, study: list[Dataset]) -> None:
    found = json.loads(command("search", "studies", "--filter", "PatientID=DWC-CLI", "--field", "StudyDescription"))
    assert [one["0020000D"]["Value"][0] for one in found] == [study[0].StudyInstanceUID]
    assert found[0]["00201208"]["Value"] == [NUMBER]
    found = json.loads(command("search", "studies", "--fuzzy", "--filter", "PatientName=duc nguyen"))
    assert [one["0020000D"]["Value"][0] for one in found] == [study[0].StudyInstanceUID]
    found = json.loads(command("search", "series", *of_study(study[0])))
    assert [one["0020000E"]["Value"][0] for one in found] == [study[0].SeriesInstanceUID]
    found = json.loads(command("search", "instances", *of_series(study[0]), "--limit", "2", "--offset", "1"))
    assert [one["00080018"]["Value"][0] for one in found] == [ds.SOPInstanceUID for ds in study[1:]]
    assert "(0010,0020)" in command("search", "studies", "--dicomize", "--filter", "PatientID=DWC-CLI")


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_metadata(command: CommandLine, study: list[Dataset], level: str) -> None:
    address = {"studies": of_study, "series": of_series, "instances": of_instance}[level](study[0])
    found = json.loads(command("retrieve", level, *address, "metadata"))
    rows = found if isinstance(found, list) else [found]
    expected = study[:1] if level == "instances" else study
    assert [row["00080018"]["Value"][0] for row in rows] == [ds.SOPInstanceUID for ds in expected]


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_instances(command: CommandLine, study: list[Dataset], tmp_path: Path, level: str) -> None:
    address = {"studies": of_study, "series": of_series, "instances": of_instance}[level](study[0])
    command("retrieve", level, *address, "full", "--save", "--output-dir", str(tmp_path))
    saved = {str(ds.SOPInstanceUID): ds for ds in map(pydicom.dcmread, tmp_path.iterdir())}
    expected = study[:1] if level == "instances" else study
    assert saved.keys() == {str(ds.SOPInstanceUID) for ds in expected}
    for ds in expected:
        assert saved[str(ds.SOPInstanceUID)] == ds


def test_frames(command: CommandLine, study: list[Dataset], tmp_path: Path) -> None:
    command("retrieve", "instances", *of_instance(study[1]), "frames", "--numbers", "1", "--save",
            "--output-dir", str(tmp_path))  # fmt: skip
    (path,) = tmp_path.iterdir()
    assert path.read_bytes() == study[1].PixelData
