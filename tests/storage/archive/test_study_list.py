"""The study list, what changed of late, and the manifest."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from storage.access import accounts, audit
from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.archive import Archive
from storage.archive.opening import open_study
from storage.archive.query import StudyFilter, changed_studies, count_studies, list_studies, study_manifest
from storage.errors import Forbidden, InvalidQuery, NotFound
from storage.index import schema
from tests.storage.samples import ct, keep, uid

HERE = Principal("user", "an", frozenset({Role.REFERRER}), frozenset({1}))
STRANGER = Principal("ae", "CT1", facilities=frozenset({1}), rights=frozenset({Action.STORE}))


def _stock(archive: Archive) -> None:
    keep(archive, ct("a", StudyDescription="CT sọ não", AccessionNumber="CĐ-77"))
    keep(archive, ct("b", PatientName="TRAN THI HOA", PatientID="000123456789", StudyDate="20240201", Modality="MR"))
    keep(archive, ct("c", PatientName="LÊ^ĐỨC^NGUYÊN", PatientID="X_9%", StudyDate=""), facility_id=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("duc nguyen", {"a", "c"}),
        ("NGUYỄN đức", {"a", "c"}),
        ("  van   DUC ", {"a"}),
        ("so nao", {"a"}),
        ("sọ BN-001", {"a"}),
        ("cd-77", {"a"}),
        ("56789", {"b"}),
        ("hoa", {"b"}),
        ("oa", set()),
        ("duc hoa", set()),
        ("x_9%", {"c"}),
        ("%", {"a", "b", "c"}),
        ("' OR 1=1 --", set()),
        ("", {"a", "b", "c"}),
    ],
)
def test_every_word_is_found_in_any_order_without_accents(archive: Archive, text: str, expected: set[str]) -> None:
    _stock(archive)
    page = list_studies(archive, StudyFilter(text=text), SYSTEM)
    assert {row.study_instance_uid for row in page.rows} == {uid(word) for word in expected}
    assert page.total == len(expected)


def test_filters_pages_and_order(archive: Archive) -> None:
    _stock(archive)

    def found(**filters: object) -> list[str]:
        wanted = StudyFilter(**filters)  # type: ignore[arg-type]  # each test names its own
        return [row.study_instance_uid for row in list_studies(archive, wanted, SYSTEM).rows]

    assert found() == [uid("c"), uid("b"), uid("a")]
    assert found(modalities=("MR",)) == [uid("b")]
    assert found(modalities=("MR", "CT")) == [uid("c"), uid("b"), uid("a")]
    assert found(modalities=("C",)) == []
    assert found(modalities=("%",)) == []
    assert found(date_from="20240106") == [uid("b")]
    assert found(date_to="20240131") == [uid("a")]
    assert found(limit=1, offset=1) == [uid("b")]
    page = list_studies(archive, StudyFilter(limit=1, offset=5), SYSTEM)
    assert (page.rows, page.total) == ([], 3)
    keep(archive, ct("a", 1, 2))
    assert found()[0] == uid("a")


def test_facilities_states_and_orders(archive: Archive) -> None:
    _stock(archive)
    person = Principal("user", "bs.an", frozenset({Role.RADIOLOGIST}), None)
    accounts.add(archive.index, "bs.an", "a long enough passphrase", [Role.RADIOLOGIST])

    def found(**filters: object) -> list[str]:
        wanted = StudyFilter(**filters)  # type: ignore[arg-type]  # each test names its own
        return [row.study_instance_uid for row in list_studies(archive, wanted, person).rows]

    assert found(facilities=("01001",)) == [uid("b"), uid("a")]
    assert found(facilities=("01001", "nowhere")) == [uid("b"), uid("a")]
    assert found(facilities=("nowhere",)) == []
    assert list_studies(archive, StudyFilter(facilities=("79001",)), HERE).rows == [], "out of reach stays out of reach"
    assert found(order="patient", descending=False) == [uid("c"), uid("a"), uid("b")]
    assert found(order="patient", descending=False, limit=1, offset=1) == [uid("a")]
    assert found(order="date") == [uid("b"), uid("a"), uid("c")]
    assert found(order="date", text="duc", descending=False) == [uid("c"), uid("a")]
    open_study(archive, uid("b"), person)
    open_study(archive, uid("b"), person)
    assert found(state="opened") == [uid("b")]
    assert found(state="unopened") == [uid("c"), uid("a")]
    assert list_studies(archive, StudyFilter(), person).opened == {uid("b")}
    assert count_studies(archive, StudyFilter(state="unopened"), person) == 2
    assert count_studies(archive, StudyFilter(text="duc nguyen"), HERE) == 1
    assert found(state="arriving") == [uid("c"), uid("b"), uid("a")]
    with archive.index.write() as connection:
        connection.execute(update(schema.study).values(updated_at=datetime.now(UTC) - timedelta(seconds=11)))
    assert found(state="arriving") == []
    with pytest.raises(InvalidQuery):
        list_studies(archive, StudyFilter(state="opened"), SYSTEM)
    with pytest.raises(Forbidden):
        open_study(archive, uid("c"), HERE)


def test_only_studies_in_reach_are_listed_and_only_to_who_may_search(archive: Archive) -> None:
    _stock(archive)
    page = list_studies(archive, StudyFilter(), HERE)
    assert {row.facility_code for row in page.rows} == {"01001"}
    assert page.total == 2
    with pytest.raises(Forbidden):
        list_studies(archive, StudyFilter(), STRANGER)
    with pytest.raises(InvalidQuery):
        list_studies(archive, StudyFilter(text="a b c d e f g h i j k l m n o p q r"), SYSTEM)
    with archive.index.read() as connection:
        searches = [event for event in audit.events(connection) if event.action == "search"]
    assert [(event.actor, event.outcome) for event in searches] == [("CT1", "refused"), ("an", "success")]


def test_a_row_says_what_the_list_shows(archive: Archive) -> None:
    _stock(archive)
    keep(archive, ct("a", 2, Modality="SR"))
    row = list_studies(archive, StudyFilter(text="bn-001"), SYSTEM).rows[0]
    assert row.patient_name == "NGUYỄN^VĂN^ĐỨC"
    assert row.modalities == ("CT", "SR")
    assert (row.number_of_series, row.number_of_instances) == (2, 2)
    assert (row.facility_id, row.facility_code, row.facility_name) == (1, "01001", "Bệnh viện Bạch Mai")
    assert row.arriving
    assert row.received_at.tzinfo is not None


def test_a_study_that_rests_is_no_longer_arriving(archive: Archive) -> None:
    keep(archive, ct("a"))
    with archive.index.write() as connection:
        connection.execute(update(schema.study).values(updated_at=datetime.now(UTC) - timedelta(seconds=30)))
    assert not list_studies(archive, StudyFilter(), SYSTEM).rows[0].arriving


def test_changes_since_a_time_in_reach(archive: Archive) -> None:
    before = datetime.now(UTC)
    keep(archive, ct("a"))
    keep(archive, ct("c"), facility_id=2)
    between = datetime.now(UTC)
    assert [row.study_instance_uid for row in changed_studies(archive, before, None)] == [uid("c"), uid("a")]
    assert [row.study_instance_uid for row in changed_studies(archive, before, {1})] == [uid("a")]
    assert changed_studies(archive, before, frozenset()) == []
    assert changed_studies(archive, between, None) == []
    keep(archive, ct("a", 1, 2))
    (row,) = changed_studies(archive, between, None)
    assert row.number_of_instances == 2


def test_manifest_lays_a_study_out(archive: Archive) -> None:
    for number in (3, 1, 2):
        keep(archive, ct("a", 2, number, SeriesDescription="Ngực", BodyPartExamined="CHEST"))
    keep(archive, ct("a", 1, 1, Modality="SR", PixelData=None, Rows=None))
    manifest = study_manifest(archive, uid("a"), HERE)
    assert manifest.study.number_of_instances == 4
    report, chest = manifest.series
    assert (report.modality, report.series_number, report.representative) == ("SR", 1, None)
    assert not report.instances[0].image
    assert [one.instance_number for one in chest.instances] == [1, 2, 3]
    assert (chest.body_part, chest.series_description, chest.number_of_instances) == ("CHEST", "Ngực", 3)
    assert chest.representative is not None
    assert (chest.representative.sop_instance_uid, chest.representative.frame) == (uid("a", 2, 2), 1)
    assert (chest.instances[0].rows, chest.instances[0].columns, chest.instances[0].number_of_frames) == (4, 6, 1)


def test_manifest_is_refused_to_other_facilities_and_noted_once(archive: Archive) -> None:
    keep(archive, ct("c"), facility_id=2)
    keep(archive, ct("a"))
    for _ in range(3):
        study_manifest(archive, uid("a"), HERE)
    with pytest.raises(Forbidden, match="facility"):
        study_manifest(archive, uid("c"), HERE)
    with pytest.raises(NotFound):
        study_manifest(archive, "1.2.3", HERE)
    with archive.index.read() as connection:
        events = [event for event in audit.events(connection) if event.action == "view"]
    assert [(event.study_instance_uid, event.outcome, event.patient_id) for event in events] == [
        (uid("c"), "refused", "BN-001"),
        (uid("a"), "success", "BN-001"),
    ]
