"""The database goes, comes back or is held by another while instances arrive: senders are told so, nothing is lost."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from tests.faults.account import settle, settle_everything
from tests.faults.node import node
from tests.faults.sender import Answer, Instance, acknowledged, send, study
from tests.faults.web_sender import post
from tests.peers import postgresql
from tests.wait import HUNG_S, until

pytestmark = pytest.mark.faults


class Modality(threading.Thread):
    """Sends studies one after the other, each instance until it is acknowledged, as a modality's queue does."""

    def __init__(self, port: int, queue: list[Instance]) -> None:
        super().__init__()
        self._port = port
        self.waiting = list(queue)
        self.told: set[str] = set()
        self.cut_off = 0  # associations that ended before their last answer

    def run(self) -> None:
        """Send until all is acknowledged."""
        while self.waiting:
            try:
                answers = send(self._port, self.waiting[:10])
            except OSError:
                time.sleep(0.1)
                continue
            self.told |= acknowledged(answers)
            self.cut_off += len(answers) < len(self.waiting[:10])
            self.waiting = [instance for instance in self.waiting if instance.sop not in self.told]
            if len(acknowledged(answers)) < len(answers):
                time.sleep(0.1)


def test_postgresql_is_restarted_in_mid_send(tmp_path: Path) -> None:
    with (
        postgresql.running() as server,
        node(tmp_path / "data", FILMLESS_DATABASE_URL=server.database()) as running,
        running.client() as client,
    ):
        many, few = study(300), study(20)
        modality = Modality(running.dicom_port, many)
        modality.start()
        until(lambda: len(modality.told) >= 20, within_s=60)
        answered: list[Answer] = []

        def stop_in_between(given: Answer) -> None:
            answered.append(given)
            if len(answered) == 5:
                server.stop()

        told = acknowledged(send(running.dicom_port, few, stop_in_between))
        refused = answered[5:]
        assert len(told) == 5
        assert {given.status for given in refused} == {0xA700}
        assert all("index" in given.comment for given in refused)
        with pytest.raises(ConnectionError):
            send(running.dicom_port, few)
        assert not post(client, study(1))

        server.start()
        again = Modality(running.dicom_port, few)
        again.start()
        again.join(HUNG_S)
        modality.join(HUNG_S)
        assert modality.told == {instance.sop for instance in many}
        assert again.told == {instance.sop for instance in few}
        settle(client, many + few, modality.told | again.told)
        running.slay("dicom")
        running.serve("dicom")  # what was durable when the index went is settled by a start
        settle_everything(running, client)


def test_sqlite_held_by_another_writer_is_waited_for(tmp_path: Path) -> None:
    # Shorter than the wait: a peer is not left for what we are slow with.
    with (
        node(tmp_path / "data", FILMLESS_DIMSE_TIMEOUT="1", FILMLESS_IDLE_TIMEOUT="1") as running,
        running.client() as client,
    ):
        sent = study(30)
        modality = Modality(running.dicom_port, sent)
        with_web = study(2)
        with sqlite3.connect(running.data / "filmless.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            modality.start()
            storing = threading.Thread(target=lambda: post(client, with_web))
            storing.start()
            held_until = time.monotonic() + 3
            while time.monotonic() < held_until:
                assert not modality.told
                assert client.get("/ready").status_code == 200, "who only reads goes on"
                time.sleep(0.2)
            other.execute("ROLLBACK")
        other.close()
        modality.join(HUNG_S)
        storing.join(HUNG_S)
        assert modality.told == {instance.sop for instance in sent}
        assert not modality.cut_off
        settle(client, sent, modality.told)
        assert len(settle(client, with_web, set())) == 2
        settle_everything(running, client)
