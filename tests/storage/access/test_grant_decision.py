"""The rule that decides what a grant opens: whatever is not granted is refused, and the nearest reason is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.access.grant_decision import Decision, decide
from storage.access.principal import Action, Visit

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STUDY = {
    "study_instance_uid": "1.2.3",
    "facility_id": 7,
    "patient_id": "P1",
    "issuer_of_patient_id": "",
    "study_date": "20240101",
}
GRANT: dict[str, Any] = {
    **STUDY,
    "id": 1,
    "kind": "grant",
    "scope": "study",
    "purpose": "TREAT",
    "person": "",
    "may_copy": False,
    "revoked_at": None,
    "valid_until": NOW + timedelta(days=1),
}
VISIT = Visit(3, "a" * 32, "bs.lan", "TREAT", "1.2.3")


def of(*grants: dict[str, Any], action: Action = Action.VIEW, purpose: str = "TREAT", **study: Any) -> Decision:
    """The decision by grants that differ from the ordinary one."""
    visit = Visit(3, "a" * 32, "bs.lan", purpose, "1.2.3")
    return decide(visit, action, STUDY | study, [GRANT | one for one in grants], NOW)


def test_a_grant_of_the_study_lets_in() -> None:
    assert of({}) == Decision(1)
    assert of({"revoked_at": NOW}, {"id": 2}) == Decision(2)
    assert of({"may_copy": True}, action=Action.EXPORT) == Decision(1)


@pytest.mark.parametrize(
    ("grant", "missing"),
    [
        ({"revoked_at": NOW}, "revoked"),
        ({"valid_until": NOW}, "lapsed"),
        ({"purpose": "PATRQT"}, "purpose"),
        ({"person": "somebody else"}, "grant"),
        ({"facility_id": 8}, "grant"),
        ({"patient_id": "P2"}, "grant"),
        ({"issuer_of_patient_id": "another"}, "grant"),
        ({"study_instance_uid": "1.2.4"}, "grant"),
        ({"kind": "emergency", "purpose": "ETREAT"}, "purpose"),
        ({"kind": "emergency", "revoked_at": NOW}, "emergency-closed"),
    ],
)
def test_what_does_not_let_in_says_why(grant: dict[str, Any], missing: str) -> None:
    assert of(grant) == Decision(None, missing)  # type: ignore[arg-type]


def test_without_a_grant_nothing_is_open() -> None:
    assert of() == Decision(None, "grant")
    for action in set(Action) - {Action.VIEW, Action.EXPORT}:
        assert of({"may_copy": True}, action=action).grant is None
    assert of({}, action=Action.EXPORT) == Decision(None, "copy")


def test_a_study_that_is_now_another_patients_is_not_open() -> None:
    assert of({}, patient_id="P2") == Decision(None, "grant")


def test_priors_are_earlier_studies_of_the_same_patient() -> None:
    priors = {"scope": "priors", "study_instance_uid": "1.2.9", "study_date": "20250101"}
    assert of(priors).grant == 1
    assert of(priors, study_date="20250102").grant is None
    assert of(priors, study_date="").grant is None
    assert of(priors, study_instance_uid="1.2.9", study_date="").grant == 1


def test_a_patient_is_all_studies_of_the_id_at_one_hospital() -> None:
    patient = {"scope": "patient", "study_instance_uid": "", "study_date": ""}
    assert of(patient, study_date="").grant == 1
    assert of(patient, facility_id=8).grant is None
    assert of({**patient, "patient_id": " "}, patient_id=" ").grant is None


def test_an_ordinary_grant_lets_in_in_an_emergency_too() -> None:
    assert of({}, purpose="ETREAT").grant == 1
    assert of({"kind": "emergency", "purpose": "ETREAT", "person": "bs.lan"}, purpose="ETREAT").grant == 1
