"""Our own question to a worklist: DCMTK's wlmscpfs answers it, and a node of ours; the command prints what they say."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from typer.testing import CliRunner

from dicom_nodes.scu.association import AssociationFailed
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.worklist import worklist
from dicom_nodes.settings import NodeSettings
from pacs.cli import app
from pacs.cli.options import console
from tests.dicom_nodes.conftest import RunningNode, archive, node, start_node
from tests.dicom_nodes.orders import make_orders
from tests.peers import free_port, require
from tests.wait import HUNG_S

pytestmark = pytest.mark.interop
__all__ = ["archive", "node", "start_node"]
SETTINGS = NodeSettings.model_validate({})


@pytest.fixture
def wlmscpfs(tmp_path: Path) -> Iterator[Destination]:
    """DCMTK's worklist with one item."""
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = "MR", "MR1"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20251122", "090000"
    step.ScheduledProcedureStepID, step.ScheduledPerformingPhysicianName = "S1", "KTV"
    step.ScheduledProcedureStepDescription = "MR knee"
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 192"
    item.PatientName, item.PatientID, item.PatientSex = "LÊ^HOÀNG^ANH", "079201000003", "M"
    item.PatientBirthDate, item.AccessionNumber, item.StudyInstanceUID = "19991109", "A003", "1.2.3.4"
    item.RequestedProcedureID, item.RequestedProcedureDescription = "RP03", "MR knee"
    item.ScheduledProcedureStepSequence = [step]
    item.file_meta = FileMetaDataset()
    item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    item.file_meta.MediaStorageSOPClassUID = UID("1.2.276.0.7230010.3.1.0.1")
    item.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.5")
    folder = tmp_path / "worklists" / "RIS"
    folder.mkdir(parents=True)
    (folder / "lockfile").touch()
    dcmwrite(folder / "one.wl", item, enforce_file_format=True)
    port = free_port()
    with (tmp_path / "wlmscpfs.log").open("wb") as log:
        process = subprocess.Popen(
            [require("/usr/bin/wlmscpfs"), "-v", "-csk", "-dfp", str(folder.parent), str(port)], stdout=log, stderr=log
        )
    destination = Destination("RIS", "127.0.0.1", port)
    deadline = time.monotonic() + HUNG_S
    while True:
        try:
            list(worklist(destination, {"PatientID": "nobody"}, {}, SETTINGS))
            break
        except AssociationFailed:
            assert time.monotonic() < deadline, (tmp_path / "wlmscpfs.log").read_text()
            time.sleep(0.1)
    yield destination
    process.terminate()
    process.wait(HUNG_S)


def test_wlmscpfs_is_asked(wlmscpfs: Destination) -> None:
    assert not list(worklist(wlmscpfs, {}, {"Modality": "CT"}, SETTINGS))
    (item,) = worklist(
        wlmscpfs, {"PatientID": "079201000003"}, {"ScheduledProcedureStepStartDate": "20251122"}, SETTINGS
    )
    assert item.PatientName == "LÊ^HOÀNG^ANH"
    assert item.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "MR1"


def test_a_node_of_ours_is_asked(node: RunningNode) -> None:
    make_orders(node.archive)
    found = list(worklist(node.destination, {"PatientName": "Nguyễn*"}, {"Modality": "CT"}, node.settings))
    assert [item.AccessionNumber for item in found] == ["A001", "A005"]
    assert found[0].PatientName == "NGUYỄN^VĂN^ĐỨC"
    assert found[0].ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus == "SCHEDULED"


def test_the_command(node: RunningNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "width", 200)
    make_orders(node.archive)
    command = ["worklist", str(node.destination), "--data", str(tmp_path / "own"), "--day", "20251122"]
    done = CliRunner().invoke(app, [*command, "--modality", "MR", "--json"])
    assert done.exit_code == 0, done.output
    assert "LÊ^HOÀNG^ANH" in done.output
    done = CliRunner().invoke(app, [*command, "--station", "CT1"])
    assert done.exit_code == 0, done.output
    assert done.output.count("20251122") == 4
    assert "4 found." in done.output
