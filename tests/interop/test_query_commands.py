"""The commands of a user of other nodes, ``pacs send|find|move|get``, with Orthanc as the other node."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from typer.testing import CliRunner

from pacs.cli import app
from storage.errors import ArchiveError
from tests import instances
from tests.peers import orthanc
from tests.peers.filmless import Filmless

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def peer(running_pacs: Filmless, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An Orthanc that knows our node; its address."""
    modality = {"AET": running_pacs.aet, "Host": "127.0.0.1", "Port": running_pacs.dicom_port}
    configuration = {"DicomModalities": {"filmless": modality}, "DicomAlwaysAllowStore": True}
    configuration |= {f"DicomAlwaysAllow{service}": True for service in ("Find", "Get", "Move")}
    with orthanc.running(tmp_path_factory.mktemp("orthanc"), **configuration) as server:
        yield f"ORTHANC@127.0.0.1:{server.dicom_port}"


def pacs(server: Filmless, *arguments: str, code: int = 0) -> str:
    """Run a command in this process, beside the running tree; what it says."""
    result = CliRunner().invoke(app, [*arguments, "--data", str(server.data)])
    refused = isinstance(result.exception, ArchiveError)
    assert (1 if refused else result.exit_code) == code, result.output
    return str(result.exception) if refused else result.output


def test_a_study_is_sent_found_moved_and_fetched(running_pacs: Filmless, peer: str, tmp_path: Path) -> None:
    datasets = instances.study(3)
    study = str(datasets[0].StudyInstanceUID)
    instances.save(datasets, tmp_path / "files")
    assert "3 sent" in pacs(running_pacs, "send", str(tmp_path / "files"), peer)

    found = pacs(running_pacs, "find", peer, f"StudyInstanceUID={study}", "NumberOfStudyRelatedInstances=", "--json")
    (match,) = map(json.loads, found.splitlines())
    assert (match["0020000D"]["Value"], match["00201208"]["Value"]) == ([study], [3])
    assert "1 found" in pacs(running_pacs, "find", peer, f"StudyInstanceUID={study}")
    assert "no attribute" in pacs(running_pacs, "find", peer, "Nonsense=1", code=1)

    fetched = tmp_path / "fetched"
    assert "3 sent" in pacs(running_pacs, "get", peer, "--study", study, "--folder", str(fetched))
    for dataset in datasets:
        got = dcmread(fetched / f"{dataset.SOPInstanceUID}.dcm")
        assert (got.PatientID, got.PixelData) == (dataset.PatientID, dataset.PixelData)
    assert len(list(fetched.iterdir())) == 3

    with running_pacs.client() as client:
        query = {"StudyInstanceUID": study}
        assert client.get("/dicom-web/studies", params=query).json() == []
        series = str(datasets[0].SeriesInstanceUID)
        one = ("--series", series, "--image", str(datasets[0].SOPInstanceUID))
        assert "1 stored" in pacs(running_pacs, "get", peer, "--study", study, *one)
        assert "3 sent" in pacs(running_pacs, "move", peer, running_pacs.aet, "--study", study)
        (row,) = client.get("/dicom-web/studies", params=query).json()
        assert row["00201208"]["Value"] == [3]


def test_what_cannot_be_had_is_said(running_pacs: Filmless, peer: str) -> None:
    assert "C-MOVE with status" in pacs(running_pacs, "move", peer, "NOBODY", "--study", "1.2.3", code=1)
    assert "register it" in pacs(running_pacs, "find", "UNHEARD_OF", "PatientID=1", code=1)
    assert "--series too" in pacs(running_pacs, "get", peer, "--study", "1.2", "--image", "1.3", code=1)
