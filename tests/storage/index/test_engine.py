"""Transactions of the index on both engines, and what it says when the database is away."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from storage.errors import StoreUnavailable
from storage.index.engine import Conflict, Index
from storage.index.schema import facility


@pytest.fixture
def index(database_url: str) -> Iterator[Index]:
    made = Index(database_url)
    made.migrate()
    yield made
    made.close()


def codes(index: Index) -> list[str]:
    with index.read() as connection:
        return list(connection.execute(select(facility.c.code).order_by(facility.c.code)).scalars())


def test_a_block_that_ends_commits_and_one_that_raises_does_not(index: Index) -> None:
    with index.write() as connection:
        connection.execute(insert(facility).values(code="A"))

    def fail() -> None:
        with index.write() as connection:
            connection.execute(insert(facility).values(code="B"))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert codes(index) == ["A"]


def test_a_durable_commit_is_a_commit(index: Index) -> None:
    with index.write(durable=True) as connection:
        connection.execute(insert(facility).values(code="A"))
    assert codes(index) == ["A"]
    if index.is_sqlite:
        with index.read() as connection:
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 1


def test_what_a_writer_reads_does_not_change_before_it_writes(index: Index) -> None:
    with index.write() as connection:
        connection.execute(insert(facility).values(code="N0"))

    def add() -> None:
        for _ in range(10):
            with index.write() as connection:
                if not index.is_sqlite:
                    connection.execute(text("LOCK TABLE facility IN EXCLUSIVE MODE"))
                count = connection.scalar(select(func.count()).select_from(facility))
                connection.execute(insert(facility).values(code=f"N{count}"))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes(index)) == 41


def test_a_transaction_given_up_is_tried_again(index: Index) -> None:
    attempts: list[int] = []

    def work(connection: object) -> str:
        attempts.append(1)
        if len(attempts) < 3:
            raise Conflict("again")
        return "done"

    assert index.in_transaction(work) == "done"
    assert len(attempts) == 3


def test_a_deadlock_is_resolved_by_another_attempt(index: Index) -> None:
    if index.is_sqlite:
        pytest.skip("SQLite has one writer at a time: no deadlock")
    with index.write() as connection:
        connection.execute(insert(facility), [{"code": "A"}, {"code": "B"}])
    meet = threading.Barrier(2)
    first_attempt = threading.local()

    def rename(one: str, other: str) -> None:
        def work(connection: object) -> None:
            for code in (one, other):
                connection.execute(  # type: ignore[attr-defined]
                    text("UPDATE facility SET name = name || :x WHERE code = :code"), {"code": code, "x": one}
                )
                if code == one and not getattr(first_attempt, "done", False):
                    first_attempt.done = True
                    meet.wait(10)

        index.in_transaction(work)

    threads = [threading.Thread(target=rename, args=pair) for pair in (("A", "B"), ("B", "A"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with index.read() as connection:
        names = connection.execute(select(facility.c.name)).scalars().all()
    assert {frozenset(name) for name in names} == {frozenset("AB")}


def test_a_broken_rule_of_the_tables_is_not_called_an_outage(index: Index) -> None:
    with pytest.raises(IntegrityError), index.write() as connection:
        connection.execute(insert(facility), [{"code": "A"}, {"code": "A"}])


def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    for url in (
        f"sqlite:///{tmp_path / 'absent' / 'index.db'}",
        f"postgresql+psycopg://filmless@/none?host={tmp_path}",
    ):
        index = Index(url)
        with pytest.raises(StoreUnavailable):
            index.check()
        index.close()


def test_a_damaged_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"this is no database" * 1000)
    index = Index(f"sqlite:///{tmp_path / 'index.db'}")
    with pytest.raises(StoreUnavailable):
        index.check()
    index.close()


def test_a_checkpoint_empties_the_log_of_sqlite_beside_a_reader(index: Index) -> None:
    for number in range(20):
        with index.write() as connection:
            connection.execute(insert(facility).values(code=f"N{number}"))
    with index.read() as reader:
        reader.execute(select(func.count()).select_from(facility))
        index.checkpoint()
    assert len(codes(index)) == 20
    if index.is_sqlite and index.url.database:
        with index.write() as connection:
            connection.execute(insert(facility).values(code="ONE"))
        copy = Path(index.url.database).with_name("copy.sqlite")
        copy.write_bytes(Path(index.url.database).read_bytes())
        alone = Index(f"sqlite:///{copy}")
        assert len(codes(alone)) == 20, "what the log held is in the file"
        alone.close()
