"""Peers that stop half-way, lie about lengths, dawdle, or come by the hundred: others are served, nothing is left."""

import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from tests.dicom_nodes.wire import ACCEPTED, RELEASE_REQUEST, RELEASED, Wire, association_request, data_pdu
from tests.faults.account import settle, settle_everything
from tests.faults.node import Node, node
from tests.faults.sender import (
    CONTEXT,
    Instance,
    acknowledged,
    answer,
    associated,
    pdus,
    send,
    store_request,
    study,
)
from tests.wait import until

pytestmark = pytest.mark.faults

PATIENCE_S = 4.0
MARGIN_BYTES = 24 * 1024 * 1024
# Files made before they are needed, and connections to the index, come and go: a leak would be a thousand.
MARGIN_DESCRIPTORS = 50


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    patience = str(PATIENCE_S)
    with node(
        tmp_path_factory.mktemp("hostile") / "data",
        FILMLESS_ASSOCIATION_TIMEOUT=patience,
        FILMLESS_DIMSE_TIMEOUT=patience,
        FILMLESS_IDLE_TIMEOUT=patience,
        FILMLESS_LOG_LEVEL="error",
    ) as made:
        send(made.dicom_port, study(2))  # all that is made once is made
        yield made


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Node]:
    """A node that bears with a peer, and a machine, that is slow."""
    with node(tmp_path / "data", ("dicom",), FILMLESS_LOG_LEVEL="error") as made:
        yield made


@pytest.fixture(scope="module")
def client(running: Node) -> Iterator[httpx.Client]:
    with running.client() as made:
        yield made


@pytest.fixture
def process(running: Node) -> psutil.Process:
    return psutil.Process(running.pids("dicom")[0])


@pytest.fixture(autouse=True)
def others_are_served(running: Node, client: httpx.Client) -> Iterator[None]:
    """After each test an honest sender is served, and no trace of the other is left."""
    yield
    sent = study(2)
    until(lambda: is_sent(running, sent), within_s=PATIENCE_S * 5)  # patience is short here, and machines are busy
    until(lambda: not running.incoming(), within_s=PATIENCE_S * 3)
    settle(client, sent, {instance.sop for instance in sent})
    settle_everything(running, client)


def is_sent(running: Node, sent: list[Instance]) -> bool:
    """Send as a modality does that tries again; whether all of it is acknowledged."""
    try:
        return len(acknowledged(send(running.dicom_port, sent))) == len(sent)
    except OSError:
        return False


def cut_in_many_places() -> list[tuple[str, bytes]]:
    """What arrives before the peer falls silent or goes, after its association is there."""
    instance = study(1)[0]
    command, first, *_ = pdus(instance)
    return [
        ("nothing", b""),
        ("half a PDU header", command[:3]),
        ("a PDU header", command[:6]),
        ("half a command", command[: len(command) // 2]),
        ("a command", command),
        ("a command and half a PDU of data", command + first[: len(first) // 2]),
        ("a command and some of the data", command + data_pdu(CONTEXT, first[12:4000], command=False, last=False)),
    ]


CUTS = cut_in_many_places()


@pytest.mark.parametrize("sent", [cut[1] for cut in CUTS], ids=[cut[0] for cut in CUTS])
def test_a_peer_that_goes_half_way_leaves_nothing(running: Node, sent: bytes) -> None:
    with associated(running.dicom_port) as wire:
        wire.send(sent)


def test_peers_that_fall_silent_half_way_are_left(running: Node) -> None:
    with ExitStack() as stack:
        wires = [stack.enter_context(associated(running.dicom_port)) for _ in CUTS]
        for wire, (_, sent) in zip(wires, CUTS, strict=True):
            wire.send(sent)
        began = time.monotonic()
        assert all(wire.is_closed() for wire in wires)
        assert time.monotonic() - began < PATIENCE_S * 5  # 30 s and more without the settings


@pytest.mark.parametrize("kind", [1, 4, 5, 9], ids=["request", "data", "release", "unknown"])
@pytest.mark.parametrize("length", [0x0010_0001, 0x7FFF_FFFF, 0xFFFF_FFFF], ids=["1 MB", "2 GB", "4 GB"])
@pytest.mark.parametrize("after", ["connect", "associate"])
def test_a_pdu_that_claims_too_much_is_refused_at_once(
    running: Node, process: psutil.Process, kind: int, length: int, after: str
) -> None:
    before = process.memory_info().rss
    with Wire(running.dicom_port) as wire:
        if after == "associate":
            assert wire.associate()[0] == ACCEPTED
        wire.send(struct.pack(">BBL", kind, 0, length) + b"x" * 4096)
        assert wire.is_closed()
    assert process.memory_info().rss - before < MARGIN_BYTES


def test_a_pdu_that_claims_too_much_is_not_waited_for(patient: Node) -> None:
    """On a node that would wait 30 s for the rest of it."""
    for kind in (1, 4, 5, 9):
        for after in (Wire, associated):
            with after(patient.dicom_port) as wire:
                began = time.monotonic()
                wire.send(struct.pack(">BBL", kind, 0, 0x7FFF_FFFF) + b"x" * 4096)
                assert wire.is_closed()
                assert time.monotonic() - began < 20


LIES = {
    "a value longer than its PDU": struct.pack(">BBLLBB", 4, 0, 26, 0x7FFF_FFFF, CONTEXT, 3) + b"x" * 20,
    "a value of no length": struct.pack(">BBLLBB", 4, 0, 6, 0, CONTEXT, 3),
    "a PDU of no length": struct.pack(">BBL", 4, 0, 0),
    "a value of another context": data_pdu(99, store_request("1.2.3"), command=True, last=True),
    "data without a command": data_pdu(CONTEXT, b"x" * 100, command=False, last=True),
    "a command of four gigabytes": data_pdu(
        CONTEXT, struct.pack("<HHL", 0, 2, 0xFFFF_FFF0) + b"x" * 90, command=True, last=True
    ),
    "a command that is no command": data_pdu(CONTEXT, b"\xff" * 200, command=True, last=True),
    "an endless command": b"".join(data_pdu(CONTEXT, b"\0" * 16000, command=True, last=False) for _ in range(8)),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_ends_the_association_or_is_harmless(running: Node, process: psutil.Process, lie: bytes) -> None:
    before = process.memory_info().rss
    with associated(running.dicom_port) as wire:
        wire.send(lie)
        assert wire.is_closed()
    assert process.memory_info().rss - before < MARGIN_BYTES


def lying_data_sets() -> dict[str, bytes]:
    """Data sets in which an element's length is false (PS3.5 §7.1)."""
    honest = study(1)[0].data_set
    sequence = struct.pack("<HH2sH", 0x0040, 0x0275, b"SQ", 0)
    uids = honest[: honest.index(b"\x10\x00\x10\x00")]
    nested = b"".join(struct.pack("<HH2sHLHHL", 0x0040, 0x0260, b"SQ", 0, 2**32 - 1, 0xFFFE, 0xE000, 2**32 - 1)
                      for _ in range(3000))  # fmt: skip
    return {
        "pixel data of four gigabytes": uids + struct.pack("<HH2sHL", 0x7FE0, 0x10, b"OW", 0, 0xFFFF_FFF0) + b"x" * 99,
        "a text of two gigabytes": uids + struct.pack("<HH2sHL", 0x0010, 0x4000, b"UT", 0, 0x7FFF_FFF0) + b"x" * 99,
        "a name longer than the rest": uids + struct.pack("<HH2sH", 0x0010, 0x0010, b"PN", 0xFFFE) + b"x" * 99,
        "a sequence of three gigabytes": uids + sequence + struct.pack("<L", 0xC000_0000) + b"x" * 9,
        "a sequence without an end": uids + sequence + struct.pack("<L", 2**32 - 1),
        "sequences three thousand deep": uids + nested,
        "cut in the middle of an element": honest[: len(honest) // 2],
        "cut within a tag": honest[: honest.index(b"\x10\x00\x10\x00") + 3],
        "noise": bytes(os.urandom(5000)),
        "nothing": b"",
    }


DATA_SETS = lying_data_sets()


@pytest.mark.parametrize("data_set", DATA_SETS.values(), ids=DATA_SETS.keys())
def test_a_data_set_that_lies_is_answered_and_the_association_goes_on(
    running: Node, client: httpx.Client, process: psutil.Process, data_set: bytes
) -> None:
    honest = study(1)[0]
    lying = Instance(honest.study, honest.series, honest.sop, data_set, b"")
    before = process.memory_info().rss
    with associated(running.dicom_port) as wire:
        command, *rest = pdus(lying)
        wire.send(command + b"".join(rest or [data_pdu(CONTEXT, b"", command=False, last=True)]))
        given = answer(wire)
        assert given is not None, "the association ended without an answer"
        if given.status != 0:
            assert given.comment
            assert not settle(client, [lying], set())
        next_one = study(1)[0]
        wire.send(b"".join(pdus(next_one, 2)))
        following = answer(wire)
        assert following is not None
        assert following.status == 0
    assert process.memory_info().rss - before < MARGIN_BYTES


def test_two_hundred_idle_connections_keep_nobody_out(running: Node, process: psutil.Process) -> None:
    descriptors = process.num_fds()
    with ExitStack() as stack:
        idle = [stack.enter_context(Wire(running.dicom_port)) for _ in range(200)]
        # A node that is busy ending those who say nothing may say no once.
        until(lambda: is_sent(running, study(1)), within_s=PATIENCE_S * 5)
        assert all(wire.is_closed() for wire in idle)
    until(lambda: process.num_fds() <= descriptors + MARGIN_DESCRIPTORS, within_s=PATIENCE_S * 3)


def test_idle_associations_are_ended(running: Node, process: psutil.Process) -> None:
    threads = process.num_threads()
    with ExitStack() as stack:
        idle = [stack.enter_context(associated(running.dicom_port)) for _ in range(40)]
        assert acknowledged(send(running.dicom_port, study(1)))
        began = time.monotonic()
        assert all(wire.is_closed() for wire in idle)
        assert time.monotonic() - began < PATIENCE_S * 5  # 30 s and more without the settings
    until(lambda: process.num_threads() <= threads, within_s=PATIENCE_S * 3)


def drip(connection: socket.socket, data: bytes, pause_s: float, within_s: float) -> bool:
    """Send a byte at a time; whether the other side gave up within the time."""
    connection.settimeout(0.01)
    deadline = time.monotonic() + within_s
    for position in range(len(data)):
        if time.monotonic() > deadline:
            return False
        try:
            connection.sendall(data[position : position + 1])
            if connection.recv(1024) == b"":
                return True
        except TimeoutError:
            time.sleep(pause_s)
        except ConnectionError:
            return True
    return False


def test_a_request_that_drips_is_given_up(running: Node) -> None:
    with Wire(running.dicom_port) as wire:
        assert drip(wire.socket, association_request(), 0.25, PATIENCE_S * 3)


def test_a_data_set_that_drips_is_given_up_and_holds_up_nobody(running: Node) -> None:
    instance = study(1)[0]
    with associated(running.dicom_port) as wire:
        command, first, *_ = pdus(instance)
        wire.send(command + first[:1000])
        assert acknowledged(send(running.dicom_port, study(1)))
        assert drip(wire.socket, first[1000:], 0.25, PATIENCE_S * 3)


def test_a_thousand_associations_in_a_row_leave_nothing(patient: Node) -> None:
    process = psutil.Process(patient.pids("dicom")[0])

    def once(number: int) -> None:
        with associated(patient.dicom_port) as wire:
            if number % 20 == 0:
                wire.send(b"".join(pdus(study(1)[0])))
                given = answer(wire)
                assert given is not None
                assert given.status == 0
            if number % 3:  # every third one just hangs up
                wire.send(struct.pack(">BBLL", RELEASE_REQUEST, 0, 4, 0))
                assert wire.pdu()[0] == RELEASED

    threads = process.num_threads()
    for number in range(100):
        once(number)
    until(lambda: process.num_threads() <= threads, within_s=PATIENCE_S * 3)
    descriptors, memory = process.num_fds(), process.memory_info().rss
    for number in range(1000):
        once(number)
    until(lambda: process.num_threads() <= threads, within_s=PATIENCE_S * 3)
    assert process.num_fds() <= descriptors + MARGIN_DESCRIPTORS
    assert process.memory_info().rss - memory < 8 * 1024 * 1024
