"""Plans of the hot queries over many rows: each finds its studies by an index, on both engines."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from storage.dicom.attributes import BY_KEYWORD, Level
from storage.dicom.matching import Range, match_of
from storage.dicom.search_value import SearchAttribute
from storage.index import listing, schema, search
from storage.index.engine import Index
from storage.index.instances import insert_or_ignore
from storage.index.paging import plan_by_values
from storage.index.searchable_schema import study_value

STUDIES = 10_000
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Ten thousand studies of two facilities, one a minute."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").database()
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('plan') / 'index.db'}"
    made = Index(url)
    made.migrate()
    with made.write() as connection:
        connection.execute(insert(schema.facility), [{"id": 1, "code": "A"}, {"id": 2, "code": "B"}])
        connection.execute(insert(schema.study), [_study(number) for number in range(STUDIES)])
    with made.write() as connection:
        connection.execute(text("ANALYZE"))
    yield made
    made.close()


def _study(number: int) -> dict[str, Any]:
    at = START + timedelta(minutes=number)
    return {
        "id": number + 1,
        "study_instance_uid": f"1.2.{number}",
        "facility_id": 1 + number % 2,
        "patient_name": f"NGUYỄN^VĂN^{number}",
        "search_patient_name": f"NGUYEN^VAN^{number}",
        "search_text": f" {number} NGUYEN P{number} VAN ",
        "patient_id": f"P{number}",
        "accession_number": f"A{number}",
        "study_date": (START + timedelta(days=number // 10)).strftime("%Y%m%d"),
        "study_time": "1015",
        "received_at": at,
        "updated_at": at,
    }


def _plan(index: Index, work: Any) -> str:
    """How the engine runs the first statement of some work."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    event.listen(index.engine, "before_cursor_execute", note)
    try:
        with index.read() as connection:
            work(connection)
    finally:
        event.remove(index.engine, "before_cursor_execute", note)
    statement, parameters = next(one for one in seen if "FROM study" in one[0])
    explain = "EXPLAIN QUERY PLAN" if index.is_sqlite else "EXPLAIN"
    with index.read() as connection:
        plan_by_values(connection)
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)
        return "\n".join(str(row[-1]) for row in rows)


def _search(connection: Connection, **keys: str) -> Any:
    conditions = [
        search.Condition(BY_KEYWORD[name], match_of(BY_KEYWORD[name].vr, value)) for name, value in keys.items()
    ]
    page = search.Page((), 100, 0)
    return search.matches(connection, Level.STUDY, conditions, None, page, fuzzy=False, combined=True)


@pytest.mark.parametrize(
    ("keys", "used"),
    [
        ({"PatientID": "P77"}, "ix_study_patient_id"),
        ({"PatientID": "P777*"}, "ix_study_patient_id"),
        ({"StudyDate": "20240301"}, "ix_study_newest"),
        ({"StudyDate": "20240301-20240303"}, "ix_study_newest"),
        ({"StudyInstanceUID": "1.2.77"}, "study_instance_uid"),
        ({"StudyInstanceUID": "1.2.77,1.2.78"}, "study_instance_uid"),
        ({"AccessionNumber": "A77"}, "ix_study_accession_number"),
        ({"PatientName": "Nguyễn^Văn^777*"}, "ix_study_named"),
    ],
)
def test_queries_use_their_index(index: Index, keys: dict[str, str], used: str) -> None:
    plan = _plan(index, lambda connection: _search(connection, **keys))
    assert used in plan or (not index.is_sqlite and "study_instance_uid" in used and "uq_study" in plan), plan
    assert "SCAN study" not in plan
    assert "Seq Scan on study" not in plan


def test_newest_studies_come_from_the_index_of_changes(index: Index) -> None:
    wanted = listing.Wanted()
    plan = _plan(index, lambda connection: listing.page(connection, wanted, None, 50, 0))
    assert "ix_study_updated_at" in plan, plan
    plan = _plan(index, lambda connection: listing.page(connection, wanted, {1}, 50, 0))
    assert "updated_at" in plan, plan
    plan = _plan(index, lambda connection: listing.changed(connection, START + timedelta(minutes=9990), None, 100))
    assert "ix_study_updated_at" in plan, plan


def test_newest_examinations_come_from_the_index_of_dates(index: Index) -> None:
    plan = _plan(index, _search)
    assert "ix_study_newest" in plan, plan


@pytest.mark.parametrize("value", ["V77", "V777*", "V7-V8"])
def test_values_beside_the_columns_use_their_index(index: Index, value: str) -> None:
    comments = SearchAttribute(1_000, "00104000", "LT", Level.PATIENT)
    with index.write() as connection:
        rows = [
            {"owner_fk": n + 1, "attribute_id": 1_000, "item": 0, "leaf": 0, "value": f"V{n}"} for n in range(STUDIES)
        ]
        connection.execute(insert_or_ignore(connection, study_value), rows)
    with index.write() as connection:
        connection.execute(text("ANALYZE"))
    match = Range(*value.split("-")) if "-" in value else match_of("LT", value)
    wanted = [search.ValueCondition(comments, match)]

    def find(connection: Connection) -> None:
        page = search.Page((), 100, 0)
        assert search.matches(connection, Level.STUDY, wanted, None, page, fuzzy=False, combined=True).rows

    plan = _plan(index, find)
    assert "study_value" in plan, plan
    assert not re.search(r"Seq Scan on study|SCAN (study|v\d*|study_value)\b(?! USING)", plan), plan
