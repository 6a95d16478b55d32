"""The same product on PostgreSQL and S3, with two web and two DICOM processes."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.peers.postgresql import PostgreSQL
from tests.peers.seaweedfs import SeaweedFS
from tests.wait import HUNG_S, until

pytestmark = pytest.mark.interop


@pytest.fixture
def cluster(start_pacs: Callable[..., Filmless], postgres: PostgreSQL, seaweed: SeaweedFS) -> tuple[Filmless, str]:
    """A Filmless of several processes, and its bucket."""
    bucket = seaweed.bucket()
    settings = {f"FILMLESS_{name.upper()}": value for name, value in seaweed.settings(bucket).items()}
    server = start_pacs(
        **settings,
        FILMLESS_DATABASE_URL=postgres.database(),
        FILMLESS_WEB_PROCESSES="2",
        FILMLESS_DICOM_PROCESSES="2",
    )
    return server, bucket


def test_four_senders_then_every_byte_comes_back(
    cluster: tuple[Filmless, str], seaweed: SeaweedFS, tmp_path: Path
) -> None:
    server, bucket = cluster
    groups = [instances.study(25, patient_id=f"P{number}") for number in range(4)]
    folders = [instances.save(group, tmp_path / str(number)) for number, group in enumerate(groups)]
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda paths: dcmtk.dcmsend(paths, server.dicom_port), folders))
    assert all(set(one.statuses.values()) == {0} and len(one.statuses) == 25 for one in sent)

    with server.client() as client:
        rows = client.get("/api/studies").json()["studies"]
        assert sorted(row["number_of_instances"] for row in rows) == [25] * 4
        for group in groups:
            for ds in group:
                path = instances.path(ds)
                frame = client.get(
                    f"{path}/frames/1", headers={"Accept": "application/octet-stream; transfer-syntax=*"}
                )
                assert frame.content == ds.PixelData

    def in_bucket() -> int:
        pages = seaweed.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="archive/instances/")
        return sum(len(page.get("Contents", [])) for page in pages)

    until(lambda: in_bucket() == 100, within_s=30)
    until(lambda: not list((server.data / "spool" / "ready").iterdir()), within_s=30)
    with server.client() as client:
        for ds in groups[0]:
            path = (
                f"/dicom-web/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"
            )
            frame = client.get(f"{path}/frames/1", headers={"Accept": "application/octet-stream; transfer-syntax=*"})
            assert frame.content == ds.PixelData


def test_any_process_can_be_killed(cluster: tuple[Filmless, str], tmp_path: Path) -> None:
    server, _ = cluster
    children = psutil.Process(server.pid).children()
    assert len(children) == 4, "two DICOM processes, web and worker"
    paths = instances.save(instances.study(5), tmp_path / "files")
    assert set(dcmtk.dcmsend(paths, server.dicom_port).statuses.values()) == {0}
    for child in children:
        child.kill()

    def answers() -> bool:
        try:
            return httpx.get(f"{server.url}/ready", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    until(answers, within_s=40)
    more = instances.save(instances.study(5), tmp_path / "more")

    def receives() -> bool:
        return set(dcmtk.dcmsend(more, server.dicom_port).statuses.values()) == {0}

    until(receives, within_s=40)
    with server.client() as client:
        assert client.get("/api/studies").json()["total"] == 2


def test_a_study_is_live_in_every_web_process(cluster: tuple[Filmless, str], tmp_path: Path) -> None:
    server, _ = cluster
    heard: list[str] = []
    stop = threading.Event()
    opened = threading.Barrier(5, timeout=20)

    def listen() -> None:
        with server.client() as client, client.stream("GET", "/api/events", timeout=20) as stream:
            opened.wait()
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    heard.append(line)
                    return
                if stop.is_set():
                    return

    server.token()
    threads = [threading.Thread(target=listen, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    opened.wait()
    dcmtk.dcmsend(instances.save(instances.study(2), tmp_path / "files"), server.dicom_port)
    for thread in threads:
        thread.join(HUNG_S)
    stop.set()
    assert len(heard) == 4
