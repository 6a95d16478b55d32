"""An object store that fails in every way: nothing is lost, nothing waits for what fails, nothing needs a hand."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage.access.principal import SYSTEM
from storage.archive import Archive, retrieve
from storage.archive.carry import is_verified
from storage.archive.ingest import ingest
from storage.archive.queue import queue_state
from storage.archive.upload import Uploader
from storage.cache import Eviction, HotCache
from storage.index.schema import instance
from storage.objects.s3 import PART_BYTES, SINGLE_PUT_BYTES
from storage.settings import StorageSettings
from tests.peers import faulty_s3, seaweedfs
from tests.peers.faulty_s3 import Fault, FaultyS3, Kind
from tests.storage.generated import ct_slice, encode, keep, local_source
from tests.wait import until

pytestmark = [pytest.mark.faults]


@pytest.fixture(scope="module")
def seaweed() -> Iterator[seaweedfs.SeaweedFS]:
    """A server of one's own: that of the session has volumes for hundreds of buckets and none left to grow."""
    with seaweedfs.running() as server:
        yield server


@pytest.fixture
def bucket(seaweed: seaweedfs.SeaweedFS) -> str:
    """An empty bucket of the real server."""
    return seaweed.bucket()


@pytest.fixture
def s3(seaweed: seaweedfs.SeaweedFS) -> Iterator[FaultyS3]:
    """The proxy in front of it."""
    with faulty_s3.before(seaweed.endpoint) as proxy:
        yield proxy


@pytest.fixture
def values(tmp_path: Path, seaweed: seaweedfs.SeaweedFS, s3: FaultyS3, bucket: str) -> dict[str, str]:
    """The settings of an archive behind the proxy."""
    return {"data_dir": str(tmp_path / "data"), "minimum_free_bytes": "0", **s3.settings(seaweed.settings(bucket))}


@pytest.fixture
def archive(values: dict[str, str]) -> Iterator[Archive]:
    opened = Archive.open(StorageSettings.model_validate(values))
    opened.index.migrate()
    yield opened
    opened.close()


@contextmanager
def uploading(archive: Archive) -> Iterator[Uploader]:
    """An uploader at work, as in the worker, for the time of a block."""
    uploader, stop = Uploader(archive), threading.Event()

    def step() -> None:
        while not stop.is_set():
            if not uploader.step():
                stop.wait(0.05)

    thread = threading.Thread(target=step)
    thread.start()
    try:
        yield uploader
    finally:
        stop.set()
        thread.join()
        uploader.close(0.1)


def kept_rows(archive: Archive) -> list[dict[str, Any]]:
    with archive.index.read() as connection:
        return [dict(row) for row in connection.execute(select(instance).order_by(instance.c.id)).mappings()]


def ingest_some(archive: Archive, count: int) -> dict[str, bytes]:
    """Keep instances; gives the bytes of their data sets by SOP Instance UID."""
    made = {}
    for _ in range(count):
        dataset = ct_slice(study="1.2.3", series="1.2.3.4")
        keep(archive, dataset)
        made[str(dataset.SOPInstanceUID)] = encode(dataset)
    return made


def everything_arrived(archive: Archive, made: dict[str, bytes]) -> None:
    """Each instance is in the object store alone, with the bytes that were sent."""
    rows = kept_rows(archive)
    assert {row["sop_instance_uid"] for row in rows} == set(made)
    for row in rows:
        assert row["location"] == "object"
        assert row["verified_at"] is not None
        assert is_verified(archive, row)
        assert archive.objects.read(row["object_key"])[row["dataset_offset"] :] == made[row["sop_instance_uid"]]
    assert queue_state(archive).instances == 0
    assert not list(archive.spool.ready.iterdir())


def waiting(archive: Archive) -> int:
    return queue_state(archive).instances


@pytest.mark.parametrize("kind", ["503", "500 after", "reset", "reset after", "cut", "wrong", "damage", "slow"])
def test_what_fails_now_and_then_arrives(archive: Archive, s3: FaultyS3, kind: Kind) -> None:
    made = ingest_some(archive, 12)
    with s3.doing(Fault(kind, times=7, methods=("PUT", "GET"))), uploading(archive):
        until(lambda: waiting(archive) == 0, within_s=30)
        assert s3.faults[0].met == 7
    everything_arrived(archive, made)


@pytest.mark.parametrize("kind", ["503", "reset", "hang", "wrong"])
def test_one_that_always_fails_holds_nobody_up(archive: Archive, s3: FaultyS3, kind: Kind) -> None:
    made = ingest_some(archive, 1)
    key = kept_rows(archive)[0]["object_key"]
    with s3.doing(Fault(kind, key=key, methods=("PUT", "GET"))), uploading(archive):
        until(lambda: s3.faults[0].met > 0)
        made |= ingest_some(archive, 10)
        until(lambda: waiting(archive) == 1, within_s=8)
        made |= ingest_some(archive, 5)
        until(lambda: waiting(archive) == 1, within_s=8)
        if kind != "hang":
            until(lambda: [(node.failing, node.reason) for node in queue_state(archive).nodes]
                  == [(1, "wrong-bytes" if kind == "wrong" else "unreachable")], within_s=15)  # fmt: skip
        assert queue_state(archive).away_since is None
        (row,) = [row for row in kept_rows(archive) if row["location"] == "spool"]
        assert archive.spool.path(row["spool_name"]).exists()
        s3.faults = []
        s3.released.set()
        until(lambda: waiting(archive) == 0, within_s=30)
    everything_arrived(archive, made)


def test_failing_instances_wait_longer_each_time(archive: Archive, s3: FaultyS3) -> None:
    ingest_some(archive, 1)
    key = kept_rows(archive)[0]["object_key"]
    with s3.doing(Fault("wrong", key=key, methods=("GET",))), uploading(archive):
        time.sleep(5)
        puts = sum(method == "PUT" for method, _ in s3.requests)
    assert 2 <= puts <= 8  # two an attempt: at once, and after about 1, 2 and 4 seconds


@pytest.mark.parametrize("how", ["refused", "503", "hang"])
def test_a_store_that_is_away_loses_nothing_and_is_caught_up_with(archive: Archive, s3: FaultyS3, how: str) -> None:
    with uploading(archive):
        made = ingest_some(archive, 3)
        until(lambda: waiting(archive) == 0)
        before = time.time()
        if how == "refused":
            s3.stop()
        elif how == "503":
            s3.faults = [Fault("503")]
        else:
            s3.faults = [Fault("hang")]
        for _ in range(6):
            made |= ingest_some(archive, 10)
            time.sleep(0.5)
        if how != "hang":
            until(lambda: queue_state(archive).away_since is not None)
            state = queue_state(archive)
            assert state.away_since is not None
            assert before < state.away_since.timestamp() < time.time()
            assert [node.reason for node in state.nodes] == ["unreachable"]
        assert waiting(archive) == 60
        asked = len(s3.requests)
        time.sleep(2)
        assert len(s3.requests) - asked < 20  # it is not flooded while it is down
        s3.faults = []
        if how == "hang":
            s3.released.set()
        else:
            None if how == "503" else s3.start()
        until(lambda: waiting(archive) == 0, within_s=8)
        until(lambda: queue_state(archive).away_since is None)
    everything_arrived(archive, made)


def test_nothing_unverified_is_ever_evicted(archive: Archive, s3: FaultyS3) -> None:
    """Half of the objects come back wrong; a cache without room is evicted all the while; every byte stays readable."""
    assert archive.cache is not None
    made = ingest_some(archive, 20)
    bad = {row["object_key"] for row in kept_rows(archive)[::2]}
    tight = HotCache(archive.cache.root, maximum_bytes=1, maximum_age_s=0, minimum_free_bytes=0)
    eviction = Eviction(tight)
    with s3.doing(Fault("wrong", methods=("GET",), where=lambda path: any(key in path for key in bad))):
        with uploading(archive):
            deadline = time.monotonic() + 6
            while time.monotonic() < deadline:
                eviction.step()
        rows = kept_rows(archive)
        assert {row["object_key"] for row in rows if row["location"] == "spool"} == bad
        assert not list(archive.cache.root.rglob("*.dcm"))
        for row in retrieve.instances(archive, "1.2.3"):
            assert retrieve.open_instance(archive, row).read(row.dataset_offset) == made[row.sop_instance_uid]


def worker(values: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """A worker process of its own."""
    environment = {f"FILMLESS_{name.upper()}": value for name, value in values.items()}
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "pacs.process", "worker"],
            env=os.environ | environment,
            stdout=output,
            stderr=output,
        )


@contextmanager
def working(values: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = worker(values, log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_worker_killed_while_it_uploads(
    archive: Archive, values: dict[str, str], s3: FaultyS3, tmp_path: Path, point: str
) -> None:
    made = ingest_some(archive, 25)
    s3.faults = [Fault("hang", times=None, methods=("PUT",) if point == "before" else ("GET",), where=from_the(9, s3))]
    with working(values, tmp_path / "log") as process:
        until(lambda: s3.faults[0].met >= 1, within_s=30)
        os.kill(process.pid, signal.SIGKILL)
    s3.faults = []
    assert 0 < waiting(archive) <= 25
    with working(values, tmp_path / "log"):
        until(lambda: waiting(archive) == 0, within_s=30)
        until(lambda: not list(archive.spool.ready.iterdir()))
    everything_arrived(archive, made)


def from_the(number: int, s3: FaultyS3) -> Any:
    """From so many requests for instances on."""
    return lambda path: "instances/" in path and sum("instances/" in seen for _, seen in s3.requests) > number


def keep_large(archive: Archive, pixel_bytes: int) -> None:
    """An instance whose pixel data is zeros, made in constant memory."""
    dataset = ct_slice(study="1.2.3", PixelData=None, NumberOfFrames=1)
    with archive.spool.receive(
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        sop_class_uid=str(dataset.SOPClassUID),
        sop_instance_uid=str(dataset.SOPInstanceUID),
    ) as writer:
        writer.write(encode(dataset) + b"\xe0\x7f\x10\x00OW\0\0" + pixel_bytes.to_bytes(4, "little"))
        for number in range(pixel_bytes // 2**20):
            writer.write(bytes([number % 256]) * 2**20)
        spooled = writer.finish()
    ingest(archive, spooled, local_source(archive), SYSTEM)


def test_a_worker_killed_in_the_middle_of_a_large_instance(
    archive: Archive, values: dict[str, str], s3: FaultyS3, seaweed: seaweedfs.SeaweedFS, bucket: str, tmp_path: Path
) -> None:
    keep_large(archive, SINGLE_PUT_BYTES + 3 * PART_BYTES)
    (row,) = kept_rows(archive)
    s3.faults = [Fault("hang", methods=("PUT",), where=lambda path: "partNumber=3" in path)]
    client = seaweed.client()
    with working(values, tmp_path / "log") as process:
        until(lambda: s3.faults[0].met >= 1, within_s=30)
        small = ingest_some(archive, 3)  # small ones go by beside it
        until(lambda: waiting(archive) == 1)
        os.kill(process.pid, signal.SIGKILL)
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads")
    s3.faults = []
    with working(values, tmp_path / "log"):
        until(lambda: waiting(archive) == 0, within_s=60)
    assert not client.list_multipart_uploads(Bucket=bucket).get("Uploads")
    rows = kept_rows(archive)
    assert len(rows) == 1 + len(small)
    assert all(is_verified(archive, found) for found in rows)
    assert archive.objects.head(row["object_key"]).size == row["size"]


def test_a_part_that_fails_does_not_void_the_whole(archive: Archive, s3: FaultyS3) -> None:
    keep_large(archive, SINGLE_PUT_BYTES + 2 * PART_BYTES)
    first = Fault("503", times=1, where=lambda path: "partNumber=1" in path)
    third = Fault("reset", times=1, where=lambda path: "partNumber=3" in path)
    with s3.doing(first, third), uploading(archive):
        until(lambda: waiting(archive) == 0, within_s=60)
    assert sum("uploads" in path and method == "POST" for method, path in s3.requests) == 1
    (row,) = kept_rows(archive)
    assert is_verified(archive, row)


def test_a_large_instance_takes_little_memory(
    archive: Archive, values: dict[str, str], seaweed: seaweedfs.SeaweedFS, tmp_path: Path
) -> None:
    keep_large(archive, 400 * 2**20)
    straight = values | {"s3_endpoint": seaweed.endpoint}
    with working(straight, tmp_path / "log") as process:
        until(lambda: waiting(archive) == 0, within_s=120)
        status = Path(f"/proc/{process.pid}/status").read_text()
    peak_kb = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
    assert peak_kb < 300 * 1024
    (row,) = kept_rows(archive)
    assert archive.objects.head(row["object_key"]).size == row["size"]
