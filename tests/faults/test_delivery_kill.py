"""Processes die by kill -9 while instances are forwarded and commitments wait: everything still reaches its machine."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, StorageCommitmentPushModel  # type: ignore[attr-defined]

from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.store import store
from dicom_nodes.settings import NodeSettings
from storage.access import ae
from storage.access.principal import SYSTEM
from storage.archive import Archive, delivery_list, route
from storage.archive.route import Rule
from storage.settings import StorageSettings
from tests.dicom_nodes.instance_bytes import ct, write
from tests.faults.node import node
from tests.peers import free_port
from tests.wait import until

pytestmark = pytest.mark.faults

INSTANCES = 40


class SlowArchive:
    """Another archive, which takes its time, asks for commitment and hears what comes of it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.received: Counter[str] = Counter()
        self.order: list[str] = []
        self.reports: list[int] = []
        entity = AE("SLOW")
        entity.add_supported_context(CTImageStorage)
        entity.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
        handlers: list[Any] = [(evt.EVT_C_STORE, self._take), (evt.EVT_N_EVENT_REPORT, self._hear)]
        self.server: Any = entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)

    def _take(self, event: evt.Event) -> int:
        time.sleep(0.04)
        uid = str(event.dataset.SOPInstanceUID)
        self.received[uid] += 1
        if self.received[uid] == 1:
            self.order.append(uid)
        return 0x0000

    def _hear(self, event: evt.Event) -> tuple[int, None]:
        self.reports.append(int(event.event_type or 0))
        return 0x0000, None

    def ask(self, port: int, uids: list[str]) -> None:
        """Ask for commitment, and leave."""
        entity = AE("SLOW")
        entity.add_requested_context(StorageCommitmentPushModel, ExplicitVRLittleEndian)
        association = entity.associate("127.0.0.1", port, ae_title="FILMLESS")
        wanted = Dataset()
        wanted.TransactionUID = generate_uid()
        wanted.ReferencedSOPSequence = []
        for uid in uids:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, uid
            wanted.ReferencedSOPSequence.append(item)
        status, _ = association.send_n_action(wanted, 1, StorageCommitmentPushModel, "1.2.840.10008.1.20.1.1")
        association.release()
        assert status.Status == 0


@pytest.fixture
def slow() -> Any:
    made = SlowArchive()
    yield made
    made.server.shutdown()


def test_what_was_under_way_goes_on_after_the_worker_was_killed(slow: SlowArchive, tmp_path: Path) -> None:
    study = generate_uid()
    files = [write(tmp_path, ct(study=study, number=number)) for number in range(INSTANCES)]
    uids = [path.stem for path in files]
    with node(tmp_path / "data", ("dicom", "worker")) as running:
        archive = Archive.open(StorageSettings.model_validate({"data_dir": tmp_path / "data"}))
        ae.add(archive.index, "SLOW", "127.0.0.1", slow.port, facility_code=archive.settings.facility)
        route.add(archive, Rule(name="all", destinations=("SLOW",)), SYSTEM)
        settings = NodeSettings.model_validate({})
        sent = store(files, Destination("FILMLESS", "127.0.0.1", running.dicom_port), settings)
        assert all(one.is_kept for one in sent)
        for least in (INSTANCES // 4, INSTANCES // 2):
            until(lambda least=least: len(slow.order) >= least, within_s=30)  # type: ignore[misc]  # a default
            running.slay("worker")
            if least == INSTANCES // 2:
                # Asked while nobody works, and noted by a process that then dies too.
                slow.ask(running.dicom_port, uids)
                running.slay("dicom")
                running.begin("dicom")
            running.begin("worker")
        until(lambda: len(slow.order) == INSTANCES and slow.reports, within_s=60)
        until(lambda: [row["state"] for row in delivery_list.listed(archive, SYSTEM).rows] == ["done", "done"])
        archive.close()
    assert slow.reports == [1]
    assert slow.order == uids, "in the order of their arrival, whatever happened meanwhile"
    assert sum(slow.received.values()) <= INSTANCES * 1.75, "what was noted as sent is not sent again"
