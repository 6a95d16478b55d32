"""Storage commitment over DIMSE with pynetdicom as modality: every way its answer can take, and what is refused."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined]  # made at run time
from typer.testing import CliRunner

from dicom_nodes.courier import Courier
from dicom_nodes.scu.store import store
from pacs.cli import app
from storage.access import ae
from storage.access.ae_policy import Policy
from storage.archive import Archive, delivery
from storage.archive.commitment import work_off
from storage.archive.upload import upload_pending
from storage.index import commitments
from tests.dicom_nodes.conftest import RunningNode, archive, node, start_node
from tests.dicom_nodes.instance_bytes import ct, write
from tests.interop.test_dimse_peers import Orthanc, orthanc
from tests.peers import free_port
from tests.wait import HUNG_S

pytestmark = pytest.mark.interop
__all__ = ["archive", "node", "orthanc", "start_node"]

WELL_KNOWN = "1.2.840.10008.1.20.1.1"
Report = tuple[int, Dataset]


@dataclass
class Modality:
    """A modality that asks for commitment and hears the answer, on its own port or on its own association."""

    aet: str
    port: int = 0
    reports: list[Report] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)
    status: int = 0x0000
    _server: Any = None

    def hear(self, event: evt.Event) -> tuple[int, None]:
        """Take an event report."""
        self.reports.append((int(event.event_type or 0), event.event_information))
        self.heard.set()
        return self.status, None

    def listen(self) -> None:
        """Take associations on the own port."""
        entity = AE(self.aet)
        entity.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
        handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, self.hear)]
        self._server = entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)

    def close(self) -> None:
        """Take none any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def ask(
        self,
        port: int,
        instances: list[tuple[str, str]],
        *,
        uid: str | None = None,
        stay: Callable[[], object] | None = None,
        action: int = 1,
        target: str = WELL_KNOWN,
    ) -> tuple[int, str]:
        """Ask; the status and its comment. ``stay`` is done before the association ends."""
        entity = AE(self.aet)
        entity.add_requested_context(StorageCommitmentPushModel, ExplicitVRLittleEndian)
        handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, self.hear)]
        association = entity.associate("127.0.0.1", port, ae_title="FILMLESS", evt_handlers=handlers)
        assert association.is_established
        wanted = Dataset()
        if uid != "":
            wanted.TransactionUID = uid or generate_uid()
        wanted.ReferencedSOPSequence = [reference(*one) for one in instances]
        status, _ = association.send_n_action(wanted, action, StorageCommitmentPushModel, target)
        if stay is not None:
            stay()
        association.release()
        return int(status.Status), str(status.get("ErrorComment", ""))


def reference(sop_class: str, instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    return item


@pytest.fixture
def modality(archive: Archive) -> Iterator[Modality]:
    made = Modality("CT1", free_port())
    ae.add(archive.index, made.aet, "127.0.0.1", made.port, facility_code="LOCAL")
    yield made
    made.close()


@pytest.fixture
def kept(node: RunningNode, archive: Archive, tmp_path: Path) -> list[tuple[str, str]]:
    """Two instances in the object store."""
    study = generate_uid()
    files = [write(tmp_path, ct(study=study, number=number)) for number in range(2)]
    assert all(sent.is_kept for sent in store(files, node.destination, node.settings))
    upload_pending(archive)
    return [("1.2.840.10008.5.1.4.1.1.2", path.stem) for path in files]


def courier(node: RunningNode) -> Courier:
    return Courier(node.archive, node.settings, threading.Event())


def test_the_result_comes_on_the_same_association_while_that_is_open(
    node: RunningNode, archive: Archive, modality: Modality, kept: list[tuple[str, str]]
) -> None:
    uid = generate_uid()

    def stay() -> None:
        work_off(archive)
        assert not courier(node).step(), "the association that is open tells it, and nobody else"
        assert modality.heard.wait(10)
        time.sleep(0.2)  # its answer has to reach us before it leaves

    assert modality.ask(node.port, kept, uid=uid, stay=stay) == (0, "")
    ((event, told),) = modality.reports
    assert (event, told.TransactionUID, told.RetrieveAETitle) == (1, uid, "FILMLESS")
    assert [one.ReferencedSOPInstanceUID for one in told.ReferencedSOPSequence] == [uid for _, uid in kept]
    assert "FailedSOPSequence" not in told
    assert not courier(node).step()


def test_the_result_comes_on_a_new_association_and_names_the_damaged_instance(
    node: RunningNode, archive: Archive, modality: Modality, kept: list[tuple[str, str]]
) -> None:
    damaged, unknown, of_other_class = kept[0], (kept[0][0], generate_uid()), ("1.2.840.10008.5.1.4.1.1.4", kept[1][1])
    (broken,) = [
        path
        for path in Path(archive.settings.data_dir, "objects").rglob("*.dcm")
        if damaged[1].encode() in path.read_bytes()
    ]
    content = bytearray(broken.read_bytes())
    content[-1] ^= 1
    broken.write_bytes(content)
    assert modality.ask(node.port, [damaged, kept[1], unknown])[0] == 0
    assert modality.ask(node.port, [of_other_class])[0] == 0
    modality.listen()
    work_off(archive)
    one = courier(node)
    while one.step():
        pass
    (event, told), (_, other) = modality.reports
    assert event == 2
    assert [item.ReferencedSOPInstanceUID for item in told.ReferencedSOPSequence] == [kept[1][1]]
    failed = {item.ReferencedSOPInstanceUID: item.FailureReason for item in told.FailedSOPSequence}
    assert failed == {damaged[1]: 0x0110, unknown[1]: 0x0112}
    assert [item.FailureReason for item in other.FailedSOPSequence] == [0x0119]


def test_a_machine_that_is_away_is_told_when_it_is_back(
    node: RunningNode,
    archive: Archive,
    modality: Modality,
    kept: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE", delivery.FIRST_PAUSE / 20)
    assert modality.ask(node.port, kept)[0] == 0
    work_off(archive)
    one = courier(node)
    assert one.step(), "tried, in vain"
    assert not one.step(), "and not again at once"
    modality.status = 0x0110
    modality.listen()
    _step_until(one, lambda: len(modality.reports) == 1)  # heard, but answered with a failure
    modality.status = 0x0000
    _step_until(one, lambda: len(modality.reports) == 2)
    time.sleep(1)
    assert not one.step()


def test_the_same_request_again_is_told_again(
    node: RunningNode, archive: Archive, modality: Modality, kept: list[tuple[str, str]]
) -> None:
    uid = generate_uid()
    modality.listen()
    for times in (1, 2):
        assert modality.ask(node.port, kept, uid=uid)[0] == 0
        work_off(archive)
        _step_until(courier(node), lambda times=times: len(modality.reports) == times)  # type: ignore[misc]
    status, comment = modality.ask(node.port, kept[:1], uid=uid)
    assert (status, "in use" in comment) == (0x0115, True)


def test_what_is_no_request(node: RunningNode, modality: Modality) -> None:
    of_class = "1.2.840.10008.5.1.4.1.1.2"
    changes: list[tuple[dict[str, Any], int]] = [
        ({"uid": ""}, 0x0115),
        ({"instances": []}, 0x0115),
        ({"instances": [("", "1.2.3")]}, 0x0115),
        ({"instances": [(of_class, "")]}, 0x0115),
        ({"action": 2}, 0x0123),
        ({"target": "1.2.3.4"}, 0x0112),
    ]
    for change, status in changes:
        given: dict[str, Any] = {"instances": [(of_class, "1.2.3")]} | change
        answered, comment = modality.ask(node.port, **given)
        assert answered == status, change
        assert comment


def test_a_machine_that_may_not_ask_is_refused(node: RunningNode, archive: Archive) -> None:
    ae.add(archive.index, "CT2", "127.0.0.1", 104, facility_code="LOCAL", policy=Policy(may_commit=False))
    assert Modality("CT2").ask(node.port, [("1.2.840.10008.5.1.4.1.1.2", "1.2.3")])[0] == 0x0124


def _step_until(one: Courier, fulfilled: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HUNG_S
    while not fulfilled():
        one.step()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_pacs_commit_asks_and_hears_the_answer(
    node: RunningNode, archive: Archive, kept: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILMLESS_DATA_DIR", str(archive.settings.data_dir))
    monkeypatch.setenv("FILMLESS_MINIMUM_FREE_BYTES", "0")
    with archive.index.read() as connection:
        study = str(commitments.kept(connection, [kept[0][1]])[kept[0][1]]["study_instance_uid"])
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.1):
            work_off(archive)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        said = CliRunner().invoke(app, ["commit", study, f"FILMLESS@127.0.0.1:{node.port}", "--wait", "20"])
    finally:
        done.set()
        worker.join()
    assert (said.exit_code, "2 committed, 0 not." in said.stdout) == (0, True), said.output


def test_orthanc_asks_and_hears_what_is_missing(
    orthanc: Orthanc, node: RunningNode, archive: Archive, kept: list[tuple[str, str]]
) -> None:
    missing = (kept[0][0], generate_uid())
    asked = orthanc.post("/modalities/filmless/storage-commitment", {"DicomInstances": [*kept, missing]})
    address = f"/storage-commitment/{asked['ID']}"  # type: ignore[index]  # JSON
    work_off(archive)
    _step_until(courier(node), lambda: orthanc.http.get(address).json()["Status"] != "Pending")
    told = orthanc.http.get(address).json()
    assert told["Status"] == "Failure"
    assert {one["SOPInstanceUID"] for one in told["Success"]} == {uid for _, uid in kept}
    assert [(one["SOPInstanceUID"], one["FailureReason"]) for one in told["Failures"]] == [(missing[1], 0x0112)]
