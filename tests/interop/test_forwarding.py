"""Forwarding rules with DCMTK's storescp and Orthanc as destinations: what arrives, what waits, what is refused."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000Lossless, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    InstanceAvailabilityNotification,
)

from dicom_nodes.courier import Courier
from dicom_nodes.scu.store import store
from storage.access import ae, audit
from storage.access.ae_policy import Policy
from storage.access.principal import SYSTEM
from storage.archive import Archive, delivery, delivery_list, hours, route, routing
from storage.archive.route import Rule
from storage.archive.routing import Router
from storage.archive.upload import upload_pending
from storage.index import scrubbing
from tests.dicom_nodes.conftest import RunningNode, archive, node, start_node
from tests.dicom_nodes.instance_bytes import ct, data_set_of, write
from tests.interop import test_dimse_dcmtk
from tests.interop.test_dimse_dcmtk import StoreSCP, digest, store_scp
from tests.interop.test_dimse_peers import Orthanc, orthanc
from tests.peers import free_port

pytestmark = pytest.mark.interop
__all__ = ["archive", "node", "orthanc", "start_node", "store_scp"]

Start = Callable[..., StoreSCP]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a test."""
    monkeypatch.setattr(delivery, "FIRST_PAUSE", timedelta(seconds=0.2))
    monkeypatch.setattr(delivery, "LONGEST_PAUSE", timedelta(seconds=0.4))
    monkeypatch.setattr(routing, "QUIET", timedelta(0))


class Worker:
    """The two tasks of the worker, by hand."""

    def __init__(self, node: RunningNode) -> None:
        self.archive = node.archive
        self.router = Router(node.archive)
        self.courier = Courier(node.archive, node.settings, threading.Event())

    def run(self, until: Callable[[], bool], within_s: float = 20) -> None:
        """Work until something is so."""
        deadline = time.monotonic() + within_s
        while not until():
            self.router.step()
            self.courier.step()
            assert time.monotonic() < deadline, self.rows()
            time.sleep(0.02)

    def rows(self, state: delivery.State | None = None) -> list[dict[str, Any]]:
        """The queue."""
        return delivery_list.listed(self.archive, SYSTEM, state=state).rows


@pytest.fixture
def worker(node: RunningNode) -> Worker:
    return Worker(node)


def register(archive: Archive, title: str, port: int, **policy: Any) -> None:
    ae.add(archive.index, title, "127.0.0.1", port, facility_code="LOCAL", policy=Policy(**policy))


def arrive(node: RunningNode, files: list[Path]) -> None:
    assert all(sent.is_kept for sent in store(files, node.destination, node.settings))
    upload_pending(node.archive)


def serving(entity: AE, port: int, event: Any, handler: Callable[..., Any]) -> Any:
    """An SCP that answers with ``handler``."""
    return entity.start_server(("127.0.0.1", port), block=False, evt_handlers=[(event, handler)])


def study_of(folder: Path, count: int, **of: Any) -> list[Path]:
    study = of.pop("study", None) or generate_uid()
    return [write(folder, ct(study=study, number=number, **of)) for number in range(count)]


def test_what_meets_a_rule_arrives_byte_for_byte_and_nothing_else_does(
    node: RunningNode, worker: Worker, store_scp: Start, tmp_path: Path
) -> None:
    peer = store_scp()
    register(node.archive, "STORESCP", peer.port)
    route.add(
        node.archive, Rule(name="Sọ não", destinations=("STORESCP",), modalities=("CT",), description="so nao"), SYSTEM
    )
    route.add(node.archive, Rule(name="MR", destinations=("STORESCP",), modalities=("MR",)), SYSTEM)
    files = study_of(tmp_path, 4)
    other = ct(number=9)
    other.StudyDescription = "CT ngực"
    arrive(node, [*files, write(tmp_path, other)])
    worker.run(lambda: len(worker.rows("done")) == 1)
    assert peer.data_sets() == {digest(path): 1 for path in files}
    (row,) = worker.rows()
    assert (row["instances"], row["patient_name"]) == ({"sent": 4}, "NGUYỄN^VĂN^ĐỨC")
    with node.archive.index.read() as connection:
        told = [one for one in audit.events(connection, study_instance_uid=row["subject"]) if one.action == "export"]
    assert [one.actor for one in told] == ["filmless"]
    assert "STORESCP" in told[0].detail
    # more of the same study: sent too, and nothing twice
    more = [write(tmp_path, ct(study=row["subject"], number=number)) for number in (20, 21)]
    arrive(node, more)
    worker.run(lambda: worker.rows()[0]["instances"] == {"sent": 6})
    assert peer.data_sets() == {digest(path): 1 for path in (*files, *more)}


def test_a_destination_that_is_away_gets_everything_when_it_is_back(
    node: RunningNode, worker: Worker, store_scp: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = store_scp()
    register(node.archive, "STORESCP", peer.port)
    peer.close()
    route.add(node.archive, Rule(name="all", destinations=("STORESCP",)), SYSTEM)
    first, second = study_of(tmp_path, 2), study_of(tmp_path, 2)
    arrive(node, first)
    arrive(node, second)
    worker.run(lambda: any(row["attempts"] >= 3 for row in worker.rows("waiting")))
    assert all(row["attempts"] <= 4 for row in worker.rows()), "one of them asks, the other waits as long"
    assert "cannot be reached" in "".join(row["error"] for row in worker.rows())
    monkeypatch.setattr(test_dimse_dcmtk, "free_port", lambda: peer.port)
    again = store_scp()
    worker.run(lambda: len(worker.rows("done")) == 2)
    assert again.data_sets() == {digest(path): 1 for path in (*first, *second)}


def test_orthanc_takes_a_study_compressed_and_confirms_it(
    orthanc: Orthanc, node: RunningNode, worker: Worker, tmp_path: Path
) -> None:
    rule = Rule(name="Tuyến trên", destinations=("ORTHANC",), source_ae_titles=("CT1",), confirm=True)
    route.add(node.archive, rule, SYSTEM)
    files = study_of(tmp_path, 3)
    settings = node.settings.model_copy(update={"aet": "CT1"})
    assert all(sent.is_kept for sent in store(files, node.destination, settings))
    upload_pending(node.archive)
    worker.run(
        lambda: {(row["kind"], row["state"]) for row in worker.rows()} == {("store", "done"), ("confirm", "done")}
    )
    assert len(orthanc.http.get("/instances").json()) == 3
    for identity in orthanc.http.get("/instances").json():
        path = tmp_path / "returned.dcm"
        path.write_bytes(orthanc.http.get(f"/instances/{identity}/file").content)
        uid = orthanc.http.get(f"/instances/{identity}/simplified-tags").json()["SOPInstanceUID"]
        assert data_set_of(path) == data_set_of(tmp_path / f"{uid}.dcm")


def test_an_instance_that_is_refused_is_named_and_the_others_arrive(
    node: RunningNode, worker: Worker, tmp_path: Path
) -> None:
    files = study_of(tmp_path, 3)
    bad = files[1].stem
    taken: list[str] = []

    def take(event: evt.Event) -> int:
        uid = str(event.dataset.SOPInstanceUID)
        if uid == bad:
            return 0xC001
        if len(taken) == 1 and uid not in taken:
            taken.append("busy")
            return 0xA700  # once: out of resources is no refusal for good
        taken.append(uid)
        return 0x0000

    entity = AE("PICKY")
    entity.add_supported_context("1.2.840.10008.5.1.4.1.1.2")
    server = serving(entity, port := free_port(), evt.EVT_C_STORE, take)
    register(node.archive, "PICKY", port)
    arrive(node, files)
    number = routing.send(node.archive, _study(files), "PICKY", SYSTEM)
    worker.run(lambda: len(worker.rows("failed")) == 1)
    server.shutdown()
    assert [uid for uid in taken if uid != "busy"] == [files[0].stem, files[2].stem]
    shown = delivery_list.show(node.archive, number, SYSTEM)
    assert [(one["sop_instance_uid"], one["status"]) for one in shown["refused"]] == [(bad, 0xC001)]
    assert bad in shown["error"]
    assert shown["instances"] == {"sent": 2, "refused": 1}


def test_what_may_not_travel_now_waits_for_its_hours(
    node: RunningNode, worker: Worker, store_scp: Start, tmp_path: Path
) -> None:
    peer = store_scp()
    register(node.archive, "STORESCP", peer.port)
    now = datetime.now(UTC).astimezone()
    later = f"{now + timedelta(hours=2):%H:%M}-{now + timedelta(hours=3):%H:%M}"
    route.add(node.archive, Rule(name="night", destinations=("STORESCP",), send_hours=later), SYSTEM)
    arrive(node, study_of(tmp_path, 1))
    worker.run(lambda: bool(worker.rows() and worker.rows()[0]["next_at"] > now + timedelta(hours=1)))
    (row,) = worker.rows("waiting")
    assert row["next_at"] == hours.next_opening(later, now)
    assert peer.data_sets() == {}
    delivery_list.cancel(node.archive, row["id"], SYSTEM)
    assert [one["state"] for one in worker.rows()] == ["cancelled"]


def test_damaged_instances_are_not_passed_on(
    node: RunningNode, worker: Worker, store_scp: Start, tmp_path: Path
) -> None:
    peer = store_scp()
    register(node.archive, "STORESCP", peer.port)
    files = study_of(tmp_path, 2)
    arrive(node, files)
    with node.archive.index.write() as connection:
        row = scrubbing.by_sop_instance_uid(connection, files[0].stem)
        assert row is not None
        scrubbing.note_damage(connection, row["id"], "content", datetime.now(UTC))
    routing.send(node.archive, _study(files), "STORESCP", SYSTEM)
    worker.run(lambda: len(worker.rows("failed")) == 1)
    assert peer.data_sets() == {digest(files[1]): 1}
    assert files[0].stem in worker.rows()[0]["error"]


def test_a_machine_is_told_of_new_instances_of_its_facility(node: RunningNode, worker: Worker, tmp_path: Path) -> None:
    told: list[Dataset] = []

    def hear(event: evt.Event) -> tuple[int, Dataset]:
        told.append(event.attribute_list)
        return 0x0000, event.attribute_list

    entity = AE("RIS")
    entity.add_supported_context(InstanceAvailabilityNotification)
    server = serving(entity, port := free_port(), evt.EVT_N_CREATE, hear)
    register(node.archive, "RIS", port, notify_availability=True)
    worker.router.step()
    files = study_of(tmp_path, 3)
    arrive(node, files)
    worker.run(lambda: len(worker.rows("done")) == 1)
    server.shutdown()
    (notice,) = told
    assert notice.StudyInstanceUID == _study(files)
    items = [one for series in notice.ReferencedSeriesSequence for one in series.ReferencedSOPSequence]
    assert {one.ReferencedSOPInstanceUID for one in items} == {path.stem for path in files}
    assert {(one.InstanceAvailability, one.RetrieveAETitle) for one in items} == {("ONLINE", "FILMLESS")}
    assert "PatientName" not in notice


def test_a_destination_that_takes_uncompressed_only_gets_it_so(
    node: RunningNode, worker: Worker, store_scp: Start, tmp_path: Path
) -> None:
    peer = store_scp("+xi")  # implicit VR little endian alone
    register(node.archive, "STORESCP", peer.port)
    made = ct(size=64)
    write(tmp_path, made)
    pixels = made.pixel_array
    made.compress(JPEG2000Lossless, generate_instance_uid=False)
    arrive(node, [write(tmp_path, made, JPEG2000Lossless)])
    routing.send(node.archive, str(made.StudyInstanceUID), "STORESCP", SYSTEM)
    worker.run(lambda: len(worker.rows("done")) == 1)
    (received,) = peer.folder.iterdir()
    assert (dcmread(received).pixel_array == pixels).all()


def _study(files: list[Path]) -> str:
    return str(dcmread(files[0], specific_tags=["StudyInstanceUID"]).StudyInstanceUID)
