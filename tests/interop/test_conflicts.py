"""DCMTK brings other content under a kept UID: it is told, nothing is lost, and an administrator decides."""

import copy
import subprocess
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless

pytestmark = pytest.mark.interop


def changed(ds: Dataset, name: str) -> Dataset:
    other = copy.deepcopy(ds)
    other.PatientName = name
    return other


def test_dcmsend_is_told_and_the_administrator_has_the_file(running_pacs: Filmless, tmp_path: Path) -> None:
    (kept,) = instances.study(1, patient_id="DCMTK-1")
    assert dcmtk.dcmsend(instances.save([kept], tmp_path / "a"), running_pacs.dicom_port).acknowledged
    (path,) = instances.save([changed(kept, "TRẦN^THỊ^LÊ")], tmp_path / "b")
    for _ in range(2):
        sent = dcmtk.dcmsend([path], running_pacs.dicom_port, aet="CT7")
        assert sent.statuses == {kept.SOPInstanceUID: 0x0111}
    with running_pacs.client() as client:
        page = client.get("/api/quarantine", params={"limit": 500}).json()
        (entry,) = [one for one in page["quarantine"] if one["sop_instance_uid"] == kept.SOPInstanceUID]
        assert entry["source"] == {"kind": "dimse", "ae_title": "CT7", "address": "127.0.0.1"}
        assert entry["times_received"] == 2
        file = tmp_path / "quarantined.dcm"
        file.write_bytes(client.get(f"/api/quarantine/{entry['id']}/file").content)
        # Byte for byte what was sent.
        sent_bytes, kept_bytes = path.read_bytes(), file.read_bytes()
        assert kept_bytes.endswith(sent_bytes[sent_bytes.index(b"\x08\x00\x05\x00CS") :])
        assert dcmread(file).PatientName == "TRẦN^THỊ^LÊ"
        metadata = client.get(f"{instances.path(kept)}/metadata").json()
        assert metadata[0]["00100010"]["Value"] == [{"Alphabetic": "NGUYỄN^VĂN^ĐỨC"}]
    listed = running_pacs.cli("quarantine", "list").stdout
    assert "CT7" in listed
    shown = running_pacs.cli("quarantine", "show", str(entry["id"])).stdout
    assert "PatientName" in shown
    assert "TRẦN^THỊ^LÊ" in shown
    again = running_pacs.cli("quarantine", "retry", str(entry["id"]), check=False)
    assert again.returncode == 1
    assert "kept already" in again.stderr
    running_pacs.cli("quarantine", "discard", str(entry["id"]), "--reason", "a test")
    with running_pacs.client() as client:
        assert client.get(f"/api/quarantine/{entry['id']}").json()["note"] == "a test"


def test_storescu_reads_why(running_pacs: Filmless, tmp_path: Path) -> None:
    (kept,) = instances.study(1, patient_id="DCMTK-2")
    assert dcmtk.dcmsend(instances.save([kept], tmp_path / "a"), running_pacs.dicom_port).acknowledged
    (path,) = instances.save([changed(kept, "B")], tmp_path / "b")
    command = [
        dcmtk.program("storescu"),
        "-d",
        "-aec",
        "FILMLESS",
        "127.0.0.1",
        str(running_pacs.dicom_port),
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dcmtk.environment(), timeout=60)
    said = done.stdout + done.stderr
    assert "0x0111" in said
    assert "UID kept already with other content; put aside for administrator" in said


def test_two_senders_bring_the_same_conflict_at_once(running_pacs: Filmless, tmp_path: Path) -> None:
    datasets = instances.study(10, patient_id="DCMTK-3")
    assert len(dcmtk.dcmsend(instances.save(datasets, tmp_path / "a"), running_pacs.dicom_port).acknowledged) == 10
    paths = instances.save([changed(ds, "B") for ds in datasets], tmp_path / "b")
    senders = [dcmtk.Dcmsend(paths, running_pacs.dicom_port) for _ in range(3)]
    for sender in senders:
        assert set(sender.finish().statuses.values()) == {0x0111}
    uids = {str(ds.SOPInstanceUID) for ds in datasets}
    with running_pacs.client() as client:
        page = client.get("/api/quarantine", params={"limit": 500}).json()
        mine = [one for one in page["quarantine"] if one["sop_instance_uid"] in uids]
        assert {one["sop_instance_uid"] for one in mine} == uids
        assert len(mine) == 10
        assert {one["times_received"] for one in mine} == {3}
        found = client.get("/api/discrepancies", params={"study": str(datasets[0].StudyInstanceUID)}).json()
        assert found["total"] == 0, "what is put aside is not part of the study"


def test_a_series_that_contradicts_itself_arrives_whole(running_pacs: Filmless, tmp_path: Path) -> None:
    datasets = instances.study(6, patient_id="DCMTK-4")
    for ds in datasets[3:]:
        ds.StudyDescription = "CT ngực"
    sent = dcmtk.dcmsend(instances.save(datasets, tmp_path / "a"), running_pacs.dicom_port)
    assert set(sent.statuses.values()) == {0}
    assert len(sent.statuses) == 6
    with running_pacs.client() as client:
        found = client.get("/api/discrepancies", params={"study": str(datasets[0].StudyInstanceUID)}).json()
    (one,) = found["discrepancies"]
    assert (one["attribute"], one["kept"], one["arrived"]) == ("study_description", "CT sọ não", "CT ngực")
    assert one["number_of_instances"] == 3
    assert "CT ngực" in running_pacs.cli("discrepancies", "list", "--study", str(datasets[0].StudyInstanceUID)).stdout
