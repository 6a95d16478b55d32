"""The other studies of a patient: whose they are, and what speaks against it."""

from typing import Any

import pytest

from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.archive import Archive
from storage.archive.patient_history import patient_history
from storage.errors import Forbidden, NotFound
from tests.storage.samples import ct, keep, uid

HERE = Principal("user", "an", frozenset({Role.REFERRER}), frozenset({1}))
SAME: dict[str, Any] = {
    "PatientID": "P-1",
    "PatientName": "NGUYỄN^VĂN^ĐỨC",
    "IssuerOfPatientID": "BHYT",
    "PatientSex": "M",
}


def found(archive: Archive, study: str, principal: Principal = SYSTEM) -> list[tuple[str, tuple[str, ...]]]:
    history = patient_history(archive, uid(study), principal)
    return [(one.study.study_instance_uid, one.doubts) for one in history.studies]


def test_the_latest_first_and_what_contradicts_is_told(archive: Archive) -> None:
    keep(archive, ct("now", **SAME, StudyDate="20260301"))
    keep(archive, ct("old", **SAME, StudyDate="20200101"))
    keep(archive, ct("newer", **SAME | {"PatientName": "NGUYEN VAN DUC"}, StudyDate="20250101"), facility_id=2)
    keep(archive, ct("odd", **SAME | {"PatientName": "LÊ^THỊ^HOA", "PatientSex": "F"}, StudyDate="20240101"))
    keep(archive, ct("other issuer", **SAME | {"IssuerOfPatientID": "CCCD"}))
    keep(archive, ct("other id", **SAME | {"PatientID": "P-2"}))
    everything = [(uid("newer"), ()), (uid("odd"), ("name", "sex")), (uid("old"), ())]
    assert found(archive, "now") == everything
    assert found(archive, "now", HERE) == everything[1:], "another facility is out of reach"


def test_without_an_issuer_an_id_counts_within_its_facility_and_no_id_means_nobody(archive: Archive) -> None:
    plain: dict[str, Any] = {"PatientID": "77", "PatientName": "TRẦN^AN"}
    keep(archive, ct("here", **plain))
    keep(archive, ct("here too", **plain))
    keep(archive, ct("there", **plain), facility_id=2)
    assert found(archive, "here") == [(uid("here too"), ())]
    keep(archive, ct("nobody", PatientID=""))
    keep(archive, ct("nobody else", PatientID=""))
    assert found(archive, "nobody") == []


def test_who_may_not_see_the_study_learns_nothing_of_its_patient(archive: Archive) -> None:
    keep(archive, ct("there", **SAME), facility_id=2)
    with pytest.raises(Forbidden):
        found(archive, "there", HERE)
    with pytest.raises(Forbidden):
        found(archive, "there", Principal("ae", "CT1", facilities=None, rights=frozenset({Action.STORE})))
    with pytest.raises(NotFound):
        found(archive, "nowhere")
