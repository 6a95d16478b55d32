"""Orthanc as a DICOMweb client: it sends us a study with STOW-RS, searches, and fetches it back with WADO-RS."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

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


@pytest.mark.parametrize("level", ["series", "instances"])
def test_it_searches_below_the_study(peer: httpx.Client, sent: list[Dataset], level: str) -> None:
    series = f"/studies/{sent[0].StudyInstanceUID}/series"
    uri = series if level == "series" else f"{series}/{sent[0].SeriesInstanceUID}/instances"
    answer = peer.post("/dicom-web/servers/filmless/get", json={"Uri": uri, "Arguments": {"limit": "5"}})
    assert answer.status_code == 200, answer.text
    tag, expected = ("0020000E", sent[:1]) if level == "series" else ("00080018", sent[:5])
    keyword = {"0020000E": "SeriesInstanceUID", "00080018": "SOPInstanceUID"}[tag]
    assert [row[tag]["Value"][0] for row in answer.json()] == [str(ds[keyword].value) for ds in expected]


def emptied(peer: httpx.Client) -> None:
    """Orthanc forgets all it has."""
    for study in peer.get("/studies").json():
        peer.delete(f"/studies/{study}")


def fetched(peer: httpx.Client, resource: dict[str, str]) -> dict[str, bytes]:
    """Fetch a resource of ours into an empty Orthanc; gives its files by SOP Instance UID."""
    emptied(peer)
    answer = peer.post("/dicom-web/servers/filmless/retrieve", json={"Resources": [resource], "Synchronous": True})
    assert answer.status_code == 200, answer.text
    found = {}
    for identity in peer.get("/instances").json():
        uid = peer.get(f"/instances/{identity}/tags?simplify").json()["SOPInstanceUID"]
        found[uid] = peer.get(f"/instances/{identity}/file").content
    assert int(answer.json()["ReceivedInstancesCount"]) == len(found)
    return found


@pytest.mark.parametrize(("level", "count"), [("Study", 8), ("Series", 8), ("Instance", 1)])
def test_it_fetches_back_what_it_sent_unchanged(
    peer: httpx.Client, sent: list[Dataset], level: str, count: int
) -> None:
    resource = {"Study": str(sent[0].StudyInstanceUID)}
    if level != "Study":
        resource["Series"] = str(sent[0].SeriesInstanceUID)
    if level == "Instance":
        resource["Instance"] = str(sent[0].SOPInstanceUID)
    files = fetched(peer, resource)
    assert {uid: without_meta(file) for uid, file in files.items()} == {
        str(ds.SOPInstanceUID): without_meta(part10(ds)) for ds in sent[:count]
    }


def test_a_compressed_image_keeps_its_bytes_with_us_and_its_pixels_with_it(web: WebServer, peer: httpx.Client) -> None:
    (ds,) = instances.study(1, patient_id="ORTHANC-RLE")
    pixels = ds.pixel_array.copy()
    ds.compress(RLELossless, generate_instance_uid=False)
    identity = peer.post("/instances", content=part10(ds)).json()["ID"]
    answer = peer.post("/dicom-web/servers/filmless/stow", json={"Resources": [identity], "Synchronous": True})
    assert answer.status_code == 200, answer.text
    with web.client() as client:
        kept = client.get(instances.path(ds), headers={"Accept": "application/dicom; transfer-syntax=*"})
    assert without_meta(kept.content) == without_meta(part10(ds))
    (file,) = fetched(peer, {"Study": str(ds.StudyInstanceUID)}).values()
    assert np.array_equal(pydicom.dcmread(io.BytesIO(file)).pixel_array, pixels)


def test_wrong_credentials_are_an_error_it_understands(web: WebServer, peer: httpx.Client) -> None:
    peer.put("/dicom-web/servers/stranger", json={"Url": f"{web.dicom_web}/"})
    answer = peer.post("/dicom-web/servers/stranger/get", json={"Uri": "/studies"})
    assert answer.status_code in (401, 500)
