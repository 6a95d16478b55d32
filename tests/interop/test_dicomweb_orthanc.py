"""Orthanc as a DICOMweb client: it sends us a study with STOW-RS, searches, and fetches it back with WADO-RS."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydicom.dataset import Dataset

from storage.access.principal import Role
from tests import instances
from tests.pacs.message import part10, without_meta
from tests.pacs.server import WebServer
from tests.peers import orthanc

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A running web process around an empty archive."""
    folder: Path = tmp_path_factory.mktemp("web")
    server = WebServer(folder, f"sqlite:///{folder / 'index.db'}")
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def peer(web: WebServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Orthanc, which knows us as the DICOMweb server ``filmless``."""
    us = {"Url": f"{web.dicom_web}/", "HttpHeaders": {"Authorization": f"Bearer {web.token(Role.RADIOLOGIST)}"}}
    with (
        orthanc.running(
            tmp_path_factory.mktemp("orthanc"), DicomWeb={"Enable": True, "Servers": {"filmless": us}}
        ) as it,
        httpx.Client(base_url=it.url, timeout=120) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def sent(web: WebServer, peer: httpx.Client) -> list[Dataset]:
    """A study that Orthanc had and has sent us."""
    made = instances.study(8, patient_id="ORTHANC-1")
    resources = [peer.post("/instances", content=part10(ds)).json()["ID"] for ds in made]
    answer = peer.post("/dicom-web/servers/filmless/stow", json={"Resources": resources, "Synchronous": True})
    assert answer.status_code == 200, answer.text
    with web.client() as client:
        found = client.get("/dicom-web/studies", params={"PatientID": "ORTHANC-1"}).json()
    assert found[0]["00201208"]["Value"] == [8]
    return made


def test_it_finds_what_it_sent(peer: httpx.Client, sent: list[Dataset]) -> None:
    answer = peer.post(
        "/dicom-web/servers/filmless/get", json={"Uri": "/studies", "Arguments": {"PatientID": "ORTHANC-1"}}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()[0]["0020000D"]["Value"] == [sent[0].StudyInstanceUID]


def test_it_fetches_the_study_back_unchanged(peer: httpx.Client, sent: list[Dataset]) -> None:
    for study in peer.get("/studies").json():
        peer.delete(f"/studies/{study}")
    answer = peer.post(
        "/dicom-web/servers/filmless/retrieve",
        json={"Resources": [{"Study": str(sent[0].StudyInstanceUID)}], "Synchronous": True},
    )
    assert answer.status_code == 200, answer.text
    assert int(answer.json()["ReceivedInstancesCount"]) == 8
    pixels = {str(ds.SOPInstanceUID): without_meta(part10(ds)) for ds in sent}
    for identity in peer.get("/instances").json():
        uid = peer.get(f"/instances/{identity}/tags?simplify").json()["SOPInstanceUID"]
        assert without_meta(peer.get(f"/instances/{identity}/file").content) == pixels.pop(uid)
    assert not pixels


def test_wrong_credentials_are_an_error_it_understands(web: WebServer, peer: httpx.Client) -> None:
    peer.put("/dicom-web/servers/stranger", json={"Url": f"{web.dicom_web}/"})
    answer = peer.post("/dicom-web/servers/stranger/get", json={"Uri": "/studies"})
    assert answer.status_code in (401, 500)
