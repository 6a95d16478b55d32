"""Whether what a machine says is of an order, by which of its words, and when that is certain (PS3.3 §C.4, our policy).

A Study Instance UID or accession number alone does not decide: the patient must not be another one. Names are compared
without case, diacritics and order; where a machine wrote a question mark for a letter, any letter may have stood.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from storage.dicom.likeness import same_name
from storage.dicom.text import normalise

By = Literal["study", "accession", "step", "patient"]
_MANGLED = re.compile("[?\ufffd]+")
# Old machines cut a name.
_SHORTEST_BEGINNING = 8


@dataclass(frozen=True)
class Said:
    """What a machine says of the patient and of the order; empty where it says nothing."""

    patient_name: str = ""
    patient_id: str = ""
    patient_birth_date: str = ""
    studies: tuple[str, ...] = ()
    accession_numbers: tuple[str, ...] = ()
    requested_procedure_ids: tuple[str, ...] = ()
    step_ids: tuple[str, ...] = ()
    modality: str = ""


@dataclass(frozen=True)
class Candidate:
    """An order with its steps, rows of the index."""

    order: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]

    @property
    def is_open(self) -> bool:
        """Whether it waits to be done."""
        return self.order["state"] in ("scheduled", "in-progress")


def is_same_patient(said: Said, order: Mapping[str, Any]) -> bool:
    """Whether nothing that both say of the patient differs beyond how it is written, and something agrees."""
    given, kept = _identifier(said.patient_id), _identifier(order["patient_id"])
    if given and given != kept:
        return False
    named = bool(said.patient_name.strip("^ "))
    if given:
        return True
    born = said.patient_birth_date and order["patient_birth_date"]
    if born and said.patient_birth_date != order["patient_birth_date"]:
        return False
    return named and is_same_name(said.patient_name, order["patient_name"])


def is_same_name(said: str, ordered: str) -> bool:
    """Whether a name that a machine wrote may be that of the order: in ASCII, mangled or cut."""
    if same_name(said, ordered):
        return True
    given, kept = (" ".join(normalise(name.split("=")[0]).replace("^", " ").split()) for name in (said, ordered))
    if _MANGLED.search(given):
        # One letter in UTF-8 has up to three bytes, of which a machine may make as many marks.
        pattern = "".join(
            "." if _MANGLED.fullmatch(part) else re.escape(part) for part in re.split("([?\ufffd]+)", given)
        )
        return re.fullmatch(pattern.replace(".", ".{1,3}"), kept) is not None
    return len(given) >= _SHORTEST_BEGINNING and kept.startswith(given)


def certain(said: Said, candidates: Iterable[Candidate]) -> tuple[Candidate, By] | None:
    """The one order that this is of; ``None`` where none fits, or more than one does."""
    fitting = [one for one in candidates if is_same_patient(said, one.order)]
    tests: tuple[tuple[By, Callable[[Said, Candidate], bool]], ...] = (
        ("study", _by_study),
        ("accession", _by_accession),
        ("patient", _by_patient),
    )
    for by, test in tests:
        found = [one for one in fitting if test(said, one)]
        if len(found) == 1:
            return found[0], by
        narrowed = _narrowed(said, found)
        if len(narrowed) == 1:
            return narrowed[0], "step"
        if found:
            return None
    return None


def _by_study(said: Said, one: Candidate) -> bool:
    return one.order["study_instance_uid"] in said.studies


def _by_accession(said: Said, one: Candidate) -> bool:
    return one.order["accession_number"] != "" and one.order["accession_number"] in said.accession_numbers


def _by_patient(said: Said, one: Candidate) -> bool:
    """The patient alone: only for an open order of this modality, and only when the name is right too."""
    if not (one.is_open and said.patient_id and said.modality and said.patient_name.strip("^ ")):
        return False
    if any(number and number != one.order["accession_number"] for number in said.accession_numbers):
        return False
    right = any(step["modality"] == said.modality for step in one.steps)
    return right and is_same_name(said.patient_name, one.order["patient_name"])


def _narrowed(said: Said, found: list[Candidate]) -> list[Candidate]:
    """Of several orders under one number: a named procedure or step decides, then the modality, then what waits."""
    tests: tuple[Callable[[Candidate], bool], ...] = (
        lambda one: one.order["requested_procedure_id"] in said.requested_procedure_ids,
        lambda one: any(step["step_id"] in said.step_ids for step in one.steps),
        lambda one: any(step["modality"] == said.modality for step in one.steps),
        lambda one: one.is_open,
    )
    for test in tests:
        fitting = [one for one in found if test(one)]
        found = fitting or found
    return found


def steps_meant(said: Said, one: Candidate) -> list[Mapping[str, Any]]:
    """The steps of an order that this is of: those that are named, else those of the modality, else the only one."""
    named = [step for step in one.steps if step["step_id"] and step["step_id"] in said.step_ids]
    if named:
        return named
    fitting = [step for step in one.steps if step["modality"] == said.modality]
    waiting = [step for step in fitting if step["state"] in ("scheduled", "in-progress")]
    if fitting:
        return (waiting or fitting)[:1]
    return list(one.steps) if len(one.steps) == 1 else []


def _identifier(text: str) -> str:
    return "".join(text.upper().split())
