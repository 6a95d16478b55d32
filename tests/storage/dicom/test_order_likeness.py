"""Which order what a machine says is of: only where that is certain, however it writes the name."""

from typing import Any

import pytest

from storage.dicom.order import State, state_of
from storage.dicom.order_likeness import Candidate, Said, certain, is_same_name, is_same_patient, steps_meant
from storage.dicom.text import unaccented


def candidate(number: int = 1, state: str = "scheduled", **order: Any) -> Candidate:
    made = {
        "id": number,
        "state": state,
        "patient_name": "NGUYỄN^VĂN^ĐỨC",
        "patient_id": "079201000001",
        "patient_birth_date": "19700101",
        "accession_number": "A1",
        "requested_procedure_id": f"P{number}",
        "study_instance_uid": f"1.2.{number}",
    }
    return Candidate(made | order, [{"id": number, "step_id": f"S{number}", "modality": "CT", "state": state}])


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("NGUYEN^VAN^DUC", True),
        ("nguyen van duc", True),
        ("Nguyễn^Văn Đức", True),
        ("DUC^NGUYEN VAN", True),
        ("NGUYENVANDUC", True),
        ("NGUY?N^V?N^??C", True),
        ("NGUY???N^V??N^????C", True),
        ("NGUY\ufffdN V\ufffdN \ufffdC", True),
        ("NGUYEN^VAN^D", True),  # cut
        ("NGUYEN", False),
        ("NGUYEN^VAN^DUNG", False),
        ("TRAN^VAN^DUC", False),
        ("", True),  # says nothing
    ],
)
def test_names_as_machines_write_them(name: str, same: bool) -> None:
    assert is_same_name(name, "NGUYỄN^VĂN^ĐỨC") is same


def test_the_patient() -> None:
    order = candidate().order
    assert is_same_patient(Said(patient_id=" 079201000001 ", patient_name="ANYTHING"), order)
    assert not is_same_patient(Said(patient_id="7", patient_name="NGUYEN^VAN^DUC"), order)
    assert is_same_patient(Said(patient_name="NGUYEN VAN DUC"), order)
    assert not is_same_patient(Said(patient_name="NGUYEN VAN DUC", patient_birth_date="19700102"), order)
    assert not is_same_patient(Said(), order)


def found(said: Said, *candidates: Candidate) -> tuple[int, str] | None:
    chosen = certain(said, candidates)
    return None if chosen is None else (chosen[0].order["id"], chosen[1])


ID = "079201000001"


def test_the_uid_comes_before_the_number_and_the_number_before_the_patient() -> None:
    first, second = candidate(1), candidate(2, accession_number="A2")
    assert found(Said(patient_id=ID, studies=("1.2.2",), accession_numbers=("A1",)), first, second) == (2, "study")
    assert found(Said(patient_id=ID, accession_numbers=("A2",)), first, second) == (2, "accession")
    said = Said(patient_id=ID, patient_name="NGUYEN VAN DUC", modality="CT")
    assert found(said, first) == (1, "patient")
    assert found(said, first, second) is None
    assert found(said, candidate(3, "completed")) is None
    assert found(Said(patient_id=ID, patient_name="TRAN THI BINH", modality="CT"), first) is None
    assert found(Said(patient_id=ID, patient_name="NGUYEN VAN DUC", modality="MR"), first) is None


def test_of_several_under_one_number_what_is_named_decides() -> None:
    first, second = candidate(1), candidate(2)
    assert found(Said(patient_id=ID, accession_numbers=("A1",)), first, second) is None
    assert found(Said(patient_id=ID, accession_numbers=("A1",), step_ids=("S2",)), first, second) == (2, "step")
    said = Said(patient_id=ID, accession_numbers=("A1",), requested_procedure_ids=("P1",))
    assert found(said, first, second) == (1, "step")
    assert found(Said(patient_id=ID, accession_numbers=("A1",)), first, candidate(3, "cancelled")) == (1, "step")


def test_another_patient_is_never_taken_for_it() -> None:
    assert found(Said(patient_id="OTHER", studies=("1.2.1",), accession_numbers=("A1",)), candidate(1)) is None


def test_the_steps_that_are_meant() -> None:
    steps = [
        {"step_id": "S1", "modality": "CT", "state": "completed"},
        {"step_id": "S2", "modality": "CT", "state": "scheduled"},
        {"step_id": "S3", "modality": "MR", "state": "scheduled"},
    ]
    order = Candidate(candidate().order, steps)
    assert [one["step_id"] for one in steps_meant(Said(step_ids=("S1",), modality="MR"), order)] == ["S1"]
    assert [one["step_id"] for one in steps_meant(Said(modality="CT"), order)] == ["S2"]
    assert steps_meant(Said(modality="US"), order) == []
    assert steps_meant(Said(modality="US"), Candidate(order.order, steps[:1])) == steps[:1]


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ("scheduled scheduled", "scheduled"),
        ("scheduled in-progress", "in-progress"),
        ("scheduled completed", "in-progress"),
        ("scheduled discontinued", "scheduled"),
        ("completed completed", "completed"),
        ("completed discontinued", "completed"),
        ("discontinued discontinued", "discontinued"),
        ("discontinued cancelled", "discontinued"),
        ("cancelled", "cancelled"),
    ],
)
def test_the_state_of_an_order_is_that_of_its_steps(steps: str, state: str) -> None:
    assert state_of(State(one) for one in steps.split()) == state


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Nguyễn Văn Đức", "Nguyen Van Duc"),
        ("đường Đê, quậy ươ", "duong De, quay uo"),
        ("Straße", "Strasse"),
        ("東", "?"),
    ],
)
def test_ascii(text: str, plain: str) -> None:
    assert unaccented(text) == plain
