"""C-MOVE and C-GET: the bytes that were received, or a lossless conversion, or a failure that is counted."""

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)
from pynetdicom import AE, evt
from pynetdicom.presentation import build_role
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made by the module when it is loaded
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from dicom_nodes.scu.association import AssociationFailed, associated
from dicom_nodes.scu.find import identifier
from dicom_nodes.scu.move import move
from dicom_nodes.scu.retrieval import Retrieved
from dicom_nodes.scu.store import store
from storage.access import ae, facilities
from storage.access.audit import events
from storage.archive import Archive
from tests.dicom_nodes.conftest import RunningNode
from tests.dicom_nodes.instance_bytes import ct, data_set_of, write


class Receiver:
    """A storage SCP on stock pynetdicom, which keeps what it is sent."""

    def __init__(
        self,
        *transfer_syntaxes: str,
        status: int = 0,
        statuses: dict[str, int] | None = None,
        breaks_at: str = "",
        sop_class: str = CTImageStorage,
    ) -> None:
        self.received: dict[str, tuple[str, bytes]] = {}
        self.originators: set[tuple[Any, Any]] = set()
        self._status, self._statuses = status, statuses or {}
        entity = AE("RECEIVER")
        entity.add_supported_context(sop_class, list(transfer_syntaxes))
        self._breaks_at = breaks_at
        handlers: Any = [(evt.EVT_C_STORE, self._keep)]
        server: Any = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self._server = server
        self.port = int(server.socket.getsockname()[1])

    def _keep(self, event: Any) -> int:
        request = event.request
        if request.AffectedSOPInstanceUID == self._breaks_at:
            event.assoc.abort()
            return 0
        self.received[str(request.AffectedSOPInstanceUID)] = (
            str(event.context.transfer_syntax),
            request.DataSet.getvalue(),
        )
        self.originators.add((request.MoveOriginatorApplicationEntityTitle, request.MoveOriginatorMessageID))
        return self._statuses.get(str(request.AffectedSOPInstanceUID), self._status)

    def close(self) -> None:
        self._server.shutdown()


@pytest.fixture
def receiver(archive: Archive) -> Iterator[Callable[..., Receiver]]:
    """Start a registered receiver that accepts these transfer syntaxes."""
    opened: list[Receiver] = []

    def start(*transfer_syntaxes: str, **options: Any) -> Receiver:
        opened.append(Receiver(*transfer_syntaxes, **options))
        ae.add(archive.index, "RECEIVER", "127.0.0.1", opened[-1].port, facility_code="LOCAL")
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def kept(node: RunningNode, folder: Path, dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Store an instance; the bytes of its data set."""
    path = write(folder, dataset, syntax)
    assert store([path], node.destination, node.settings)[0].status == 0
    return data_set_of(path)


def test_move_gives_the_bytes_that_were_received(
    node: RunningNode, archive: Archive, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    destination = receiver(ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
    study, expected = generate_uid(), {}
    for number, syntax in enumerate((ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)):
        dataset = ct(study=study, number=number, size=256)
        expected[str(dataset.SOPInstanceUID)] = (str(syntax), kept(node, tmp_path, dataset, syntax))
    seen: list[Retrieved] = []
    moved = move(node.destination, "STUDY", {"StudyInstanceUID": study}, "RECEIVER", node.settings, seen.append)
    assert (moved.completed, moved.failed, moved.warning) == (3, 0, 0)
    assert destination.received == expected
    ((title, message),) = destination.originators
    assert (title, message) == ("FILMLESS", 1)
    with archive.index.read() as connection:
        (row,) = [event for event in events(connection) if event.action == "export"]
    assert (row.study_instance_uid, row.outcome) == (study, "success")
    assert "RECEIVER" in row.detail


@pytest.mark.parametrize("stored", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_another_uncompressed_syntax_is_converted(
    node: RunningNode, receiver: Callable[..., Receiver], tmp_path: Path, stored: str
) -> None:
    destination = receiver(ExplicitVRLittleEndian)
    dataset = ct()
    # pydicom writes the words of pixel data as they are
    if stored == ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    kept(node, tmp_path, dataset, stored)
    move(node.destination, "STUDY", {"StudyInstanceUID": dataset.StudyInstanceUID}, "RECEIVER", node.settings)
    syntax, received = destination.received[dataset.SOPInstanceUID]
    assert syntax == ExplicitVRLittleEndian
    arrived = dcmread(io.BytesIO(received), force=True)
    assert arrived.PatientName == dataset.PatientName
    assert (np.frombuffer(arrived.PixelData, "<u2") == np.frombuffer(ct().PixelData, "<u2")).all()


def test_lossless_compression_is_undone_for_a_receiver_that_needs_it(
    node: RunningNode, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    destination = receiver(ImplicitVRLittleEndian)
    plain, packed = ct(size=64), ct(size=64)
    pack(packed)
    kept(node, tmp_path, packed, packed.file_meta.TransferSyntaxUID)
    move(node.destination, "STUDY", {"StudyInstanceUID": packed.StudyInstanceUID}, "RECEIVER", node.settings)
    syntax, received = destination.received[packed.SOPInstanceUID]
    assert syntax == ImplicitVRLittleEndian
    arrived = dcmread(io.BytesIO(received), force=True)
    assert arrived.PixelData == plain.PixelData


def pack(dataset: Dataset) -> None:
    """Compress the pixels with RLE."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.compress(RLELossless, generate_instance_uid=False)


def test_what_the_receiver_cannot_take_is_counted_as_failed(
    node: RunningNode, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    destination = receiver("1.2.840.10008.1.2.4.50")
    dataset = ct()
    kept(node, tmp_path, dataset)
    keys = {"StudyInstanceUID": str(dataset.StudyInstanceUID)}
    with pytest.raises(AssociationFailed, match=r"A702|presentation contexts"):
        move(node.destination, "STUDY", keys, "RECEIVER", node.settings)
    assert not destination.received


def asked(node: RunningNode, keys: dict[str, str], level: str = "STUDY") -> tuple[Dataset, Dataset | None]:
    """C-MOVE to RECEIVER: the final status with its counts, and the data set that comes with it."""
    proposal = [(str(StudyRootQueryRetrieveInformationModelMove), [ExplicitVRLittleEndian])]
    with associated(node.destination, proposal, node.settings) as association:
        model = StudyRootQueryRetrieveInformationModelMove
        return list(association.send_c_move(identifier(level, keys), "RECEIVER", model))[-1]


def test_refusals_of_the_receiver_are_counted_and_listed(
    node: RunningNode, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    study = generate_uid()
    slices = [ct(study=study, number=number) for number in range(3)]
    refused = str(slices[1].SOPInstanceUID)
    receiver(ExplicitVRLittleEndian, statuses={refused: 0xA700, str(slices[2].SOPInstanceUID): 0xB007})
    for one in slices:
        kept(node, tmp_path, one)
    status, failed = asked(node, {"StudyInstanceUID": study})
    counts = ("Completed", "Failed", "Warning")
    assert [status[f"NumberOf{name}Suboperations"].value for name in counts] == [1, 1, 1]
    assert status.Status == 0xB000
    assert "NumberOfRemainingSuboperations" not in status
    assert failed is not None
    assert failed.FailedSOPInstanceUIDList == refused


def test_a_retrieval_of_which_nothing_arrives_is_refused_with_the_list(
    node: RunningNode, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    receiver(ExplicitVRLittleEndian, status=0xA700)
    dataset = ct()
    kept(node, tmp_path, dataset)
    status, failed = asked(node, {"StudyInstanceUID": str(dataset.StudyInstanceUID)})
    assert (status.Status, status.NumberOfFailedSuboperations) == (0xA702, 1)
    assert "A700" in status.ErrorComment
    assert failed is not None
    assert failed.FailedSOPInstanceUIDList == dataset.SOPInstanceUID


def test_a_retrieval_of_warnings_alone_is_a_warning(
    node: RunningNode, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    receiver(ExplicitVRLittleEndian, status=0xB000)
    dataset = ct()
    kept(node, tmp_path, dataset)
    status, failed = asked(node, {"StudyInstanceUID": str(dataset.StudyInstanceUID)})
    assert (status.Status, status.NumberOfWarningSuboperations) == (0xB000, 1)
    assert not failed


@pytest.mark.parametrize("associations", [1, 3])
def test_where_an_association_breaks_one_instance_fails_and_the_others_go_on(
    start_node: Callable[..., RunningNode], receiver: Callable[..., Receiver], tmp_path: Path, associations: int
) -> None:
    node = start_node(move_associations=associations)
    study = generate_uid()
    slices = [ct(study=study, number=number) for number in range(30)]
    broken = str(slices[11].SOPInstanceUID)
    destination = receiver(ExplicitVRLittleEndian, breaks_at=broken)
    for one in slices:
        write(tmp_path, one)
    store(sorted(tmp_path.glob("*.dcm")), node.destination, node.settings)
    status, failed = asked(node, {"StudyInstanceUID": study})
    assert (status.Status, status.NumberOfCompletedSuboperations, status.NumberOfFailedSuboperations) == (0xB000, 29, 1)
    assert failed is not None
    assert failed.FailedSOPInstanceUIDList == broken
    assert set(destination.received) == {str(one.SOPInstanceUID) for one in slices} - {broken}


def test_colours_that_are_rounded_are_a_warning_and_never_a_success(
    node: RunningNode, receiver: Callable[..., Receiver], dicom_files: Path
) -> None:
    """YBR_ICT compressed with loss, for a destination that takes it uncompressed only."""
    path = dicom_files / "syntaxes" / "US1_J2KI.dcm"
    kept = dcmread(path)
    destination = receiver(ExplicitVRLittleEndian, sop_class=str(kept.SOPClassUID))
    assert store([path], node.destination, node.settings)[0].status == 0
    status, failed = asked(node, {"StudyInstanceUID": str(kept.StudyInstanceUID)})
    assert (status.Status, status.NumberOfWarningSuboperations) == (0xB000, 1)
    assert not failed
    ((_, received),) = destination.received.values()
    arrived = dcmread(io.BytesIO(received), force=True)
    assert (arrived.PhotometricInterpretation, arrived.LossyImageCompression) == ("RGB", "01")
    assert len(arrived.PixelData) == kept.Rows * kept.Columns * 3


def test_what_was_compressed_with_loss_says_so_when_it_is_decompressed(
    node: RunningNode, receiver: Callable[..., Receiver], dicom_files: Path, tmp_path: Path
) -> None:
    """Also where its sender did not."""
    path = dicom_files / "syntaxes" / "ctimage" / "JPEGLSLossy_1.2.4.81.dcm"
    dataset = dcmread(path)
    for keyword in ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if keyword in dataset:
            delattr(dataset, keyword)
    dataset.save_as(tmp_path / "silent.dcm")
    destination = receiver(ExplicitVRLittleEndian)
    assert store([tmp_path / "silent.dcm"], node.destination, node.settings)[0].status == 0
    status, _ = asked(node, {"StudyInstanceUID": str(dataset.StudyInstanceUID)})
    assert status.Status == 0
    ((_, received),) = destination.received.values()
    assert dcmread(io.BytesIO(received), force=True).LossyImageCompression == "01"


def test_an_unknown_or_silent_destination(node: RunningNode, archive: Archive, tmp_path: Path) -> None:
    dataset = ct()
    kept(node, tmp_path, dataset)
    keys = {"StudyInstanceUID": str(dataset.StudyInstanceUID)}
    with pytest.raises(AssociationFailed, match="A801"):
        move(node.destination, "STUDY", keys, "NOBODY", node.settings)
    ae.add(archive.index, "SILENT", "127.0.0.1", 1, facility_code="LOCAL")
    with pytest.raises(AssociationFailed, match="A702"):
        move(node.destination, "STUDY", keys, "SILENT", node.settings)


def test_nothing_to_move_is_success(node: RunningNode, receiver: Callable[..., Receiver]) -> None:
    receiver(ExplicitVRLittleEndian)
    moved = move(node.destination, "STUDY", {"StudyInstanceUID": "1.2.3"}, "RECEIVER", node.settings)
    assert moved == Retrieved(0, 0, 0, 0)


def test_a_retrieval_needs_its_unique_key(node: RunningNode, receiver: Callable[..., Receiver]) -> None:
    receiver(ExplicitVRLittleEndian)
    with pytest.raises(AssociationFailed, match="A900"):
        move(node.destination, "STUDY", {"PatientID": "1"}, "RECEIVER", node.settings)
    with pytest.raises(AssociationFailed, match="A900"):
        move(node.destination, "SERIES", {"StudyInstanceUID": "1.2"}, "RECEIVER", node.settings)


def test_a_study_of_another_facility_cannot_be_moved(
    node: RunningNode, archive: Archive, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    destination = receiver(ExplicitVRLittleEndian)
    dataset = ct()
    kept(node, tmp_path, dataset)
    facilities.get_or_create(archive.index, "D1")
    ae.add(archive.index, "FILMLESS", "127.0.0.1", 104, facility_code="D1")
    with pytest.raises(AssociationFailed, match="0124"):
        move(node.destination, "STUDY", {"StudyInstanceUID": dataset.StudyInstanceUID}, "RECEIVER", node.settings)
    assert not destination.received
    with archive.index.read() as connection:
        assert [event.outcome for event in events(connection) if event.action == "export"] == ["refused"]


def get(node: RunningNode, query: Dataset, cancel_after: int | None = None) -> tuple[Dataset, dict[str, bytes]]:
    """C-GET with stock pynetdicom: the final status, and the received data sets."""
    received: dict[str, bytes] = {}
    holder: list[Any] = []

    def keep(event: Any) -> int:
        received[str(event.request.AffectedSOPInstanceUID)] = event.request.DataSet.getvalue()
        if cancel_after == len(received):
            holder[0].send_c_cancel(1, query_model=StudyRootQueryRetrieveInformationModelGet)
        return 0

    entity = AE("GETTER")
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = entity.associate(
        "127.0.0.1",
        node.port,
        ae_title="FILMLESS",
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, keep)],
    )
    assert association.is_established
    holder.append(association)
    statuses = [status for status, _ in association.send_c_get(query, StudyRootQueryRetrieveInformationModelGet)]
    association.release()
    return statuses[-1], received


def test_get(node: RunningNode, tmp_path: Path) -> None:
    study = generate_uid()
    expected = {}
    for number in range(5):
        dataset = ct(study=study, number=number, size=300)
        expected[str(dataset.SOPInstanceUID)] = kept(node, tmp_path, dataset)
    status, received = get(node, identifier("STUDY", {"StudyInstanceUID": study}))
    assert status.Status == 0
    assert status.NumberOfCompletedSuboperations == 5
    assert received == expected


def test_get_of_single_images(node: RunningNode, tmp_path: Path) -> None:
    study, series = generate_uid(), generate_uid()
    slices = [ct(study=study, series=series, number=number) for number in range(3)]
    for one in slices:
        kept(node, tmp_path, one)
    wanted = [str(one.SOPInstanceUID) for one in slices[:2]]
    keys = {"StudyInstanceUID": study, "SeriesInstanceUID": series, "SOPInstanceUID": "\\".join(wanted)}
    _, received = get(node, identifier("IMAGE", keys))
    assert set(received) == set(wanted)


def test_get_can_be_cancelled(node: RunningNode, tmp_path: Path) -> None:
    study = generate_uid()
    for number in range(30):
        kept(node, tmp_path, ct(study=study, number=number))
    status, received = get(node, identifier("STUDY", {"StudyInstanceUID": study}), cancel_after=1)
    assert status.Status in (0xFE00, 0x0000)
    if status.Status == 0xFE00:
        assert status.NumberOfCompletedSuboperations + status.NumberOfRemainingSuboperations == 30
        assert len(received) < 30


def test_many_at_once(node: RunningNode, tmp_path: Path) -> None:
    """Several senders and a getter at the same time do not mix."""
    study = generate_uid()
    expected = {}
    for number in range(5):
        dataset = ct(study=study, number=number, size=128)
        expected[str(dataset.SOPInstanceUID)] = kept(node, tmp_path, dataset)
    failures: list[object] = []

    def send(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        files = [write(folder, ct(size=64)) for _ in range(10)]
        failures.extend(sent for sent in store(files, node.destination, node.settings) if sent.status != 0)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    _, received = get(node, identifier("STUDY", {"StudyInstanceUID": study}))
    for thread in threads:
        thread.join()
    assert received == expected
    assert not failures
