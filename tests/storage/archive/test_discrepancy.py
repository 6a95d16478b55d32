"""What contradicts is kept as it came, and an administrator is told once, with how often."""

import json
import threading
from typing import Any

import pytest
from sqlalchemy import select

from storage.access import facilities
from storage.access.audit import events
from storage.access.principal import Principal, Role
from storage.archive import Archive, discrepancy
from storage.archive.discrepancy import SERIES_NAMES, STUDY_NAMES, Difference, Wanted, differences
from storage.errors import Forbidden, InvalidRequest, NotFound
from storage.index.schema import discrepancy as table
from storage.index.schema import study
from tests.storage.generated import ct_slice, keep, local_source

STUDY, SERIES = "1.2.3", "1.2.3.1"
ADMIN = Principal("user", "an.admin", frozenset({Role.ADMIN}), facilities=None)


def rows(archive: Archive) -> list[dict[str, Any]]:
    with archive.index.read() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()]


def found(archive: Archive) -> list[tuple[str, str, str, str, int]]:
    return [
        (row["kind"], row["attribute"], row["kept"], row["arrived"], row["number_of_instances"])
        for row in rows(archive)
    ]


def send(archive: Archive, study: str = STUDY, series: str = SERIES, **attributes: Any) -> None:
    keep(archive, ct_slice(study=study, series=series, **attributes))


def test_instances_that_agree_leave_nothing(archive: Archive) -> None:
    for number in range(3):
        send(archive, InstanceNumber=number)
    send(archive, PatientName=None, PatientSex=None, StudyDescription="", SeriesNumber=None)
    send(archive, StudyTime="101112.000", PatientName="Nguyen Van Duc", StudyDescription="CT  Sọ não")
    assert found(archive) == []


def test_other_attributes_of_study_and_series_are_one_row_each_that_counts(archive: Archive) -> None:
    send(archive, SeriesDescription="Axial")
    for number in range(3):
        send(archive, InstanceNumber=number, PatientName="TRẦN^THỊ^LÊ", SeriesDescription="Coronal")
    send(archive, PatientName="LÝ^A", SeriesDescription="Axial", Modality="MR", SeriesNumber=2)
    assert found(archive) == [
        ("study", "patient_name", "NGUYỄN^VĂN^ĐỨC", "TRẦN^THỊ^LÊ", 3),
        ("series", "series_description", "Axial", "Coronal", 3),
        ("study", "patient_name", "NGUYỄN^VĂN^ĐỨC", "LÝ^A", 1),
        ("series", "modality", "CT", "MR", 1),
        ("series", "series_number", "1", "2", 1),
        ("series", "sop_class_uid", "MR", "1.2.840.10008.5.1.4.1.1.2", 1),
    ]
    first = rows(archive)[0]
    assert first["last_seen_at"] > first["first_seen_at"]
    with archive.index.read() as connection:
        (kept,) = connection.execute(select(study)).mappings()
    assert (kept["patient_name"], kept["number_of_instances"]) == ("NGUYỄN^VĂN^ĐỨC", 5)


def test_what_a_study_learns_later_is_no_discrepancy(archive: Archive) -> None:
    send(archive, PatientName=None, AccessionNumber=None)
    send(archive)
    assert found(archive) == []
    send(archive, AccessionNumber="A2")
    assert found(archive) == [("study", "accession_number", "A1", "A2", 1)]


def test_a_study_has_a_bounded_number_of_rows(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discrepancy, "MOST_OF_STUDY", 5)
    send(archive)
    for number in range(9):
        send(archive, StudyDescription=f"Other {number}")
    send(archive, StudyDescription="Other 1")
    assert len(rows(archive)) == 6
    assert found(archive)[1] == ("study", "study_description", "CT Sọ não", "Other 1", 2)
    assert found(archive)[-1] == ("study", "", "", "", 4)


def test_one_series_uid_under_two_studies(archive: Archive) -> None:
    send(archive)
    send(archive, study="1.2.4", PatientID="P2")
    send(archive, study="1.2.4", PatientID="P2")
    (row,) = rows(archive)
    assert (row["kind"], row["attribute"], row["kept"], row["arrived"]) == (
        "series",
        "study_instance_uid",
        STUDY,
        "1.2.4",
    )
    for uid in (STUDY, "1.2.4"):
        (listed,) = discrepancy.listed(archive, Wanted(study_instance_uid=uid), ADMIN, 10, 0).rows
        assert (listed["study_instance_uid"], listed["other_study_instance_uid"]) == ("1.2.4", STUDY)


@pytest.mark.parametrize(
    ("attributes", "attribute"),
    [
        ({"PatientName": "TRẦN^THỊ^LÊ"}, "patient_name"),
        ({"PatientBirthDate": "19810102"}, "patient_birth_date"),
        ({"IssuerOfPatientID": "HN02"}, "issuer_of_patient_id"),
    ],
)
def test_a_patient_id_that_is_used_for_somebody_else(
    archive: Archive, attributes: dict[str, Any], attribute: str
) -> None:
    send(archive, PatientBirthDate="19800102", IssuerOfPatientID="HN01")
    send(archive, "1.2.4", "1.2.4.1", **{"PatientBirthDate": "19800102", "IssuerOfPatientID": "HN01", **attributes})
    (row,) = discrepancy.listed(archive, Wanted(), ADMIN, 10, 0).rows
    assert (row["kind"], row["attribute"]) == ("patient", attribute)
    assert (row["study_instance_uid"], row["other_study_instance_uid"]) == ("1.2.4", STUDY)
    assert row["arrived"] == next(iter(attributes.values()))
    # Nothing was merged, and nothing was refused.
    with archive.index.read() as connection:
        assert len(connection.execute(select(study)).all()) == 2


@pytest.mark.parametrize(
    "attributes",
    [
        {"PatientName": "NGUYEN VAN DUC"},
        {"PatientName": "Duc^Nguyen Van"},
        {"PatientName": "Nguyễn^Văn Đức"},
        {"PatientName": "NGUYỄN^VĂN^ĐỨC^Ông"},
        {"PatientName": "NGUYENVANDUC"},
        {"PatientName": None, "PatientBirthDate": None},
        {"PatientBirthDate": "1980"},
        {"IssuerOfPatientID": "HN01"},
        {"PatientID": "P2", "PatientName": "TRẦN^THỊ^LÊ"},
        {"PatientID": None, "PatientName": "TRẦN^THỊ^LÊ"},
    ],
)
def test_what_is_no_other_patient(archive: Archive, attributes: dict[str, Any]) -> None:
    send(archive, PatientBirthDate="19800102")
    send(archive, "1.2.4", "1.2.4.1", **{"PatientBirthDate": "19800102", **attributes})
    assert found(archive) == []


def test_patients_are_compared_within_their_facility(archive: Archive) -> None:
    there = facilities.get_or_create(archive.index, "THERE").id
    send(archive)
    keep(archive, ct_slice(study="1.2.4", PatientName="B"), local_source(archive, facility_id=there))
    assert found(archive) == []


def test_a_study_that_learns_whose_it_is_is_compared_then(archive: Archive) -> None:
    send(archive)
    send(archive, "1.2.4", "1.2.4.1", PatientName="B", PatientID=None)
    assert found(archive) == []
    send(archive, "1.2.4", "1.2.4.1", PatientName="B")
    assert [row[:4] for row in found(archive)] == [("patient", "patient_name", "NGUYỄN^VĂN^ĐỨC", "B")]


def test_an_answered_question_is_not_asked_again(archive: Archive) -> None:
    send(archive)
    send(archive, "1.2.4", "1.2.4.1", PatientName="B")
    send(archive, "1.2.5", "1.2.5.1", PatientName="B")
    first, second = rows(archive)
    changed = discrepancy.settle(archive, first["id"], "dismissed", "a maiden name", ADMIN)
    assert (changed["state"], changed["dismissed_by"], changed["note"]) == ("dismissed", "an.admin", "a maiden name")
    assert discrepancy.listed(archive, Wanted(), ADMIN, 10, 0).total == 0
    assert {row["state"] for row in rows(archive)} == {"dismissed"}
    # The names the other way round are the same question; another name is another.
    send(archive, "1.2.6", "1.2.6.1")
    assert len(rows(archive)) == 2
    send(archive, "1.2.7", "1.2.7.1", PatientName="C")
    page = discrepancy.listed(archive, Wanted(), ADMIN, 10, 0)
    assert {(row["kept"], row["arrived"]) for row in page.rows} == {("NGUYỄN^VĂN^ĐỨC", "C"), ("B", "C")}
    reopened = discrepancy.settle(archive, second["id"], "open", "", ADMIN)
    assert (reopened["state"], reopened["dismissed_at"], reopened["dismissed_by"]) == ("open", None, "")


def test_a_dismissed_one_goes_on_counting(archive: Archive) -> None:
    send(archive)
    send(archive, AccessionNumber="A2")
    discrepancy.settle(archive, rows(archive)[0]["id"], "dismissed", "", ADMIN)
    send(archive, AccessionNumber="A2")
    (row,) = rows(archive)
    assert (row["state"], row["number_of_instances"]) == ("dismissed", 2)


def test_pages_and_filters(archive: Archive) -> None:
    send(archive)
    for number in range(4):
        send(archive, AccessionNumber=f"B{number}")
    send(archive, Modality="MR")
    pages = [discrepancy.listed(archive, Wanted(kind="study"), ADMIN, 3, offset) for offset in (0, 3)]
    assert [(page.total, len(page.rows)) for page in pages] == [(4, 3), (4, 1)]
    assert [row["arrived"] for page in pages for row in page.rows] == ["B3", "B2", "B1", "B0"]
    assert discrepancy.listed(archive, Wanted(kind="series"), ADMIN, 10, 0).rows[0]["series_instance_uid"] == SERIES
    assert discrepancy.listed(archive, Wanted(state="dismissed"), ADMIN, 10, 0).total == 0
    assert discrepancy.listed(archive, Wanted(state=None, study_instance_uid="1.9"), ADMIN, 10, 0).total == 0


def test_rights_and_reach(archive: Archive) -> None:
    there = facilities.get_or_create(archive.index, "THERE").id
    send(archive)
    keep(archive, ct_slice(study="1.2.4", series=SERIES, PatientID="P2"), local_source(archive, facility_id=there))
    (row,) = rows(archive)
    reader = Principal("user", "reader", frozenset({Role.RADIOLOGIST}), facilities=None)
    here = Principal("user", "here", frozenset({Role.ADMIN}), facilities=frozenset({1}))
    owner = Principal("user", "owner", frozenset({Role.ADMIN}), facilities=frozenset({there}))
    with pytest.raises(Forbidden):
        discrepancy.listed(archive, Wanted(), reader, 10, 0)
    for principal in (reader, here):
        with pytest.raises(Forbidden):
            discrepancy.settle(archive, row["id"], "dismissed", "", principal)
    assert discrepancy.listed(archive, Wanted(), here, 10, 0).total == 0
    # The other study is another facility's: nothing of it is told.
    (seen,) = discrepancy.listed(archive, Wanted(), owner, 10, 0).rows
    assert (seen["other_study_instance_uid"], seen["kept"], seen["arrived"]) == (None, "", "1.2.4")
    with pytest.raises(NotFound):
        discrepancy.settle(archive, row["id"] + 1, "dismissed", "", ADMIN)
    with pytest.raises(InvalidRequest):
        discrepancy.settle(archive, row["id"], "dismissed", "x" * 501, ADMIN)
    with archive.index.read() as connection:
        trail = [event for event in events(connection) if event.action == "administer"]
    assert [(event.actor, event.outcome) for event in trail if event.outcome == "refused"] == [
        ("here", "refused"),
        ("reader", "refused"),
        ("reader", "refused"),
    ]
    assert "discrepancies list" in {json.loads(event.detail)["act"] for event in trail}


def test_only_what_differs_is_told() -> None:
    kept = dict.fromkeys((*STUDY_NAMES, *SERIES_NAMES), "said")
    arrived = dict(kept)
    assert differences(kept, arrived, STUDY_NAMES) == []
    assert differences(kept, arrived | {"study_id": "x"}, STUDY_NAMES) == [Difference("study_id", "said", "x")]


def test_counts_are_exact_however_many_store_at_once(archive: Archive) -> None:
    send(archive)
    source = local_source(archive)
    said = [{}, {"StudyDescription": "Other"}, {"PatientID": "P2", "StudyDescription": "Third"}]
    warned: list[bool] = []

    def store(part: int) -> None:
        for number in range(12):
            own = ct_slice(study=STUDY, series=f"1.2.3.{part}", InstanceNumber=number, **said[part % 3])
            warned.append(any("Patient ID" in warning for warning in keep(archive, own, source).warnings))

    threads = [threading.Thread(target=store, args=(part,)) for part in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found(archive)) == [
        ("study", "patient_id", "P1", "P2", 24),
        ("study", "study_description", "CT Sọ não", "Other", 24),
        ("study", "study_description", "CT Sọ não", "Third", 24),
    ]
    assert (len(warned), sum(warned)) == (72, 24)
    with archive.index.read() as connection:
        assert connection.execute(select(study.c.number_of_instances)).scalar_one() == 73
