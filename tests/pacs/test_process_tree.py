"""The process tree: what dies is started again, and no child outlives its parent."""

import os
import signal
from collections.abc import Callable

import psutil
import pytest
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association

from pacs.presence import living
from tests.peers.filmless import Filmless
from tests.wait import until


def tree(server: Filmless) -> list[psutil.Process]:
    return psutil.Process(server.pid).children(recursive=True)


def associate(server: Filmless) -> Association:
    """An association as a peer has it, open."""
    entity = ApplicationEntity("MODALITY")
    entity.add_requested_context("1.2.840.10008.1.1")
    association = entity.associate("127.0.0.1", server.dicom_port, ae_title=server.aet)
    assert association.is_established
    return association


def is_worker(process: psutil.Process) -> bool:
    try:
        return "worker" in process.cmdline()
    except psutil.Error:  # it ends while we look, or is a zombie
        return False


def gone(processes: list[psutil.Process]) -> bool:
    return all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes)


@pytest.mark.faults
def test_children_end_when_only_the_parent_is_killed(start_pacs: Callable[..., Filmless]) -> None:
    server = start_pacs()
    children = tree(server)
    assert len(children) >= 3
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: gone(children), within_s=20)
    server.kill()
    server.start()


def test_a_stop_ends_every_process_and_is_clean(start_pacs: Callable[..., Filmless]) -> None:
    server = start_pacs()
    children = tree(server)
    assert server.stop() == 0
    assert gone(children)
    assert "Traceback" not in "".join(server.output)


def connections(server: Filmless) -> list[int]:
    """How many each DICOM process has."""
    nodes = [one for one in tree(server) if "dicom" in one.cmdline()]
    return [sum(c.status == psutil.CONN_ESTABLISHED for c in one.net_connections("tcp")) for one in nodes]


def test_associations_are_spread_over_the_dicom_processes(start_pacs: Callable[..., Filmless]) -> None:
    server = start_pacs(FILMLESS_DICOM_PROCESSES="2")
    until(lambda: sum(one.kind == "dicom" and one.ready for one in living(server.data)) == 2, within_s=20)
    peers = [associate(server) for _ in range(8)]
    spread = connections(server)
    assert sum(spread) == 8
    assert min(spread) >= 2  # a busy machine may be late; by chance alone it would be fewer once in fourteen times
    for peer in peers:
        peer.release()


@pytest.mark.faults
def test_a_peer_that_calls_while_the_process_is_started_again_is_served(start_pacs: Callable[..., Filmless]) -> None:
    server = start_pacs()
    node = next(one for one in tree(server) if "dicom" in one.cmdline())
    node.kill()
    node.wait(10)
    peer = associate(server)
    assert peer.send_c_echo().Status == 0x0000
    peer.release()


@pytest.mark.faults
def test_a_child_that_dies_is_started_again(start_pacs: Callable[..., Filmless]) -> None:
    server = start_pacs()
    worker = next(one for one in tree(server) if is_worker(one))
    worker.kill()
    until(lambda: any(is_worker(one) and one.pid != worker.pid for one in tree(server)), within_s=15)
    assert any("started again" in line for line in server.output)
