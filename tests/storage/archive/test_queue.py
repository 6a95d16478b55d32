"""What waits is counted per node by an index that holds nothing else, and its failures are told."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert, text

from storage.archive import Archive
from storage.archive.queue import queue_state
from storage.archive.upload import Uploader, upload_pending
from storage.archive.waiting import LARGE_BYTES, Waiting
from storage.index import schema, spooled
from storage.settings import StorageSettings
from storage.spool import Spool
from tests.storage.generated import ct_slice, keep
from tests.wait import until


@pytest.fixture
def archive(storage_settings: StorageSettings) -> Iterator[Archive]:
    opened = Archive.open(storage_settings.model_copy(update={"minimum_free_bytes": 0}))
    opened.index.migrate()
    yield opened
    opened.close()


def test_depth_bytes_and_age_of_each_node(archive: Archive, tmp_path: Path) -> None:
    assert queue_state(archive).nodes == ()
    assert queue_state(archive).oldest_at is None
    before = datetime.now(UTC)
    for _ in range(3):
        keep(archive, ct_slice())
    other = replace(archive, spool=Spool(tmp_path / "other"))
    keep(other, ct_slice())
    state = queue_state(archive)
    assert {node.node: node.instances for node in state.nodes} == {archive.spool.node: 3, other.spool.node: 1}
    sizes = [path.stat().st_size for spool in (archive.spool, other.spool) for path in spool.ready.iterdir()]
    assert (state.instances, state.bytes) == (4, sum(sizes))
    assert state.oldest_at is not None
    assert before <= state.oldest_at <= datetime.now(UTC)
    assert upload_pending(archive) == 3
    assert [node.node for node in queue_state(archive).nodes] == [other.spool.node]
    other.close()


def test_the_uploader_says_when_the_store_is_away_and_when_it_is_back(archive: Archive) -> None:
    keep(archive, ct_slice())
    objects = Path(archive.settings.object_store_url)
    objects.rmdir()
    objects.write_text("no folder")  # what a mount that went away looks like
    uploader = Uploader(archive)
    try:
        until(lambda: bool(uploader.step(0.05)) and queue_state(archive).away_since is not None)
        (node,) = queue_state(archive).nodes
        assert (node.instances, node.failing, node.reason) == (1, 1, "unreachable")
        objects.unlink()
        objects.mkdir()
        until(lambda: (uploader.step(0.05), queue_state(archive).instances)[1] == 0)
        until(lambda: (uploader.step(0.05), queue_state(archive).away_since)[1] is None)
        assert queue_state(archive).instances == 0
    finally:
        uploader.close()


def test_large_instances_wait_apart_from_small_ones(archive: Archive) -> None:
    for _ in range(6):
        keep(archive, ct_slice())
    with archive.index.write() as connection:
        connection.execute(text(f"UPDATE instance SET size = {LARGE_BYTES + 1} WHERE id <= 4"))
    waiting = Waiting(archive)
    assert waiting.take(10, large=True) == []
    assert [row["id"] for row in waiting.take(10)] == [5, 6]
    assert [row["id"] for row in waiting.take(10, large=True)] == [1, 2, 3, 4]


def test_failing_ones_at_the_head_do_not_hide_those_behind(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.archive.waiting._PAGE", 3)
    for _ in range(10):
        keep(archive, ct_slice())
    waiting = Waiting(archive)
    for row in waiting.take(7):
        waiting.failed(row)
    assert waiting.failing == 7
    assert [row["id"] for row in waiting.take(7)] == [8, 9, 10]
    assert waiting.take(7) == []
    keep(archive, ct_slice())
    assert [row["id"] for row in waiting.take(7)] == [11]
    waiting.forgive()
    again: set[int] = set()

    def take_more() -> bool:
        again.update(row["id"] for row in waiting.take(10))
        return len(again) == 7

    until(take_more, within_s=2)
    assert again == set(range(1, 8))


def test_the_queue_is_read_from_its_own_index(archive: Archive) -> None:
    """Among many stored instances the few that wait are found without looking at the others."""
    keep(archive, ct_slice())
    with archive.index.write() as connection:
        row = dict(connection.execute(schema.instance.select()).mappings().one())
        at = datetime.now(UTC) - timedelta(days=1)
        connection.execute(
            insert(schema.instance),
            [
                {**row, "id": number, "sop_instance_uid": f"9.{number}", "location": "object", "stored_at": at}
                for number in range(1000, 6000)
            ],
        )
    with archive.index.write() as connection:
        connection.execute(text("ANALYZE"))
    seen: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(archive.index.engine, "before_cursor_execute", note)
    with archive.index.read() as connection:
        assert len(spooled.waiting(connection, archive.spool.node, limit=10)) == 1
        assert [row["instances"] for row in spooled.queue(connection)] == [1]
    event.remove(archive.index.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if archive.index.is_sqlite else "EXPLAIN"
    for statement, parameters in [one for one in seen if one[0].startswith("SELECT")]:
        with archive.index.read() as connection:
            plan = "\n".join(
                str(row[-1])
                for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)  # type: ignore[arg-type]
            )
        assert "ix_instance_waiting" in plan, plan


def test_receiving_comes_first(archive: Archive) -> None:
    precedence = archive.precedence
    os.utime(archive.spool.incoming, (0, 0))
    assert not precedence.is_receiving()
    assert precedence.rest_after(1.0) == 0
    keep(archive, ct_slice())
    assert precedence.is_receiving()
    assert precedence.rest_after(0.1) == pytest.approx(0.9)
    until(lambda: not precedence.is_receiving(), within_s=2)
