"""``pacs import orthanc`` against a real Orthanc: killed twice, forgetful, guarded, and followed while it receives."""

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom.dataset import Dataset

from storage.access.principal import SYSTEM
from storage.archive import Archive, server_import
from storage.dicom.part10 import Part10Splitter
from storage.index import instances as rows
from storage.settings import StorageSettings
from tests import instances
from tests.peers import orthanc
from tests.peers.filmless import PACS, Filmless
from tests.wait import HUNG_S, until

pytestmark = [pytest.mark.interop, pytest.mark.faults]


def fill(peer: orthanc.Orthanc, datasets: Sequence[Dataset], **options: Any) -> None:
    """Give a server these instances."""

    def give(dataset: Dataset) -> None:
        file = BytesIO()
        dataset.save_as(file, enforce_file_format=True)
        client.post("/instances", content=file.getvalue()).raise_for_status()

    with httpx.Client(base_url=peer.url, timeout=HUNG_S, **options) as client, ThreadPoolExecutor(4) as pool:
        list(pool.map(give, datasets))


def studies(count: int, of: int) -> list[Dataset]:
    """So many small studies of so many instances, each of a patient of its own."""
    made = [instances.study(of, rows=8, columns=8, patient_id=f"BN{number:05}") for number in range(count)]
    return [dataset for one in made for dataset in one]


@contextmanager
def opened(data: Path) -> Iterator[Archive]:
    """The archive as another process sees it."""
    archive = Archive.open(StorageSettings.model_validate({"data_dir": data}))
    try:
        yield archive
    finally:
        archive.close()


def begin(node: Filmless, peer: orthanc.Orthanc, *options: str) -> "subprocess.Popen[bytes]":
    """Start an import beside the test."""
    command = [PACS, "import", "orthanc", peer.url, "--data", str(node.data), *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)


def noted(archive: Archive) -> dict[str, Any]:
    """What the index says of the only import; empty before it began."""
    found = server_import.listed(archive, SYSTEM)
    return found[0] if found else {}


def kept_digests(archive: Archive, datasets: Sequence[Dataset]) -> dict[str, str]:
    """SHA-256 of the data set as it is kept, by SOP Instance UID."""
    found = {}
    with archive.index.read() as connection:
        for dataset in datasets:
            row = rows.by_sop_instance_uid(connection, dataset.SOPInstanceUID)
            if row is not None:
                found[str(dataset.SOPInstanceUID)] = row["dataset_sha256"]
    return found


def served_digests(peer: orthanc.Orthanc) -> dict[str, str]:
    """SHA-256 of the data set as the server gives it, by SOP Instance UID."""

    def read(name: str) -> tuple[str, str]:
        splitter = Part10Splitter()
        data = splitter.feed(client.get(f"/instances/{name}/file").content) + splitter.finish()
        assert splitter.meta is not None
        return splitter.meta.sop_instance_uid, hashlib.sha256(data).hexdigest()

    with httpx.Client(base_url=peer.url, timeout=HUNG_S) as client, ThreadPoolExecutor(4) as pool:
        return dict(pool.map(read, client.get("/instances").json()))


def test_a_thousand_studies_come_over_though_the_import_is_killed_twice(tmp_path: Path) -> None:
    datasets = studies(1000, 1)
    node = Filmless(tmp_path / "pacs")
    node.cli("migrate")
    with orthanc.running(tmp_path / "orthanc") as peer, opened(node.data) as archive:
        fill(peer, datasets)
        for share in (100, 500):
            process = begin(node, peer)
            until(lambda share=share: noted(archive).get("stored", 0) >= share, within_s=60)  # type: ignore[misc]
            assert process.poll() is None, "it was killed too late to show anything"
            process.kill()
            process.wait(HUNG_S)
            assert noted(archive)["state"] == "running"
        report = tmp_path / "report.json"
        last = node.cli("import", "orthanc", peer.url, "--report", str(report))
        assert "1000 of 1000 studies are complete here" in last.stdout
        told = json.loads(report.read_text())
        assert (told["state"], told["refused"], told["incomplete"]) == ("complete", [], [])
        # Twice only what was under way when it died is fetched again: it goes on where it was, not at the beginning.
        assert told["instances"]["stored"] >= 1000 - told["instances"]["duplicates"]
        assert noted(archive)["position"] == noted(archive)["last_position"]
        served = served_digests(peer)
        assert len(served) == 1000
        assert kept_digests(archive, datasets) == served


def test_what_the_log_of_changes_has_forgotten_is_found_by_comparing(tmp_path: Path) -> None:
    forgotten, logged = studies(4, 3), studies(3, 2)
    node = Filmless(tmp_path / "pacs")
    node.cli("migrate")
    with orthanc.running(tmp_path / "orthanc") as peer, opened(node.data) as archive:
        fill(peer, forgotten)
        httpx.delete(f"{peer.url}/changes").raise_for_status()
        fill(peer, logged)
        answer = node.cli("import", "orthanc", peer.url)
        assert "7 of 7 studies are complete here" in answer.stdout
        assert kept_digests(archive, [*forgotten, *logged]) == served_digests(peer)


def test_a_guarded_server_is_read_with_a_password_that_is_kept_nowhere(tmp_path: Path) -> None:
    node = Filmless(tmp_path / "pacs", {"FILMLESS_ORTHANC_PASSWORD": "mật-khẩu-ở-đó"})
    node.cli("migrate")
    guarded = {"AuthenticationEnabled": True, "RegisteredUsers": {"reader": "mật-khẩu-ở-đó"}}
    with orthanc.running(tmp_path / "orthanc", **guarded) as peer, opened(node.data) as archive:
        fill(peer, studies(2, 2), auth=("reader", "mật-khẩu-ở-đó"))
        refused = node.cli("import", "orthanc", peer.url, check=False)
        assert refused.returncode == 1
        assert "does not let us in" in refused.stderr
        assert noted(archive) == {}
        answer = node.cli("import", "orthanc", peer.url, "--user", "reader")
        assert "4 stored" in answer.stdout
        assert "2 of 2 studies are complete here" in answer.stdout
    for path in node.data.rglob("*"):
        assert not path.is_file() or "mật-khẩu-ở-đó".encode() not in path.read_bytes()


def test_a_server_is_followed_while_it_receives_and_is_restarted(tmp_path: Path) -> None:
    first, second, third = studies(2, 2), studies(1, 3), studies(1, 4)
    node = Filmless(tmp_path / "pacs")
    node.cli("migrate")
    with orthanc.running(tmp_path / "orthanc") as peer, opened(node.data) as archive:
        fill(peer, first)
        process = begin(node, peer, "--follow")
        until(lambda: noted(archive).get("state") == "following")
        assert len(kept_digests(archive, first)) == 4
        again = node.cli("import", "orthanc", peer.url, check=False)
        assert again.returncode == 1
        assert "is being imported already" in again.stderr
        fill(peer, second)
        until(lambda: len(kept_digests(archive, second)) == 3)
        peer.stop()
        peer.start()
        fill(peer, third)
        until(lambda: len(kept_digests(archive, third)) == 4, within_s=60)
        process.send_signal(signal.SIGINT)
        assert process.wait(HUNG_S) == 0
        assert noted(archive)["state"] == "stopped"
        assert noted(archive)["stored"] == 11


def test_an_administrator_calls_it_off_and_it_goes_on_when_run_again(tmp_path: Path) -> None:
    datasets = studies(60, 4)
    node = Filmless(tmp_path / "pacs")
    node.cli("migrate")
    with orthanc.running(tmp_path / "orthanc") as peer, opened(node.data) as archive:
        fill(peer, datasets)
        process = begin(node, peer, "--parallel", "1")
        until(lambda: noted(archive).get("is_active"))
        server_import.cancel(archive, noted(archive)["id"], SYSTEM)
        assert process.wait(HUNG_S) == 1
        assert noted(archive)["state"] == "cancelled"
        assert "60 of 60 studies are complete here" in node.cli("import", "orthanc", peer.url).stdout
        assert kept_digests(archive, datasets) == served_digests(peer)
