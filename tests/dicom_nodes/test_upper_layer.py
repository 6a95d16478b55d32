"""Broken, slow and hostile peers: each loses its own association, and nobody else anything."""

import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from pynetdicom.acse import ACSE

from dicom_nodes.command import Command, encode, store_request
from dicom_nodes.scu.association import AssociationFailed
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.echo import echo
from dicom_nodes.scu.store import store
from storage.archive import Archive
from tests.dicom_nodes.conftest import RunningNode
from tests.dicom_nodes.instance_bytes import ct, write
from tests.dicom_nodes.wire import ABORTED, ACCEPTED, CT, DATA, REJECTED, RELEASED, Wire, association_request, data_pdu
from tests.wait import HUNG_S, until

# Less than the node's own patience where no setting shortens it.
SOON_S = 25


def nothing_is_kept(archive: Archive) -> bool:
    """Whether the spool is empty, once the node has noticed."""
    deadline = time.monotonic() + HUNG_S
    while time.monotonic() < deadline:
        if not archive.spool.arriving() and not any(archive.spool.ready.iterdir()):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # a TLS greeting
        bytes(4096),
        b"\x01\x00\xff\xff\xff\xff" + bytes(100),  # four gigabytes announced
        b"\x01\x00\x00\x00\x00\x04abcd",
        data_pdu(1, b"data before any association", command=True, last=True),
    ],
)
def test_garbage_on_the_port(node: RunningNode, noise: bytes) -> None:
    with Wire(node.port) as wire:
        wire.send(noise)
        assert wire.is_closed()
    assert echo(node.destination, node.settings) < HUNG_S


@pytest.mark.parametrize(
    "pdu",
    [
        b"\x04\x00\xff\xff\xff\xff\x00\x00",  # lying length
        struct.pack(">BBLLBB", 4, 0, 8, 100, 3, 0) + b"ab",  # the value longer than its PDU
        struct.pack(">BBLLBB", 4, 0, 6, 1, 3, 0),  # a value too short for its header
        b"\x04\x00\x00\x00\x00\x03abc",
        b"\x09\x00\x00\x00\x00\x00",  # no such PDU
        data_pdu(77, encode({0x0100: b"\x30\x00"}), command=True, last=True),  # no such context
        data_pdu(3, b"\x00\x00\x00\x01\xff\xff\xff\xff", command=True, last=True),  # lying command
        data_pdu(3, b"no command before", command=False, last=True),
        data_pdu(3, b"x" * 70000, command=True, last=False),  # endless command
        association_request(),  # a second one
    ],
)
def test_broken_data_is_answered_by_an_abort(node: RunningNode, archive: Archive, pdu: bytes) -> None:
    with Wire(node.port) as wire:
        assert wire.associate()[0] == ACCEPTED
        wire.send(pdu)
        assert wire.pdu()[0] == ABORTED
        assert wire.is_closed()
    assert echo(node.destination, node.settings) < HUNG_S
    assert nothing_is_kept(archive)


def begin_store(wire: Wire, sop: str = "1.2.3.4.5") -> None:
    wire.send(data_pdu(3, store_request(message_id=1, sop_class_uid=CT, sop_instance_uid=sop), command=True, last=True))
    wire.send(data_pdu(3, bytes(10_000), command=False, last=False))


@pytest.mark.parametrize(
    "ending",
    [
        b"",  # the connection just ends
        b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00",  # A-ABORT
        b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00",  # A-RELEASE in the middle of a message
        b"\x04\x00\x00\x00\x27\x10\x00\x00",  # half a PDU
        data_pdu(1, b"of another context", command=False, last=True),
        data_pdu(3, b"a command in between", command=True, last=True),
    ],
)
def test_an_association_that_ends_within_a_store_leaves_nothing(
    node: RunningNode, archive: Archive, ending: bytes
) -> None:
    with Wire(node.port) as wire:
        assert wire.associate()[0] == ACCEPTED
        begin_store(wire)
        wire.send(ending)
    assert nothing_is_kept(archive)
    assert echo(node.destination, node.settings) < HUNG_S


def test_a_message_in_many_small_pieces_is_one_message(node: RunningNode, archive: Archive, tmp_path: Path) -> None:
    """One byte at a time, several values in one PDU, command and data set in one PDU: all legal."""
    dataset = ct()
    data = write(tmp_path, dataset).read_bytes()
    offset = data.index(b"\x08\x00\x05\x00CS")
    body = data[offset:]
    command = store_request(message_id=5, sop_class_uid=CT, sop_instance_uid=str(dataset.SOPInstanceUID))
    values = b"".join(
        struct.pack(">LBB", len(part) + 2, 3, flags) + part
        for part, flags in ((command[:20], 1), (command[20:], 3), (body[:100], 0), (body[100:], 2))
    )
    pdu = struct.pack(">BBL", 4, 0, len(values)) + values
    with Wire(node.port) as wire:
        wire.associate()
        for position in range(0, len(pdu), 97):
            wire.send(pdu[position : position + 97])
        kind, answer = wire.pdu()
        assert kind == DATA
        assert Command(answer[6:]).number(0x0900) == 0
        wire.send(b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00")
        assert wire.pdu()[0] == RELEASED
    (kept,) = archive.spool.ready.iterdir()
    assert kept.read_bytes().endswith(body)


def test_a_silent_connection_is_closed(start_node: Callable[..., RunningNode]) -> None:
    node = start_node(association_timeout=0.5)
    with Wire(node.port) as wire:
        began = time.monotonic()
        assert wire.is_closed()
        assert time.monotonic() - began < SOON_S


def test_a_peer_that_drips_bytes_is_cut_off(start_node: Callable[..., RunningNode], archive: Archive) -> None:
    node = start_node(association_timeout=1.0, dimse_timeout=1.0)
    with Wire(node.port) as wire:
        wire.associate()
        begin_store(wire)
        wire.send(b"\x04\x00\x00\x00\x27\x10")
        began = time.monotonic()
        with suppress(OSError):
            while time.monotonic() - began < SOON_S:
                wire.send(b"x")
                time.sleep(0.1)
        assert time.monotonic() - began < SOON_S
    assert nothing_is_kept(archive)


def test_a_message_that_stops_between_two_pdus_is_aborted(
    start_node: Callable[..., RunningNode], archive: Archive
) -> None:
    node = start_node(dimse_timeout=1.0)
    with Wire(node.port) as wire:
        wire.associate()
        begin_store(wire)
        assert wire.pdu()[0] == ABORTED
    assert nothing_is_kept(archive)


def test_an_idle_association_is_aborted(start_node: Callable[..., RunningNode]) -> None:
    node = start_node(idle_timeout=1.0)
    with Wire(node.port) as wire:
        wire.associate()
        assert wire.pdu()[0] == ABORTED


def test_over_the_limit_associations_are_refused_politely(start_node: Callable[..., RunningNode]) -> None:
    node = start_node(maximum_associations=2)
    with Wire(node.port) as first, Wire(node.port) as second, Wire(node.port) as third:
        assert first.associate()[0] == ACCEPTED
        assert second.associate()[0] == ACCEPTED
        kind, body = third.associate()
        assert (kind, body[1:4]) == (REJECTED, bytes((2, 3, 2)))
        first.send(b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00")
        assert first.pdu()[0] == RELEASED
        first.is_closed()
        deadline = time.monotonic() + HUNG_S
        while time.monotonic() < deadline:
            with Wire(node.port) as fourth:
                if fourth.associate()[0] == ACCEPTED:
                    return
            time.sleep(0.05)
    pytest.fail("a place that became free was not given again")


def test_another_called_title_is_rejected(node: RunningNode) -> None:
    with Wire(node.port) as wire:
        kind, body = wire.associate("SOMEBODY")
    assert (kind, body[1:4]) == (REJECTED, bytes((1, 1, 7)))


def test_a_rejection_is_heard_also_where_the_connection_ends_before_anybody_looks(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send_and_dawdle(acse: ACSE) -> None:
        send(acse)
        until(lambda: not acse.dul.to_user_queue.empty() and acse.dul.state_machine.current_state == "Sta1")

    send = ACSE.send_request
    monkeypatch.setattr(ACSE, "send_request", send_and_dawdle)
    with pytest.raises(AssociationFailed, match="1/1/7"):
        echo(Destination("NOBODY", node.destination.host, node.destination.port), node.settings)


def test_a_foreign_ae_is_rejected(start_node: Callable[..., RunningNode]) -> None:
    node = start_node(trust_loopback=False)
    with Wire(node.port) as wire:
        kind, body = wire.associate()
    assert (kind, body[1:4]) == (REJECTED, bytes((1, 1, 3)))


def test_threads_and_files_are_given_back(node: RunningNode) -> None:
    for _ in range(20):
        with Wire(node.port) as wire:
            wire.associate()
    threads, files = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(30):
        with Wire(node.port) as wire:
            wire.associate()
        echo(node.destination, node.settings)
    deadline = time.monotonic() + HUNG_S
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= threads
    assert len(list(Path("/proc/self/fd").iterdir())) <= files + 4


def test_stopping_lets_a_running_store_finish(
    start_node: Callable[..., RunningNode], archive: Archive, tmp_path: Path
) -> None:
    node = start_node()
    dataset = ct()
    data = write(tmp_path, dataset).read_bytes()
    body = data[data.index(b"\x08\x00\x05\x00CS") :]
    with Wire(node.port) as wire, Wire(node.port) as idle:
        wire.associate()
        idle.associate()
        request = store_request(message_id=1, sop_class_uid=CT, sop_instance_uid=str(dataset.SOPInstanceUID))
        wire.send(data_pdu(3, request, command=True, last=True))
        wire.send(data_pdu(3, body[:200], command=False, last=False))
        time.sleep(0.3)
        stopper = threading.Thread(target=node.stop)
        stopper.start()
        assert idle.pdu()[0] == ABORTED
        time.sleep(0.7)
        wire.send(data_pdu(3, body[200:], command=False, last=True))
        assert wire.pdu()[0] == DATA
        assert wire.pdu()[0] == ABORTED
        stopper.join(HUNG_S)
        assert not stopper.is_alive()
    (kept,) = archive.spool.ready.iterdir()
    assert kept.read_bytes().endswith(body)


def test_two_nodes_share_a_port(start_node: Callable[..., RunningNode], tmp_path: Path) -> None:
    first = start_node()
    second = start_node(dicom_port=first.port)
    assert second.port == first.port
    files = [write(tmp_path, ct()) for _ in range(4)]
    for file in files:
        assert store([file], first.destination, first.settings)[0].status == 0
