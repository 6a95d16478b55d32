"""What waits for the object store is told to Prometheus, also while nothing does."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from pacs.web.queue_gauges import queue_gauges
from storage.archive import Archive
from storage.archive.upload import Uploader, upload_pending
from storage.index import spooled
from storage.settings import StorageSettings
from tests.pacs.server import WebServer
from tests.storage.generated import ct_slice, keep
from tests.wait import HUNG_S


@pytest.fixture
def archive(storage_settings: StorageSettings) -> Iterator[Archive]:
    opened = Archive.open(storage_settings.model_copy(update={"minimum_free_bytes": 0}))
    opened.index.migrate()
    yield opened
    opened.close()


def values(archive: Archive) -> dict[str, float]:
    """The gauges of this node by name."""
    found = re.findall(
        rf'^filmless_queue_(\w+){{node="{archive.spool.node}"}} (\S+)$', queue_gauges(archive).decode(), re.M
    )
    return {name: float(value) for name, value in found}


def test_the_gauges_follow_the_queue(archive: Archive) -> None:
    assert values(archive) == {}
    for _ in range(3):
        keep(archive, ct_slice())
    size = sum(path.stat().st_size for path in archive.spool.ready.iterdir())
    found = values(archive)
    assert (found["instances"], found["bytes"], found["failing"], found["away_seconds"]) == (3, size, 0, 0)
    assert 0 <= found["oldest_seconds"] < 60
    upload_pending(archive)
    uploader = Uploader(archive)
    uploader.step(0)
    uploader.close()
    assert set(values(archive).values()) == {0.0}


def test_a_store_that_is_away_is_an_age(archive: Archive) -> None:
    now = datetime.now(UTC)
    with archive.index.write() as connection:
        spooled.note_uploader(
            connection,
            archive.spool.node,
            away_since=now - timedelta(minutes=10),
            reason="unreachable",
            failing=2,
            now=now,
        )
    found = values(archive)
    assert found["failing"] == 2
    assert 600 <= found["away_seconds"] < 660


def test_the_web_gives_them_beside_its_own(web: WebServer) -> None:
    text = httpx.get(f"{web.url}/metrics", timeout=HUNG_S).text
    assert "# TYPE filmless_queue_oldest_seconds gauge" in text
    assert "filmless_http_requests_total" in text
