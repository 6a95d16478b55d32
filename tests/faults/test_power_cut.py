"""``kill -9`` within the tree of ``pacs up`` while a modality sends: all that was acknowledged is there, and whole."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from tests.faults.account import settle
from tests.faults.sender import Instance, acknowledged, send, study
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.wait import until

pytestmark = [pytest.mark.faults, pytest.mark.interop]


def save(sent: Sequence[Instance], folder: Path) -> list[Path]:
    """Write files for ``dcmsend``."""
    folder.mkdir()
    paths = [folder / f"{number:05}.dcm" for number in range(len(sent))]
    for path, instance in zip(paths, sent, strict=True):
        path.write_bytes(instance.file)
    return paths


def dicom_processes(server: Filmless) -> set[psutil.Process]:
    """The children of the supervisor that receive."""
    found = set()
    for child in psutil.Process(server.pid).children():
        try:
            if "dicom" in child.cmdline():
                found.add(child)
        except psutil.Error:  # it ends while we look
            continue
    return found


def test_what_was_acknowledged_survives_and_the_rest_can_be_sent_again(
    start_pacs: Callable[..., Filmless], tmp_path: Path
) -> None:
    sent = [instance for _ in range(4) for instance in study(60)]
    paths = save(sent, tmp_path / "files")
    server = start_pacs()
    sender = dcmtk.Dcmsend(paths, server.dicom_port)
    time.sleep(0.4)
    server.kill()
    told = sender.finish().acknowledged

    server.start()
    with server.client() as client:
        # at most the one instance in flight was durable but its answer never left
        assert len(settle(client, sent, told) - told) <= 1
        again = dcmtk.dcmsend(paths, server.dicom_port)
        assert set(again.statuses.values()) == {0}
        assert settle(client, sent, told) == {instance.sop for instance in sent}


def test_a_killed_process_is_started_again_and_children_of_a_killed_supervisor_lose_nothing(
    start_pacs: Callable[..., Filmless], tmp_path: Path
) -> None:
    first, second = study(40), [instance for _ in range(4) for instance in study(60)]
    server = start_pacs()
    victims = dicom_processes(server)
    told = _send_and_kill(server, victims, first)
    until(lambda: len(dicom_processes(server) - victims) == len(victims), within_s=20)
    until(lambda: _sent_again(server, first), within_s=30, every_s=0.2)

    children = psutil.Process(server.pid).children(recursive=True)
    sender = dcmtk.Dcmsend(save(second, tmp_path / "files"), server.dicom_port)
    time.sleep(0.4)
    os.kill(server.pid, signal.SIGKILL)
    told |= sender.finish().acknowledged
    psutil.wait_procs(children, 20)
    server.kill()

    server.start()
    with server.client() as client:
        kept = settle(client, first + second, told)
    assert len(kept - told - {instance.sop for instance in first}) <= 1
    assert {instance.sop for instance in first} <= kept


def _send_and_kill(server: Filmless, victims: set[psutil.Process], sent: list[Instance]) -> set[str]:
    """Kill the processes after the fifth answer; what was acknowledged before."""
    answers: list[object] = []

    def kill_in_time(given: object) -> None:
        answers.append(given)
        if len(answers) == 5:
            for victim in victims:
                victim.kill()

    return acknowledged(send(server.dicom_port, sent, kill_in_time))


def _sent_again(server: Filmless, sent: list[Instance]) -> bool:
    try:
        return len(acknowledged(send(server.dicom_port, sent))) == len(sent)
    except ConnectionError:
        return False
