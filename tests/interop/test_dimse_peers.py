"""Three more independent stacks: Orthanc, odil and PixelMed send to us, ask us and are moved to."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.echo import echo
from dicom_nodes.scu.move import move
from storage.access import ae
from storage.archive import Archive, retrieve
from tests.dicom_nodes.conftest import RunningNode, archive, node, start_node
from tests.dicom_nodes.instance_bytes import ct, data_set_of, write
from tests.peers import free_port, require
from tests.wait import HUNG_S

pytestmark = pytest.mark.interop
__all__ = ["archive", "node", "start_node"]


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Orthanc:
    """Orthanc with our node as its modality ``filmless``."""

    def __init__(self, folder: Path, node_port: int) -> None:
        self.dicom_port, http_port = free_port(), free_port()
        folder.mkdir()
        settings = {
            "Name": "peer",
            "StorageDirectory": str(folder),
            "IndexDirectory": str(folder),
            "DicomPort": self.dicom_port,
            "DicomAet": "ORTHANC",
            "HttpPort": http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "Plugins": [],
            "DicomAlwaysAllowStore": True,
            "DicomModalities": {"filmless": ["FILMLESS", "127.0.0.1", node_port]},
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [require("/usr/sbin/Orthanc"), str(folder / "orthanc.json")], stdout=self._log, stderr=self._log
        )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{http_port}", timeout=60)
        deadline = time.monotonic() + HUNG_S
        while True:
            try:
                self.http.get("/system")
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                break

    def post(self, path: str, body: object) -> object:
        """Ask its REST API to do something."""
        answer = self.http.post(path, content=body) if isinstance(body, bytes) else self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        self.http.close()
        self._process.terminate()
        self._process.wait(HUNG_S)
        self._log.close()


@pytest.fixture
def orthanc(node: RunningNode, archive: Archive, tmp_path: Path) -> Iterator[Orthanc]:
    peer = Orthanc(tmp_path / "orthanc", node.port)
    ae.add(archive.index, "ORTHANC", "127.0.0.1", peer.dicom_port, facility_code="LOCAL")
    yield peer
    peer.close()


def test_orthanc_echoes_sends_asks_and_is_moved_to(
    orthanc: Orthanc, node: RunningNode, archive: Archive, tmp_path: Path
) -> None:
    study = generate_uid()
    files = [write(tmp_path, ct(study=study, number=number, size=64)) for number in range(3)]
    orthanc.post("/modalities/filmless/echo", {})
    identifiers = [orthanc.post("/instances", path.read_bytes())["ID"] for path in files]  # type: ignore[index]  # JSON
    sent = orthanc.post("/modalities/filmless/store", {"Resources": identifiers, "Synchronous": True})
    assert sent["FailedInstancesCount"] == 0  # type: ignore[index]  # JSON
    kept = {row.sop_instance_uid: row for row in retrieve.instances(archive, study)}
    for path in files:
        row = kept[path.stem]
        assert retrieve.open_instance(archive, row).read(row.dataset_offset) == data_set_of(path)

    query = orthanc.post("/modalities/filmless/query", {"Level": "Study", "Query": {"PatientName": "NGUYEN*"}})
    answers = orthanc.http.get(f"{query['Path']}/answers?expand").json()  # type: ignore[index]  # JSON
    assert [answer["0020,000d"]["Value"] for answer in answers] == [study]

    for identifier in identifiers:
        orthanc.http.delete(f"/instances/{identifier}")
    moved = move(node.destination, "STUDY", {"StudyInstanceUID": study}, "ORTHANC", node.settings)
    assert (moved.completed, moved.failed) == (3, 0)
    for identifier, path in zip(identifiers, files, strict=True):
        returned = tmp_path / "returned.dcm"
        returned.write_bytes(orthanc.http.get(f"/instances/{identifier}/file").content)
        assert data_set_of(returned) == data_set_of(path)


def test_orthanc_retrieves_by_move(orthanc: Orthanc, node: RunningNode, tmp_path: Path) -> None:
    dataset = ct()
    path = write(tmp_path, dataset)
    identifier = orthanc.post("/instances", path.read_bytes())["ID"]  # type: ignore[index]  # JSON
    orthanc.post("/modalities/filmless/store", {"Resources": [identifier], "Synchronous": True})
    orthanc.http.delete(f"/instances/{identifier}")
    keys = {"StudyInstanceUID": str(dataset.StudyInstanceUID)}
    orthanc.post("/modalities/filmless/move", {"Level": "Study", "Resources": [keys], "Synchronous": True})
    assert orthanc.http.get("/instances").json() == [identifier]


def test_we_echo_orthanc(orthanc: Orthanc, node: RunningNode) -> None:
    assert echo(Destination("ORTHANC", "127.0.0.1", orthanc.dicom_port), node.settings) < 30


def test_odil_echoes_sends_asks_and_gets(node: RunningNode, archive: Archive, tmp_path: Path) -> None:
    odil = require("/usr/bin/odil")
    dataset = ct(size=64)
    path = write(tmp_path, dataset)
    address = ("127.0.0.1", str(node.port), "ODIL", "FILMLESS")
    run(odil, "echo", *address)
    run(odil, "store", *address, str(path))
    (row,) = retrieve.instances(archive, dataset.StudyInstanceUID)
    sent = dcmread(path)
    kept = retrieve.header(archive, row)
    assert (kept.PatientName, kept.StudyDescription) == (sent.PatientName, sent.StudyDescription)
    found = run(odil, "find", *address, "study", "QueryRetrieveLevel=STUDY", "PatientID=079201000001", "PatientName")
    assert "NGUY" in found
    target = tmp_path / "odil"
    target.mkdir()
    keys = ("QueryRetrieveLevel=STUDY", f"StudyInstanceUID={dataset.StudyInstanceUID}")
    run(odil, "get", "--directory", str(target), *address, "study", *keys)
    (got,) = [one for one in target.rglob("*") if one.is_file()]
    assert dcmread(got).PixelData == sent.PixelData


def test_pixelmed_sends(node: RunningNode, archive: Archive, tmp_path: Path) -> None:
    jars = ":".join(str(jar) for jar in sorted(Path("/usr/share/java").glob("*.jar")) if not jar.is_symlink())
    dataset = ct(size=64)
    path = write(tmp_path, dataset)
    run(
        *(require("java"), "-cp", f"{require('/usr/share/java/pixelmed.jar')}:{jars}"),
        "com.pixelmed.network.StorageSOPClassSCU",
        *("127.0.0.1", str(node.port), "FILMLESS", "PIXELMED", str(path), "0"),
    )
    (row,) = retrieve.instances(archive, dataset.StudyInstanceUID)
    assert retrieve.open_instance(archive, row).read(row.dataset_offset) == data_set_of(path)
