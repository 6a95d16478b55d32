"""Whose film it is: what the machine, the texts on the film and the archive say together (PS3.3 §C.13.1, §C.13.7).

A film goes into a study by itself only when this is certain: something on it names exactly one study of the machine's
facility, and nothing on it names another patient. That the machine has sent a study of late only suggests it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from storage.archive import Archive
from storage.dicom.film import Proposal
from storage.dicom.text import tokens
from storage.index import films as rows

Basis = Literal["study", "accession", "patient", "name", "performed"]
Doubt = Literal["nothing-known", "several", "contradiction", "no-study"]

# A patient's ID alone means a study of these days; a machine's last study is looked for within an hour.
RECENTLY = timedelta(hours=36)
JUST_NOW = timedelta(hours=1)
MOST_CANDIDATES = 8
# Shorter numbers are numbers of films and images as well.
_SHORTEST_IDENTIFIER = 5
_PIECE = re.compile(r"[^\s,;|()\[\]{}\"']+")
_DAY = re.compile(r"(?:19|20)\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01])|(?:[0-2]\d|3[01])(?:0\d|1[0-2])(?:19|20)\d{2}")


@dataclass(frozen=True)
class Match:
    """The study of a film (a row of the index), and what told so."""

    study: rows.Row
    basis: Basis


@dataclass(frozen=True)
class Unmatched:
    """Why nobody knows whose film it is, and the studies it may well belong to, likeliest first."""

    doubt: Doubt
    candidates: list[rows.Row] = field(default_factory=list)


def match(archive: Archive, row: Mapping[str, Any]) -> Match | Unmatched:
    """Find the study of a film; ``row`` is the film's."""
    proposal = proposal_of(row)
    texts = row["texts"].split("\n")
    with archive.index.read() as connection:
        return _match(connection, row, proposal, texts)


def proposal_of(row: Mapping[str, Any]) -> Proposal:
    """Whose film it is, as its machine says."""
    return Proposal(**json.loads(row["proposal"])) if row["proposal"] else Proposal()


def identifiers(texts: Iterable[str]) -> frozenset[str]:
    """What in the texts may be a patient ID or an accession number: long enough, with a digit, and no day."""
    found = set()
    for text in texts:
        for piece in _PIECE.findall(text):
            for part in {piece, *re.split(r"[:=#]", piece)}:
                plain = part.strip(".,:;-_/#")
                if (
                    len(plain) >= _SHORTEST_IDENTIFIER
                    and any(letter.isdigit() for letter in plain)
                    and not _DAY.fullmatch(re.sub(r"[-./]", "", plain))
                ):
                    found.add(plain)
    return frozenset(found)


def _match(
    connection: rows.Connection, row: Mapping[str, Any], proposal: Proposal, texts: list[str]
) -> Match | Unmatched:
    facility, printed = row["facility_id"], row["printed_at"]
    written = identifiers(texts)
    by_study = rows.study_of(connection, proposal.study_instance_uid) if proposal.study_instance_uid else None
    if by_study is not None and by_study["facility_id"] != facility:
        by_study = None
    accessions = {number for number in (proposal.accession_number, *written) if number}
    by_accession = _named(connection, facility, "accession_number", accessions, None)
    patients = {number for number in (proposal.patient_id, *written) if number}
    of_patient = _named(connection, facility, "patient_id", patients, None)
    sent = rows.studies_sent_by(connection, facility, row["ae_title"], printed - JUST_NOW, MOST_CANDIDATES)
    recent = [study for study in of_patient if study["updated_at"] >= printed - RECENTLY]
    named = [study for study in sent if names(study["patient_name"], [proposal.patient_name, *texts])]
    found: list[tuple[Basis, list[rows.Row]]] = [
        ("study", [by_study] if by_study is not None else []),
        ("accession", by_accession),
        ("patient", _of_machine(recent, sent)),
        ("name", named),
    ]
    candidates = _distinct([*(study for _, studies in found for study in studies), *sent, *of_patient])
    told = [(basis, studies) for basis, studies in found if studies]
    if not told:
        return Unmatched("no-study" if of_patient else "nothing-known", candidates)
    basis, studies = told[0]
    if len(studies) > 1:
        return Unmatched("several", candidates)
    (study,) = studies
    if _contradicted(study, proposal, of_patient, found):
        return Unmatched("contradiction", candidates)
    return Match(study, basis)


def _named(
    connection: rows.Connection, facility: int, column: str, values: set[str], since: datetime | None
) -> list[rows.Row]:
    return rows.studies_named(connection, facility, column, values, since, MOST_CANDIDATES) if values else []


def _of_machine(studies: list[rows.Row], sent: list[rows.Row]) -> list[rows.Row]:
    """Of several studies of a patient, that which the machine itself has sent, if it is one."""
    uids = {study["study_instance_uid"] for study in sent}
    own = [study for study in studies if study["study_instance_uid"] in uids]
    return own if len(studies) > 1 and len(own) == 1 else studies


def _contradicted(
    study: rows.Row, proposal: Proposal, of_patient: list[rows.Row], found: list[tuple[Basis, list[rows.Row]]]
) -> bool:
    """Whether something on the film speaks of another patient or another study."""
    if proposal.patient_id and study["patient_id"] and proposal.patient_id != study["patient_id"]:
        return True
    if proposal.patient_name and study["patient_name"] and not names(study["patient_name"], [proposal.patient_name]):
        return True
    if of_patient and all(other["patient_id"] != study["patient_id"] for other in of_patient):
        return True
    accessions = dict(found)["accession"]
    return bool(accessions) and all(one["study_instance_uid"] != study["study_instance_uid"] for one in accessions)


def names(patient_name: str, texts: Iterable[str]) -> bool:
    """Whether one of the texts has every word of a name of at least two words, without regard to diacritics."""
    words = set(tokens(patient_name.split("=", maxsplit=1)[0].replace("^", " ")))
    return len(words) >= 2 and any(words <= set(tokens(text.replace("^", " "))) for text in texts if text)


def _distinct(studies: Iterable[rows.Row]) -> list[rows.Row]:
    found: dict[str, rows.Row] = {}
    for study in studies:
        found.setdefault(study["study_instance_uid"], study)
    return list(found.values())[:MOST_CANDIDATES]
