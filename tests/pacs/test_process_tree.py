"""The process tree: what dies is started again, and no child outlives its parent."""

import os
import signal
from collections.abc import Callable

import psutil
import pytest

from tests.peers.filmless import Filmless
from tests.wait import until


def tree(server: Filmless) -> list[psutil.Process]:
    return psutil.Process(server.pid).children(recursive=True)


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


@pytest.mark.faults
def test_a_child_that_dies_is_started_again(start_pacs: Callable[..., Filmless]) -> None:
    server = start_pacs()
    worker = next(one for one in tree(server) if is_worker(one))
    worker.kill()
    until(lambda: any(is_worker(one) and one.pid != worker.pid for one in tree(server)), within_s=15)
    assert any("started again" in line for line in server.output)
