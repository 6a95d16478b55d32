"""kill -9 of the DICOM process while instances arrive: what was acknowledged is there, and nothing is half there."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.store import Sent, store
from dicom_nodes.settings import NodeSettings
from storage.archive import Archive, retrieve
from storage.archive.reconcile import reconcile
from storage.settings import StorageSettings
from tests import dicom_nodes
from tests.dicom_nodes.instance_bytes import ct, data_set_of, write

pytestmark = pytest.mark.faults
CHECKOUT = Path(__file__).parents[2]


@contextmanager
def process(data: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A node in a process; its port."""
    script = Path(str(dicom_nodes.__file__)).with_name("serving.py")
    running = subprocess.Popen(
        [sys.executable, str(script), str(data), "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
    )
    assert running.stdout is not None
    try:
        for line in running.stdout:
            if line.startswith("ready"):
                yield running, int(line.split()[1])
                break
        else:
            pytest.fail("the node did not start")
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


@pytest.mark.parametrize("killed_after", [1, 7, 20])
def test_nothing_acknowledged_is_lost(tmp_path: Path, killed_after: int) -> None:
    data = tmp_path / "data"
    study = "1.2.840.99.1"
    files = [write(tmp_path, ct(study=study, number=number, size=256)) for number in range(30)]
    acknowledged: list[Sent] = []
    with process(data) as (running, port):

        def kill_in_between(sent: Sent) -> None:
            if sent.status == 0:
                acknowledged.append(sent)
            if len(acknowledged) == killed_after:
                os.kill(running.pid, signal.SIGKILL)

        settings = NodeSettings.model_validate({})
        store(files, Destination("FILMLESS", "127.0.0.1", port), settings, kill_in_between)
    assert len(acknowledged) >= killed_after

    archive = Archive.open(StorageSettings.model_validate({"data_dir": data, "minimum_free_bytes": 0}))
    try:
        reconcile(archive)
        rows = {row.sop_instance_uid: row for row in retrieve.instances(archive, study)}
        for sent in acknowledged:
            row = rows[sent.path.stem]
            assert retrieve.open_instance(archive, row).read(row.dataset_offset) == data_set_of(sent.path)
        assert not archive.spool.arriving()
        assert len(rows) == len(list(archive.spool.ready.iterdir()))
        assert len(rows) - len(acknowledged) <= 1  # the one under way may have become durable
    finally:
        archive.close()
    with process(data) as (_, port):
        again = store(files, Destination("FILMLESS", "127.0.0.1", port), NodeSettings.model_validate({}))
    assert all(sent.status == 0 for sent in again)
