"""The query engine: match types, names, scope, answers, paging, and what is refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from storage.access import audit, facilities
from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.archive import Archive
from storage.archive.query import Query, QueryResult, search
from storage.errors import Forbidden, InvalidQuery
from storage.settings import StorageSettings
from tests.storage.samples import ct, keep, uid

HERE = Principal("user", "an", frozenset({Role.RADIOLOGIST}), frozenset({1}))
PATIENT_ID, PATIENT_NAME, STUDY_UID = "00100020", "00100010", "0020000D"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stocked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Five studies in two facilities, with the names that the field has; the tests of this module only read it."""
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    settings = {"data_dir": tmp_path_factory.mktemp("data"), "database_url": url, "minimum_free_bytes": 0}
    archive = Archive.open(StorageSettings.model_validate(settings))
    archive.index.migrate()
    facilities.get_or_create(archive.index, "01001")
    facilities.get_or_create(archive.index, "79001")
    keep(archive, ct("a", 1, 1, StudyDescription="CT sọ não", AccessionNumber="A100"))
    keep(archive, ct("a", 1, 2, StudyDescription="CT sọ não", AccessionNumber="A100"))
    keep(archive, ct("a", 2, 1, Modality="SR", SeriesDescription="Báo cáo", AccessionNumber="A100"))
    keep(archive, ct("b", PatientName="NGUYEN VAN DUC", PatientID="BN-002", StudyDate="20240106", StudyTime="0800"))
    keep(archive, ct("c", PatientName="Trần Thị Đào", PatientID="bn-003", StudyDate="20240110", Modality="MR"))
    keep(
        archive,
        ct("d", PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう", PatientID="100%_A", StudyDate="20231231"),
    )
    keep(archive, ct("e", PatientName="LÊ^HOÀNG", PatientID="100xyA", StudyDate="", StudyTime=""), facility_id=2)
    yield archive
    archive.close()


def ids(result: QueryResult) -> set[str]:
    return {row[PATIENT_ID]["Value"][0] for row in result.rows}


def find(archive: Archive, **keys: str) -> set[str]:
    return ids(search(archive, Query("STUDY", keys), SYSTEM))


def value(row: dict[str, Any], path: str) -> Any:
    return row[path].get("Value", [None])[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NGUYỄN^VĂN^ĐỨC", {"BN-001", "BN-002"}),
        ("nguyen*", {"BN-001", "BN-002"}),
        ("Nguyễn*", {"BN-001", "BN-002"}),
        ("nguyen van duc", {"BN-001", "BN-002"}),
        ("NGUYEN^VAN*", {"BN-001", "BN-002"}),
        ("*đức", {"BN-001", "BN-002"}),
        ("NGUYEN", set()),
        ("nguyen?van?duc", {"BN-001", "BN-002"}),
        ("trần thị đào", {"bn-003"}),
        ("TRAN^THI^DAO", {"bn-003"}),
        ("tran*dao", {"bn-003"}),
        ("yamada^tarou", {"100%_A"}),
        ("山田*", {"100%_A"}),
        ("やまだ^たろう", {"100%_A"}),
        ("yamada^tarou=山田^太郎=やまだ^たろう", {"100%_A"}),
        ("yamada", set()),
        ("lê*", {"100xyA"}),
        ("%", set()),
        ("N_UYEN*", set()),
        ("*", {"BN-001", "BN-002", "bn-003", "100%_A", "100xyA"}),
        ("' OR 1=1 --", set()),
    ],
)
def test_names_match_without_case_accents_and_carets(stocked: Archive, name: str, expected: set[str]) -> None:
    assert find(stocked, PatientName=name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("duc nguyen", {"BN-001", "BN-002"}),
        ("Đức^Nguyễn", {"BN-001", "BN-002"}),
        ("dao", {"bn-003"}),
        ("tarou yam", {"100%_A"}),
        ("uc", set()),
        ("duc tran", set()),
    ],
)
def test_fuzzy_matches_every_word_in_any_order(stocked: Archive, name: str, expected: set[str]) -> None:
    assert ids(search(stocked, Query("STUDY", {"PatientName": name}, fuzzy=True), SYSTEM)) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"PatientID": "BN-001"}, {"BN-001"}),
        ({"00100020": "BN-001"}, {"BN-001"}),
        ({"PatientID": "bn-001"}, set()),
        ({"PatientID": "BN-*"}, {"BN-001", "BN-002"}),
        ({"PatientID": "BN-00?"}, {"BN-001", "BN-002"}),
        ({"PatientID": "100%_A"}, {"100%_A"}),
        ({"PatientID": "100%_*"}, {"100%_A"}),
        ({"PatientID": "BN-001\\bn-003"}, {"BN-001", "bn-003"}),
        ({"PatientID": "' OR '1'='1"}, set()),
        ({"PatientID": "BN-001'; DROP TABLE study; --"}, set()),
        ({"StudyInstanceUID": f"{uid('a')},{uid('b')}"}, {"BN-001", "BN-002"}),
        ({"StudyInstanceUID": f"{uid('a')}\\{uid('c')}"}, {"BN-001", "bn-003"}),
        ({"StudyDate": "20240105"}, {"BN-001"}),
        ({"StudyDate": "20240105-20240106"}, {"BN-001", "BN-002"}),
        ({"StudyDate": "-20240105"}, {"BN-001", "100%_A"}),
        ({"StudyDate": "20240106-"}, {"BN-002", "bn-003"}),
        ({"StudyTime": "08"}, {"BN-002"}),
        ({"StudyTime": "0800"}, {"BN-002"}),
        ({"StudyTime": "10-11"}, {"BN-001", "bn-003", "100%_A"}),
        ({"StudyTime": "-0900"}, {"BN-002"}),
        ({"StudyDate": "20240105-20240110", "StudyTime": "1000-0900"}, {"BN-001", "BN-002"}),
        ({"StudyDate": "20240105-", "StudyTime": "1000-0900"}, {"BN-001", "BN-002", "bn-003"}),
        ({"StudyDate": "20240105", "StudyTime": "1000-0900"}, "refused"),
        ({"StudyTime": "1000-0900"}, "refused"),
        ({"StudyDate": "20240105-20240106", "StudyTime": "0700-1100"}, {"BN-001", "BN-002"}),
        ({"StudyDate": "20240105-20240106", "StudyTime": "0900-1015"}, {"BN-001", "BN-002"}),
        ({"StudyDate": "20240105-20240106", "StudyTime": "1100-1200"}, {"BN-002"}),
        ({"ModalitiesInStudy": "SR"}, {"BN-001"}),
        ({"ModalitiesInStudy": "MR,SR"}, {"BN-001", "bn-003"}),
        ({"ModalitiesInStudy": "M?"}, {"bn-003"}),
        ({"ModalitiesInStudy": "C"}, set()),
        ({"AccessionNumber": "A100"}, {"BN-001"}),
        ({"StudyDescription": "CT*"}, {"BN-001"}),
        ({"PatientID": "BN-001", "StudyDate": "20240106"}, set()),
    ],
)
def test_each_match_type(stocked: Archive, keys: dict[str, str], expected: set[str] | str) -> None:
    if expected == "refused":
        with pytest.raises(InvalidQuery):
            find(stocked, **keys)
    else:
        assert find(stocked, **keys) == expected


def test_date_and_time_are_two_ranges_unless_they_are_combined(stocked: Archive) -> None:
    keys = {"StudyDate": "20240105-20240106", "StudyTime": "0900-1100"}
    assert ids(search(stocked, Query("STUDY", keys), SYSTEM)) == {"BN-001", "BN-002"}
    assert ids(search(stocked, Query("STUDY", keys, combined_datetime=False), SYSTEM)) == {"BN-001"}


def test_studies_of_other_facilities_are_not_found_at_any_level(stocked: Archive) -> None:
    assert "100xyA" in ids(search(stocked, Query("STUDY"), SYSTEM))
    assert "100xyA" not in ids(search(stocked, Query("STUDY"), HERE))
    for level in ("PATIENT", "STUDY", "SERIES", "IMAGE"):
        assert search(stocked, Query(level, {"PatientID": "100xyA"}), SYSTEM).total == 1
        result = search(stocked, Query(level, {"PatientID": "100xyA"}), HERE)
        assert (result.rows, result.total) == ([], 0)
    assert search(stocked, Query("STUDY"), HERE).total == 4
    nowhere = Principal("user", "an", frozenset({Role.RADIOLOGIST}), frozenset())
    assert search(stocked, Query("STUDY"), nowhere).total == 0


def test_a_study_says_what_the_standard_asks(stocked: Archive) -> None:
    (row,) = search(stocked, Query("STUDY", {"PatientID": "BN-001"}), SYSTEM).rows
    assert row[PATIENT_NAME] == {"vr": "PN", "Value": [{"Alphabetic": "NGUYỄN^VĂN^ĐỨC"}]}
    assert row["00080061"] == {"vr": "CS", "Value": ["CT", "SR"]}
    assert row["00201206"] == {"vr": "IS", "Value": [2]}
    assert row["00201208"] == {"vr": "IS", "Value": [3]}
    assert row["00080056"] == {"vr": "CS", "Value": ["ONLINE"]}
    assert row["00081030"] == {"vr": "LO", "Value": ["CT sọ não"]}
    assert row["00080090"] == {"vr": "PN"}
    assert list(row) == sorted(row)
    assert "00080060" not in row


def test_groups_of_a_name_are_given_apart(stocked: Archive) -> None:
    (row,) = search(stocked, Query("STUDY", {"PatientID": "100%_A"}), SYSTEM).rows
    assert row[PATIENT_NAME]["Value"] == [
        {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    ]


def test_series_of_a_study_and_instances_of_a_series(stocked: Archive) -> None:
    series = search(stocked, Query("SERIES", {STUDY_UID: uid("a")}), SYSTEM)
    assert [(value(row, "00200011"), value(row, "00080060"), value(row, "00201209")) for row in series.rows] == [
        (1, "CT", 2),
        (2, "SR", 1),
    ]
    assert all(STUDY_UID in row and PATIENT_NAME not in row for row in series.rows)
    instances = search(stocked, Query("IMAGE", {STUDY_UID: uid("a"), "SeriesInstanceUID": uid("a", 1)}), SYSTEM)
    assert [value(row, "00200013") for row in instances.rows] == [1, 2]
    assert value(instances.rows[0], "00080018") == uid("a", 1, 1)
    assert value(instances.rows[0], "00280010") == 4
    assert value(instances.rows[0], "00083002") == "1.2.840.10008.1.2.1"


def test_series_of_all_studies_say_whose_they_are(stocked: Archive) -> None:
    result = search(stocked, Query("SERIES", {"Modality": "MR"}), SYSTEM)
    assert ids(result) == {"bn-003"}
    assert value(result.rows[0], "0020000E") == uid("c", 1)


def test_a_patient_is_one_row_with_totals(archive: Archive) -> None:
    keep(archive, ct("a"))
    keep(archive, ct("a", 2))
    keep(archive, ct("a2", StudyDate="20240201"))
    keep(archive, ct("b", PatientID="BN-002"))
    result = search(archive, Query("PATIENT", {"PatientID": "BN-00*"}, order=(("PatientID", False),)), SYSTEM)
    assert [value(row, PATIENT_ID) for row in result.rows] == ["BN-001", "BN-002"]
    assert value(result.rows[0], "00201200") == 2
    assert value(result.rows[0], "00201204") == 3
    assert "00080020" not in result.rows[0]


def test_only_what_was_asked_for_is_given_to_dimse(stocked: Archive) -> None:
    query = Query("STUDY", {"PatientID": "BN-001", "StudyDate": "", "InstitutionName": ""}, defaults=False)
    (row,) = search(stocked, query, SYSTEM).rows
    assert set(row) == {PATIENT_ID, "00080020", "00080080", STUDY_UID}
    assert row["00080080"] == {"vr": "LO"}


def test_more_attributes_come_from_the_header(archive: Archive) -> None:
    keep(archive, ct("a", InstitutionName="BV Bạch Mai", KVP="120", ImageComments="x"))
    include = frozenset({0x00080080, 0x00180060, 0x00204000})
    for level in ("STUDY", "SERIES", "IMAGE"):
        (row,) = search(archive, Query(level, include=include), SYSTEM).rows
        assert value(row, "00080080") == "BV Bạch Mai"
        assert value(row, "00180060") == 120
        assert value(row, "00204000") == "x"
    (row,) = search(archive, Query("IMAGE", include="all"), SYSTEM).rows
    assert value(row, "00180060") == 120
    assert row["7FE00010"]["BulkDataURI"].endswith("/bulkdata/7FE00010")
    (row,) = search(archive, Query("SERIES", include="all"), SYSTEM).rows
    assert value(row, "00080080") == "BV Bạch Mai"
    assert "00180060" not in row


def test_pages_hold_every_study_once_and_say_the_total(archive: Archive) -> None:
    for number in range(7):
        keep(archive, ct(f"study {number}", PatientID=f"P{number}"))
    pages = [search(archive, Query("STUDY", limit=3, offset=offset), SYSTEM) for offset in (0, 3, 6, 9)]
    assert [len(page.rows) for page in pages] == [3, 3, 1, 0]
    assert [page.total for page in pages] == [7, 7, 7, 7]
    assert [page.truncated for page in pages] == [True, True, False, False]
    assert set().union(*(ids(page) for page in pages)) == {f"P{number}" for number in range(7)}
    assert search(archive, Query("STUDY", limit=0), SYSTEM).total == 7


def test_answers_come_in_the_order_asked_for(stocked: Archive) -> None:
    newest = search(stocked, Query("STUDY"), SYSTEM)
    assert [value(row, "00080020") for row in newest.rows] == ["20240110", "20240106", "20240105", "20231231", None]
    by_name = search(stocked, Query("STUDY", order=(("PatientName", True),)), SYSTEM)
    assert [value(row, PATIENT_ID) for row in by_name.rows][:2] == ["100%_A", "bn-003"]
    with pytest.raises(InvalidQuery):
        search(stocked, Query("STUDY", order=(("Modality", False),)), SYSTEM)


def test_keys_that_cannot_be_matched_are_told_and_never_widen_a_search(stocked: Archive) -> None:
    result = search(stocked, Query("STUDY", {"PatientID": "BN-001", "PatientComments": "x"}), SYSTEM)
    assert result.unmatched == ("PatientComments",)
    assert "PatientComments" in result.warnings[0]
    assert ids(result) == {"BN-001"}
    result = search(
        stocked,
        Query("STUDY", {"PatientID": "BN-001", "RequestAttributesSequence.ScheduledProcedureStepID": "1"}),
        SYSTEM,
    )
    assert result.unmatched == ("ScheduledProcedureStepID",)
    for keys in (
        {"PatientComments": "x"},
        {"Modality": "CT"},
        {"0009,1001": "x"},
        {"00091001": "x"},
        {"Nonsense": "x"},
    ):
        with pytest.raises(InvalidQuery):
            search(stocked, Query("STUDY", keys), SYSTEM)
    with pytest.raises(InvalidQuery):
        search(stocked, Query("FRAME", {}), SYSTEM)  # type: ignore[arg-type]  # what a peer may send


def test_a_search_is_in_the_audit_trail_once_and_a_refusal_too(stocked: Archive) -> None:
    stranger = Principal("ae", "CT1", facilities=frozenset({1}), rights=frozenset({Action.STORE}), address="10.0.0.5")
    search(stocked, Query("STUDY", {"PatientID": "BN-001"}), HERE)
    with pytest.raises(Forbidden):
        search(stocked, Query("STUDY", {"PatientID": "BN-001"}), stranger)
    with stocked.index.read() as connection:
        refusal, success = audit.events(connection, limit=2)
    assert (success.actor, success.outcome) == ("an", "success")
    assert json.loads(success.detail)["keys"] == ["PatientID=BN-001"]
    assert json.loads(success.detail)["matches"] == 1
    assert (refusal.actor, refusal.outcome, refusal.address) == ("CT1", "refused", "10.0.0.5")
