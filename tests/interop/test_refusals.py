"""What must not get in does not: each gets a clear error in its protocol, and nothing changes."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless, generate_uid

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.wait import HUNG_S

pytestmark = pytest.mark.interop

BOUNDARY = "filmless-refusals"
BOMB_SIDE = 46341  # its square is just over 2^31


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filmless]:
    """A node that trusts nobody on loopback; only the AE DCMSEND is let in."""
    server = Filmless(tmp_path_factory.mktemp("refusals"), {"FILMLESS_TRUST_LOOPBACK": "false"})
    server.start()
    server.cli("ae", "add", "DCMSEND@127.0.0.1:11190", "--facility", "HN01")
    yield server
    server.stop()


@pytest.fixture
def unchanged(node: Filmless) -> Iterator[None]:
    """The archive holds the same before and after the test, and the spool nothing half done."""

    def holds() -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(node.cli("status", "--json").stdout)
        return {name: facts[name] for name in ("studies", "series", "instances", "bytes", "quarantined")}

    before = holds()
    yield
    assert holds() == before
    assert not [path for path in (node.data / "spool" / "incoming").iterdir() if path.stat().st_size]


def stow(node: Filmless, payload: bytes, role: str = "admin") -> httpx.Response:
    body = (f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n").encode() + payload
    with node.client(role) as client:
        return client.post(
            "/dicom-web/studies",
            content=body + f"\r\n--{BOUNDARY}--\r\n".encode(),
            headers={
                "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
                "Accept": "application/dicom+json",
            },
        )


def part10(ds: Dataset, folder: Path) -> bytes:
    return instances.save([ds], folder)[0].read_bytes()


def failure(answer: httpx.Response) -> int:
    assert answer.status_code == 409, answer.text
    # an instance whose UIDs cannot be read stands in Other Failures Sequence (PS3.18 Table I.2-2)
    failed = answer.json().get("00081198") or answer.json()["0008119A"]
    reason: int = failed["Value"][0]["00081197"]["Value"][0]
    return reason


def damaged(kind: str, folder: Path) -> bytes:
    """The bytes of a broken file."""
    ds = instances.study(1)[0]
    if kind == "not DICOM":
        return b"%PDF-1.7 this is a letter, not an image" * 20
    if kind == "truncated":
        return part10(ds, folder)[:-1000]
    if kind == "without UIDs":
        del ds.StudyInstanceUID, ds.SeriesInstanceUID
    if kind == "46341 squared":
        ds.Rows = ds.Columns = BOMB_SIDE
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
        payload = part10(ds, folder)
        # the length field of the pixel data says what the header promises, the bytes are not there
        at = payload.index(b"\xe0\x7f\x10\x00")
        return payload[: at + 8] + (BOMB_SIDE**2 & ~1).to_bytes(4, "little") + payload[at + 12 :]
    return part10(ds, folder)


@pytest.mark.parametrize("kind", ["not DICOM", "truncated", "without UIDs", "46341 squared"])
@pytest.mark.usefixtures("unchanged")
def test_stow_names_the_reason(node: Filmless, tmp_path: Path, kind: str) -> None:
    assert failure(stow(node, damaged(kind, tmp_path))) >= 0xA700


@pytest.mark.parametrize("kind", ["truncated", "without UIDs", "46341 squared"])
@pytest.mark.usefixtures("unchanged")
def test_store_names_the_reason(node: Filmless, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "broken.dcm"
    path.write_bytes(damaged(kind, tmp_path / "made"))
    address = f"FILMLESS@127.0.0.1:{node.dicom_port}"
    environment = {"FILMLESS_AET": "DCMSEND"}  # our own sender sends what DCMTK would mend or refuse itself
    sender = Filmless(node.data, environment)
    sent = sender.cli("send", str(path), address, check=False)
    assert sent.returncode == 2
    assert "status C" in sent.stdout or "status A9" in sent.stdout, sent.stdout


@pytest.mark.usefixtures("unchanged")
def test_import_names_the_reason(node: Filmless, tmp_path: Path) -> None:
    folder = tmp_path / "disc"
    folder.mkdir()
    for kind in ("not DICOM", "truncated", "without UIDs", "46341 squared"):
        (folder / f"{kind}.dcm").write_bytes(damaged(kind, tmp_path / "made"))
    report = tmp_path / "report.json"
    assert node.cli("import", str(folder), "--report", str(report), check=False).returncode == 2
    refused = {Path(row["file"]).stem: row["reason"] for row in json.loads(report.read_text())["refused"]}
    assert set(refused) == {"not DICOM", "truncated", "without UIDs", "46341 squared"}
    assert "Study Instance UID" in refused["without UIDs"]
    assert "DICM" in refused["not DICOM"]


def test_a_compressed_pixel_bomb_is_kept_but_never_unpacked(node: Filmless, tmp_path: Path) -> None:
    ds = instances.study(1)[0]
    ds.Rows = ds.Columns = BOMB_SIDE
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.file_meta.TransferSyntaxUID = RLELossless
    ds.PixelData = encapsulate([bytes(64) + b"\x81\x00" * 400])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    answer = stow(node, part10(ds, tmp_path))
    if answer.status_code == 409:
        return  # refused outright is as good
    assert answer.status_code == 200, answer.text
    with node.client() as client:
        for resource in ("rendered", "thumbnail", "frames/1"):
            refused = client.get(f"{instances.path(ds)}/{resource}")
            assert refused.status_code in {406, 413}, (resource, refused.status_code, refused.text[:200])
            assert refused.headers["content-type"] == "application/problem+json"
        assert client.get("/ready").status_code == 200


@pytest.mark.usefixtures("unchanged")
def test_a_foreign_ae_is_rejected_and_the_log_says_how_to_let_it_in(node: Filmless, tmp_path: Path) -> None:
    paths = instances.save(instances.study(1), tmp_path)
    sent = dcmtk.dcmsend(paths, node.dicom_port, aet="STRANGER")
    assert not sent.statuses
    assert "Calling AE Title Not Recognized" in sent.output
    assert any("pacs ae add STRANGER@" in line for line in node.output)
    wrong = subprocess.run(
        [dcmtk.program("echoscu"), "-aec", "OTHER", "-aet", "DCMSEND", "127.0.0.1", str(node.dicom_port)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Called AE Title Not Recognized" in wrong.stderr


@pytest.mark.usefixtures("unchanged")
def test_a_wrong_password_and_a_wrong_token_are_refused(node: Filmless) -> None:
    guess = {"account": "admin", "password": "not the right one"}
    answer = httpx.post(f"{node.url}/api/session", json=guess, timeout=HUNG_S)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert "set-cookie" not in answer.headers
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Cookie": "filmless_session=nonsense"}):
        for path in ("/api/studies", "/dicom-web/studies", "/api/events", "/dicom-web/studies/1.2.3/metadata"):
            refused = httpx.get(f"{node.url}{path}", headers=headers, timeout=HUNG_S)
            assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json"), path


def test_a_token_of_another_facility_reaches_nothing(node: Filmless, tmp_path: Path) -> None:
    datasets = instances.study(2, patient_id="FACILITY")
    assert len(dcmtk.dcmsend(instances.save(datasets, tmp_path / "a"), node.dicom_port).acknowledged) == 2
    own, path = datasets[0], instances.path(datasets[0])
    study = f"/dicom-web/studies/{own.StudyInstanceUID}"
    with node.client("radiologist", "HN01") as client:
        assert client.get("/dicom-web/studies", params={"PatientID": "FACILITY"}).json()
        assert client.get(f"{path}/rendered").status_code == 200
    with node.client("radiologist", "HCM02") as client:
        assert client.get("/dicom-web/studies", params={"PatientID": "FACILITY"}).json() == []
        assert client.get("/api/studies", params={"q": "FACILITY"}).json()["total"] == 0
        resources = [study, f"{study}/metadata", f"{path}/frames/1", f"{path}/rendered", f"{study}/thumbnail"]
        for resource in (*resources, f"/api/studies/{own.StudyInstanceUID}/manifest"):
            refused = client.get(resource)
            assert refused.status_code == 403, (resource, refused.status_code)
            assert refused.headers["content-type"] == "application/problem+json"
    other = instances.study(1, patient_id="FACILITY")[0]
    other.StudyInstanceUID, other.SOPInstanceUID = own.StudyInstanceUID, generate_uid()
    body = part10(other, tmp_path / "b")
    with node.client("admin", "HCM02") as client:
        sent = client.post(
            "/dicom-web/studies",
            content=f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
            + body
            + f"\r\n--{BOUNDARY}--\r\n".encode(),
            headers={"Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'},
        )
        assert sent.status_code in {403, 409}, sent.text
    with node.client() as client:
        assert len(client.get(f"{study}/instances").json()) == 2


def test_a_referrer_may_look_but_not_store(node: Filmless, tmp_path: Path) -> None:
    refused = stow(node, part10(instances.study(1)[0], tmp_path), role="referrer")
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
