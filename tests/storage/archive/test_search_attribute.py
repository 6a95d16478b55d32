"""Attributes searched beside the columns: added, filled, matched item by item, removed (PS3.4 §C.2.2.2.6)."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import func, select

from storage.access import audit, facilities
from storage.access.principal import SYSTEM, Principal, Role
from storage.archive import Archive
from storage.archive.query import Query, search
from storage.archive.rebuild import rebuild
from storage.archive.search_attribute import add, listed, remove
from storage.archive.search_fill import fill
from storage.archive.upload import upload_pending
from storage.errors import Forbidden, InvalidRequest, NotFound, WrongState
from storage.index.schema import instance
from storage.index.searchable_schema import instance_value, search_attribute, series_value, study_value
from storage.settings import StorageSettings
from tests.storage.samples import ct, keep, uid

NOW = timedelta(0)
STEP = "00400275.00400009"
ORDER = "RequestAttributesSequence.AccessionNumber"


def item(**attributes: Any) -> Dataset:
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def ordered(step: str, procedure: str, **others: Any) -> Dataset:
    return item(ScheduledProcedureStepID=step, RequestedProcedureID=procedure, **others)


def codes(*pairs: tuple[str, str]) -> list[Dataset]:
    return [item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=value.lower()) for value, scheme in pairs]


def finish(archive: Archive) -> None:
    """Fill as the worker does, until there is nothing left to do."""
    for _ in range(200):
        if not fill(archive, limit=3, settle=NOW):
            break
    archive.searchable.forget()


def found(archive: Archive, keys: Mapping[str, str], level: str = "SERIES", **others: Any) -> set[str]:
    archive.searchable.forget()
    result = search(archive, Query(level, keys, **others), SYSTEM)  # type: ignore[arg-type]
    path = {"STUDY": "0020000D", "SERIES": "0020000E", "IMAGE": "00080018"}[level]
    return {row[path]["Value"][0] for row in result.rows}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def named(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """A study for each name; the tests only read it."""
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    settings = {"data_dir": tmp_path_factory.mktemp("data"), "database_url": url, "minimum_free_bytes": 0}
    made = Archive.open(StorageSettings.model_validate(settings))
    made.index.migrate()
    facilities.get_or_create(made.index, "01001")
    for number, name in NAMES.items():
        keep(made, ct(number, PatientName=name, PatientID=number, ReferringPhysicianName="TRẦN^BÌNH"))
    yield made
    made.close()


def rows_of(archive: Archive, table: Any) -> int:
    with archive.index.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def stock(archive: Archive) -> None:
    """Four series whose requests overlap, one of them twice as long."""
    keep(archive, ct("a", 1, 1, RequestAttributesSequence=[ordered("S1", "P1", AccessionNumber="A1")]))
    keep(archive, ct("a", 1, 2, RequestAttributesSequence=[ordered("S1", "P1", AccessionNumber="A1")]))
    keep(archive, ct("a", 2, 1, RequestAttributesSequence=[ordered("S1", "P2"), ordered("S2", "P1")]))
    keep(archive, ct("b", 1, 1, RequestAttributesSequence=[ordered("S2", "P2", AccessionNumber="A2")]))
    keep(archive, ct("b", 1, 2, RequestAttributesSequence=[ordered("S3", "P3", AccessionNumber="A3")]))
    keep(archive, ct("c", 1, 1, PatientName="LÊ^THỊ^HOA"))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({STEP: "S1"}, {("a", 1), ("a", 2)}),
        ({"RequestAttributesSequence.ScheduledProcedureStepID": "S1"}, {("a", 1), ("a", 2)}),
        ({STEP: "S1", "00400275.00401001": "P1"}, {("a", 1)}),
        ({STEP: "S1", "00400275.00401001": "P2"}, {("a", 2)}),
        ({STEP: "S2", "00400275.00401001": "P3"}, set()),
        ({STEP: "S3"}, {("b", 1)}),
        ({STEP: "S*", "00400275.00401001": "P2"}, {("a", 2), ("b", 1)}),
        ({STEP: "S1\\S3"}, {("a", 1), ("a", 2), ("b", 1)}),
        ({STEP: "S9"}, set()),
        ({STEP: "S1", "PatientName": "nguyen*"}, {("a", 1), ("a", 2)}),
        ({STEP: "S1", "SeriesNumber": "2"}, {("a", 2)}),
    ],
)
def test_keys_of_a_sequence_match_in_one_item(archive: Archive, keys: dict[str, str], expected: set[Any]) -> None:
    stock(archive)
    assert found(archive, keys) == {uid(*names) for names in expected}


def test_no_value_inside_a_sequence(archive: Archive) -> None:
    stock(archive)
    assert found(archive, {STEP: '""'}, empty=True) == {uid("c", 1)}
    assert found(archive, {STEP: 'S3\\""'}, empty=True) == {uid("b", 1), uid("c", 1)}
    assert found(archive, {STEP: "S1", "00400275.00400007": '""'}, empty=True) == {uid("a", 1), uid("a", 2)}
    assert found(archive, {STEP: '""'}) == set()


def test_an_attribute_that_is_added_finds_what_was_kept_before_and_what_comes_after(archive: Archive) -> None:
    stock(archive)
    assert search(archive, Query("SERIES", {ORDER: "A1", STEP: "S*"}), SYSTEM).unmatched == ("AccessionNumber",)
    made = add(archive, ORDER, "", "", SYSTEM)
    assert (made.path, made.vr, made.level, made.state) == ("00400275.00080050", "SH", "series", "filling")
    during = search(archive, Query("SERIES", {ORDER: "A1"}), SYSTEM)
    assert [text for text in during.warnings if "just now" in text]
    keep(archive, ct("d", 1, 1, RequestAttributesSequence=[ordered("S9", "P9", AccessionNumber="A1")]))
    assert found(archive, {ORDER: "A1"}) == {uid("d", 1)}
    finish(archive)
    assert found(archive, {ORDER: "A1"}) == {uid("a", 1), uid("d", 1)}
    assert found(archive, {ORDER: "A2", STEP: "S2"}) == {uid("b", 1)}
    assert found(archive, {ORDER: "A3", STEP: "S2"}) == set()
    (row,) = [one for one in listed(archive, SYSTEM) if one.path == made.path]
    assert (row.state, row.looked_at) == ("ready", row.instances)
    assert search(archive, Query("SERIES", {ORDER: "A1"}), SYSTEM).warnings == ()


def test_filling_goes_on_where_it_was_interrupted(archive: Archive) -> None:
    stock(archive)
    add(archive, ORDER, "", "", SYSTEM)
    assert fill(archive, limit=2)
    with archive.index.read() as connection:
        ids = list(connection.execute(select(instance.c.id).order_by(instance.c.id)).scalars())
        position = select(search_attribute.c.position).where(search_attribute.c.state == "filling")
        assert connection.execute(position).scalar_one() == ids[1]
    while fill(archive, limit=2):
        pass
    # Not all processes may have heard of it yet.
    assert [one.state for one in listed(archive, SYSTEM) if one.path.endswith("00080050")] == ["filling"]
    finish(archive)
    assert [one.state for one in listed(archive, SYSTEM) if one.path.endswith("00080050")] == ["ready"]


def test_the_rows_of_filling_are_those_of_arriving(archive: Archive) -> None:
    names = (ORDER, "PatientComments", "OtherPatientIDsSequence.PatientID", "AcquisitionDateTime", "SliceThickness")
    values = {
        "PatientComments": "dị ứng",
        "OtherPatientIDsSequence": [item(PatientID="X1"), item(PatientID="X2")],
        "AcquisitionDateTime": "20240105101530",
        "SliceThickness": "1.50",
    }
    keep(archive, ct("a", 1, 1, RequestAttributesSequence=[ordered("S1", "P1", AccessionNumber="A1")], **values))
    for name in names:
        add(archive, name, "", "", SYSTEM)
    finish(archive)
    keep(archive, ct("b", 1, 1, RequestAttributesSequence=[ordered("S1", "P1", AccessionNumber="A1")], **values))
    for table in (study_value, series_value, instance_value):
        with archive.index.read() as connection:
            made = [tuple(row) for row in connection.execute(select(table))]
        owners = sorted({row[0] for row in made})
        assert len(owners) == 2, table
        first, second = ({row[1:] for row in made if row[0] == owner} for owner in owners)
        assert first == second != set()


@pytest.mark.parametrize(
    ("attribute", "level", "key", "hit", "miss"),
    [
        ("PatientComments", "STUDY", "LT", "dị *", "không*"),
        ("OtherPatientIDsSequence.PatientID", "STUDY", "LO", "X2", "X"),
        ("AcquisitionDateTime", "IMAGE", "DT", "20240105-20240106", "2025"),
        ("AcquisitionDateTime", "IMAGE", "DT", "2024010510", "2024010511"),
        ("SliceThickness", "IMAGE", "DS", "1.5", "2"),
        ("AcquisitionNumber", "IMAGE", "IS", "7", "8"),
        ("OperatorsName", "SERIES", "PN", "tran thi*", "thi*"),
        ("ContentDate", "IMAGE", "DA", "20240101-20240131", "-20231231"),
        ("ContentTime", "IMAGE", "TM", "10", "1016-"),
        ("ImageType", "IMAGE", "CS", "AXIAL", "PRIMAR"),
        ("FrameOfReferenceUID", "SERIES", "UI", "1.2.3\\1.2.4", "1.2"),
        ("00091001", "IMAGE", "LO", "private", "Private"),
        ("RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue", "SERIES", "SH", "C1", "C3"),
    ],
)
def test_every_kind_of_value(archive: Archive, attribute: str, level: str, key: str, hit: str, miss: str) -> None:
    dataset = ct(
        "a",
        PatientComments="dị ứng",
        OtherPatientIDsSequence=[item(PatientID="X1"), item(PatientID="X2")],
        AcquisitionDateTime="20240105101530",
        SliceThickness="1.50",
        AcquisitionNumber="7",
        OperatorsName=["TRẦN^THỊ BÉ", "LÊ^AN"],
        ContentDate="20240105",
        ContentTime="101530.5",
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        FrameOfReferenceUID="1.2.3",
        RequestAttributesSequence=[ordered("S1", "P1", ScheduledProtocolCodeSequence=codes(("C1", "L"), ("C2", "M")))],
    )
    dataset.private_block(0x0009, "FILMLESS TEST", create=True).add_new(0x01, "LO", "private")
    add(archive, attribute, {"STUDY": "", "SERIES": "series", "IMAGE": "instance"}[level], key, SYSTEM)
    keep(archive, dataset)
    assert len(found(archive, {attribute: hit}, level)) == 1
    assert found(archive, {attribute: miss, "PatientID": "BN*"}, level) == set()


def test_keys_of_an_inner_sequence_match_in_one_inner_item(archive: Archive) -> None:
    path = "RequestAttributesSequence.ScheduledProtocolCodeSequence."
    for name in ("CodeValue", "CodingSchemeDesignator"):
        add(archive, path + name, "", "", SYSTEM)
    protocol = codes(("C1", "L"), ("C2", "M"))
    keep(archive, ct("a", RequestAttributesSequence=[ordered("S1", "P1", ScheduledProtocolCodeSequence=protocol)]))
    assert found(archive, {path + "CodeValue": "C1", path + "CodingSchemeDesignator": "L"}) == {uid("a", 1)}
    assert found(archive, {path + "CodeValue": "C1", path + "CodingSchemeDesignator": "M"}) == set()
    assert found(archive, {path + "CodeValue": "C2", STEP: "S1"}) == {uid("a", 1)}
    assert found(archive, {path + "CodeValue": "C2", STEP: "S2"}) == set()


def test_an_answer_tells_of_the_items_that_match(archive: Archive) -> None:
    stock(archive)
    (row,) = search(archive, Query("SERIES", {STEP: "S2", "StudyInstanceUID": uid("a")}, defaults=False), SYSTEM).rows
    assert row["00400275"]["Value"] == [{"00400009": {"vr": "SH", "Value": ["S2"]}}]
    query = Query("SERIES", {"StudyInstanceUID": uid("b")}, include=["00400275.00080050"], defaults=False)
    (row,) = search(archive, query, SYSTEM).rows
    assert row["00400275"]["Value"] == [{"00080050": {"vr": "SH", "Value": ["A2"]}}]


def test_series_come_with_their_requests_unasked(archive: Archive) -> None:
    stock(archive)
    found_rows = search(archive, Query("SERIES", {"StudyInstanceUID": uid("a")}), SYSTEM).rows
    said = {row["0020000E"]["Value"][0]: row["00400275"] for row in found_rows}
    one = {"00400009": {"vr": "SH", "Value": ["S1"]}, "00401001": {"vr": "SH", "Value": ["P1"]}}
    assert said[uid("a", 1)] == {"vr": "SQ", "Value": [one]}
    assert len(said[uid("a", 2)]["Value"]) == 2
    (row,) = search(archive, Query("SERIES", {"StudyInstanceUID": uid("c")}), SYSTEM).rows
    assert row["00400275"] == {"vr": "SQ"}


def test_an_index_made_anew_finds_the_same(archive: Archive, tmp_path: Path) -> None:
    stock(archive)
    while upload_pending(archive):
        pass
    settings = {"data_dir": tmp_path / "anew", "database_url": "", "object_store": archive.settings.object_store_url}
    anew = Archive.open(archive.settings.model_copy(update=settings))
    anew.index.migrate()
    rebuild(anew, SYSTEM)
    for keys in ({STEP: "S1"}, {STEP: "S1", "00400275.00401001": "P2"}, {STEP: "S3"}):
        assert found(anew, keys) == found(archive, keys) != set()
    assert len(fuzzy(anew, PatientName="hoa le")) == 1
    anew.close()


def test_what_is_removed_goes_with_its_rows(archive: Archive) -> None:
    add(archive, ORDER, "", "", SYSTEM)
    stock(archive)
    before = rows_of(archive, series_value)
    remove(archive, ORDER, SYSTEM)
    with pytest.raises(NotFound):
        remove(archive, ORDER, SYSTEM)
    with pytest.raises(WrongState):
        add(archive, ORDER, "", "", SYSTEM)
    assert search(archive, Query("SERIES", {ORDER: "A1", STEP: "S*"}), SYSTEM).unmatched == ("AccessionNumber",)
    finish(archive)
    assert rows_of(archive, series_value) == before - 3
    assert ORDER not in [one.keyword for one in listed(archive, SYSTEM)]
    add(archive, ORDER, "", "", SYSTEM)
    finish(archive)
    assert rows_of(archive, series_value) == before


@pytest.mark.parametrize(
    ("name", "level", "vr", "error"),
    [
        ("PatientName", "", "", WrongState),
        (STEP, "", "", WrongState),
        ("Nonsense", "", "", InvalidRequest),
        ("PixelData", "", "", InvalidRequest),
        ("RequestAttributesSequence", "", "", InvalidRequest),
        ("PatientName.PatientID", "", "", InvalidRequest),
        ("00091001", "", "", InvalidRequest),
        ("PatientComments", "room", "", InvalidRequest),
        ("00020010", "", "", InvalidRequest),
        (ORDER, "study", "", WrongState),
        ("", "", "", InvalidRequest),
        ("....", "", "", InvalidRequest),
    ],
)
def test_what_cannot_be_made_searchable(
    archive: Archive, name: str, level: str, vr: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        add(archive, name, level, vr, SYSTEM)


def test_only_administrators_of_the_whole_archive(archive: Archive) -> None:
    for principal in (
        Principal("user", "an", frozenset({Role.RADIOLOGIST}), None),
        Principal("user", "binh", frozenset({Role.ADMIN}), frozenset({1})),
    ):
        for act in (
            lambda who=principal: add(archive, ORDER, "", "", who),
            lambda who=principal: remove(archive, ORDER, who),
            lambda who=principal: listed(archive, who),
        ):
            with pytest.raises(Forbidden):
                act()
    with pytest.raises(WrongState):
        remove(archive, STEP, SYSTEM)
    add(archive, ORDER, "", "", SYSTEM)
    remove(archive, ORDER, SYSTEM)
    with archive.index.read() as connection:
        details = [event.detail for event in audit.events(connection) if event.action == "administer"]
    assert ['"remove"' in details[0], '"add"' in details[1]] == [True, True]


NAMES = {
    "1": "NGUYỄN^VĂN^ĐỨC",
    "2": "NGUYEN VAN DUNG",
    "3": "Đỗ^Thị^Ánh Tuyết",
    "4": "PHẠM^QUỲNH^HƯƠNG",
    "5": "SMITH^JOHN",
    "6": "NGUYỄN^THỊ^VÂN",
    "7": "Yamada^Tarou=山田^太郎=やまだ^たろう",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("duc van nguyen", "1"),
        ("Đức", "1"),
        ("nguyen van", "126"),
        ("tuyet do", "3"),
        ("tuyết ánh", "3"),
        ("huong pham", "4"),
        ("hu pha", "4"),
        ("nguyne van duc", "1"),
        ("nguyen van duk", "1"),
        ("ngyuen dung", "2"),
        ("nguyn dung", "2"),
        ("nguyeen dung", "2"),
        ("phan huong", "4"),
        ("simth", "5"),
        ("smit", "5"),
        ("smyth john", "5"),
        ("smyth jhon", ""),
        ("smxyth", ""),
        ("an", "3"),
        ("山田", "7"),
        ("tarou yam", "7"),
        ("*", "1234567"),
        ("nguy*", "126"),
        ("%", "1234567"),
    ],
)
def test_names_by_words_in_any_order_with_one_error(named: Archive, text: str, expected: str) -> None:
    assert {row["00100020"]["Value"][0] for row in fuzzy(named, PatientName=text)} == set(expected)


def fuzzy(archive: Archive, **keys: str) -> list[dict[str, Any]]:
    return search(archive, Query("STUDY", keys, fuzzy=True), SYSTEM).rows


def test_the_referring_physician_too(named: Archive) -> None:
    assert len(fuzzy(named, ReferringPhysicianName="binh tran")) == 7
    assert len(fuzzy(named, ReferringPhysicianName="binh tarn", PatientName="duc")) == 1
    assert fuzzy(named, ReferringPhysicianName="duc") == []


def test_a_name_that_comes_later_is_found(archive: Archive) -> None:
    keep(archive, ct("a", 1, 1, PatientName=""))
    keep(archive, ct("a", 1, 2, PatientName="TRẦN^BÌNH"))
    keep(archive, ct("a", 1, 3, PatientName="KHÁC^HẲN"))
    assert len(fuzzy(archive, PatientName="binh tran")) == 1
    assert fuzzy(archive, PatientName="khac han") == []
