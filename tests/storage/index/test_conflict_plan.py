"""The questions that ingest asks about conflicts are answered by an index, however much the archive holds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from storage.index import discrepancies, quarantine, schema
from storage.index.engine import Index
from storage.index.prepared import Prepared

MANY = 10_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Ten thousand studies with a series and a discrepancy each, half of these and most quarantined files settled."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").database()
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('plan') / 'index.db'}"
    made = Index(url)
    made.migrate()
    with made.write() as connection:
        connection.execute(insert(schema.facility), [{"id": 1, "code": "A"}, {"id": 2, "code": "B"}])
        connection.execute(insert(schema.study), [_study(number) for number in range(1, MANY + 1)])
        connection.execute(insert(schema.series), [_series(number) for number in range(1, MANY + 1)])
        connection.execute(insert(schema.discrepancy), [_discrepancy(number) for number in range(1, MANY + 1)])
        connection.execute(insert(schema.quarantine), [_quarantined(number) for number in range(1, MANY + 1)])
    with made.write() as connection:
        connection.execute(text("ANALYZE"))
    yield made
    made.close()


def _study(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "study_instance_uid": f"1.2.{number}",
        "facility_id": 1 + number % 2,
        "patient_id": f"P{number // 4}",
        "received_at": NOW,
        "updated_at": NOW,
    }


def _series(number: int) -> dict[str, Any]:
    times = {"received_at": NOW, "updated_at": NOW}
    return {"id": number, "study_fk": number, "series_instance_uid": f"1.2.{number}.1", **times}


def _discrepancy(number: int) -> dict[str, Any]:
    return {
        "key": str(number),
        "kind": "study",
        "state": "dismissed" if number % 2 else "open",
        "study_fk": number,
        "attribute": "study_id",
        "kept": "a",
        "arrived": "b",
        "subject": f"S{number}",
        "first_seen_at": NOW,
        "last_seen_at": NOW,
    }


def _quarantined(number: int) -> dict[str, Any]:
    return {
        "file_name": f"n-{number}",
        "node": "n",
        "kind": "conflict",
        "state": "open" if number % 100 == 0 else "discarded",
        "reason": "",
        "sop_instance_uid": f"1.2.{number}",
        "dataset_sha256": str(number),
        "received_at": NOW,
    }


def plan(index: Index, work: Callable[[Connection], Any], monkeypatch: pytest.MonkeyPatch) -> str:
    """How the engine runs the statement of some work."""
    seen: list[tuple[str, Any]] = []
    run = Prepared.run

    def note_prepared(prepared: Prepared, cursor: Any, values: Any) -> None:
        seen.append(prepared.bound(values))
        run(prepared, cursor, values)

    monkeypatch.setattr(Prepared, "run", note_prepared)

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    event.listen(index.engine, "before_cursor_execute", note)
    try:
        with index.write() as connection:
            work(connection)
    finally:
        event.remove(index.engine, "before_cursor_execute", note)
    statement, parameters = next(one for one in seen if one[0].startswith(("SELECT", "UPDATE")))
    explain = "EXPLAIN QUERY PLAN" if index.is_sqlite else "EXPLAIN"
    with index.read() as connection:
        bound = tuple(parameters) if isinstance(parameters, list) else parameters
        found = connection.exec_driver_sql(f"{explain} {statement}", bound)
        return "\n".join(str(row[-1]) for row in found)


@pytest.mark.parametrize(
    ("work", "used"),
    [
        (lambda c: discrepancies.others_of_patient(c, 1, "P77", 5, 200), "ix_study_facility_id_patient_id"),
        (lambda c: discrepancies.others_of_series(c, "1.2.77.1", 5, 10), "ix_series_series_instance_uid"),
        (lambda c: discrepancies.count_again(c, "77", NOW), "discrepancy_key|sqlite_autoindex_discrepancy"),
        (lambda c: discrepancies.number_of_study(c, 77), "ix_discrepancy_study_fk"),
        (lambda c: discrepancies.dismissed_subjects(c, ["S77"]), "ix_discrepancy_subject"),
        (lambda c: quarantine.same_content(c, "1.2.100", "100"), "uq_quarantine_open_conflict"),
        (lambda c: quarantine.bytes_of_node(c, "n"), "ix_quarantine_state_id"),
        (lambda c: quarantine.page(c, None, None, 50, 0), "ix_quarantine_state_id"),
    ],
)
def test_by_an_index(
    index: Index, work: Callable[[Connection], Any], used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = plan(index, work, monkeypatch)
    assert any(name in found for name in used.split("|")), found
    assert "Seq Scan" not in found
