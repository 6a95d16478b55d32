"""Use case: the other studies of a patient, to compare with (priors)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from storage.access import permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.absence import absence
from storage.archive.study_list import StudyRow
from storage.archive.view import allow
from storage.dicom.text import tokens
from storage.index import listing as rows

MAXIMUM_STUDIES = 50

Doubt = Literal["name", "birth_date", "sex"]


@dataclass(frozen=True)
class OtherStudy:
    """A study with the same patient ID; ``doubts`` names what contradicts that it is the same person."""

    study: StudyRow
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True)
class History:
    """The other studies of a patient, the latest first; ``more``: there are others that are not in it."""

    studies: list[OtherStudy]
    more: bool = False


def patient_history(archive: Archive, study_instance_uid: str, principal: Principal) -> History:
    """The other studies in the principal's reach with the patient ID and issuer of this one; without an ID none.

    A patient ID without an issuer counts within one facility only. What contradicts the person is told, never hidden.

    Raises:
        NotFound: there is no such study.
        Forbidden: it belongs to a facility out of reach, or the principal may not search.
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        row = rows.by_uid(connection, study_instance_uid)
    if row is None:
        raise absence(archive, study_instance_uid)
    allow(archive, principal, Action.SEARCH, row["facility_id"], study_instance_uid, row["patient_id"])
    if not row["patient_id"].strip():
        return History([])
    with archive.index.read() as connection:
        found = rows.of_patient(connection, row, permission.reach(principal), MAXIMUM_STUDIES + 1)
    now = datetime.now(UTC)
    studies = [OtherStudy(StudyRow.of(one, now), _doubts(row, one)) for one in found[:MAXIMUM_STUDIES]]
    return History(studies, len(found) > MAXIMUM_STUDIES)


def _doubts(row: dict[str, Any], other: dict[str, Any]) -> tuple[Doubt, ...]:
    """What is said of both and differs; of names, when the words of neither are all among those of the other."""
    names = set(tokens(row["patient_name"])), set(tokens(other["patient_name"]))
    found: list[Doubt] = []
    if all(names) and not (names[0] <= names[1] or names[1] <= names[0]):
        found.append("name")
    if _differ(row, other, "patient_birth_date"):
        found.append("birth_date")
    if _differ(row, other, "patient_sex"):
        found.append("sex")
    return tuple(found)


def _differ(row: dict[str, Any], other: dict[str, Any], name: str) -> bool:
    return bool(row[name] and other[name] and row[name] != other[name])
