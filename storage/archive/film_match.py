"""Whose film it is: what the machine, the texts on the film and the archive say together (PS3.3 §C.13.1, §C.13.7).

A film goes into a study by itself only when this is certain: something on it, or what its machine reports to do just
now, names exactly one study or order of the machine's facility, and nothing on it names another. That the machine has
sent a study of late only suggests it.
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
from storage.index.performed_steps import in_progress

Basis = Literal["study", "accession", "patient", "performed", "name"]
Doubt = Literal["nothing-known", "likeness", "several", "contradiction", "no-study"]

# A patient's ID alone means a study or an order of these days; a machine's last study is looked for within an hour.
RECENTLY = timedelta(hours=36)
JUST_NOW = timedelta(hours=1)
# What a machine has begun and forgot to end is not what it does now.
_SHIFT = timedelta(hours=4)
MOST_CANDIDATES = 8
_MOST_RECENT = 500
# Shorter numbers are numbers of films and images as well.
_SHORTEST_IDENTIFIER = 5
_PIECE = re.compile(r"[^\s,;|()\[\]{}\"']+")
_DAY = re.compile(r"(?:19|20)\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01])|(?:[0-2]\d|3[01])(?:0\d|1[0-2])(?:19|20)\d{2}")


@dataclass(frozen=True)
class Match:
    """The study of a film (a row of the index, or what an order says of one that has yet to come); how it is known."""

    study: rows.Row
    basis: Basis


@dataclass(frozen=True)
class Unmatched:
    """Why nobody knows whose film it is, and the studies it may well belong to, likeliest first."""

    doubt: Doubt
    candidates: list[rows.Row] = field(default_factory=list)


def match(archive: Archive, row: Mapping[str, Any]) -> Match | Unmatched:
    """Find the study of a film; ``row`` is the film's."""
    with archive.index.read() as connection:
        return _Search(connection, row).decide()


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


def names(patient_name: str, texts: Iterable[str]) -> bool:
    """Whether one of the texts has every word of a name of at least two words, without regard to diacritics."""
    words = set(tokens(patient_name.split("=", maxsplit=1)[0].replace("^", " ")))
    return len(words) >= 2 and any(words <= set(tokens(text.replace("^", " "))) for text in texts if text)


class _Search:
    """All that speaks for a study of one film."""

    def __init__(self, connection: rows.Connection, row: Mapping[str, Any]) -> None:
        self.connection = connection
        self.facility: int = row["facility_id"]
        self.ae_title: str = row["ae_title"]
        self.printed: datetime = row["printed_at"]
        self.proposal = proposal_of(row)
        self.texts: list[str] = row["texts"].split("\n")
        written = identifiers(self.texts)
        self.numbers = {number for number in (self.proposal.accession_number, *written) if number}
        self.patients = {number for number in (self.proposal.patient_id, *written) if number}
        self.of_patient = self._named("patient_id", self.patients)
        self.sent = rows.studies_sent_by(
            connection, self.facility, self.ae_title, self.printed - JUST_NOW, MOST_CANDIDATES
        )

    def decide(self) -> Match | Unmatched:
        """The study, if it is certain."""
        by_accession = self._by_accession()
        found: list[tuple[Basis, list[rows.Row]]] = [
            ("study", self._by_study()),
            ("accession", by_accession),
            ("patient", self._by_patient()),
            ("performed", self._performed()),
            ("name", [one for one in self.sent if self._is_named(one)]),
        ]
        told = [one for _, studies in found for one in studies]
        namesakes = self._namesakes()
        candidates = _distinct([*told, *namesakes, *self.sent, *self.of_patient])
        basis, studies = next(((basis, studies) for basis, studies in found if studies), (None, []))
        if basis is None:
            doubt: Doubt = "no-study" if self.of_patient else "likeness" if namesakes else "nothing-known"
            return Unmatched(doubt, candidates[:MOST_CANDIDATES])
        if len(studies) > 1:
            return Unmatched("several", candidates[:MOST_CANDIDATES])
        if self._is_contradicted(studies[0], by_accession):
            return Unmatched("contradiction", candidates[:MOST_CANDIDATES])
        return Match(studies[0], basis)

    def _namesakes(self) -> list[rows.Row]:
        """Studies of these days, from whatever machine, whose patient's name is on the film: a likeness, no proof."""
        since = self.printed - RECENTLY
        recent = rows.studies_since(self.connection, self.facility, since, _MOST_RECENT)
        return [one for one in recent if self._is_named(one)]

    def _named(self, column: str, values: set[str]) -> list[rows.Row]:
        if not values:
            return []
        return rows.studies_named(self.connection, self.facility, column, values, None, MOST_CANDIDATES)

    def _by_study(self) -> list[rows.Row]:
        uid = self.proposal.study_instance_uid
        found = rows.study_of(self.connection, uid) if uid else None
        return [found] if found is not None and found["facility_id"] == self.facility else []

    def _by_accession(self) -> list[rows.Row]:
        if not self.numbers:
            return []
        orders = rows.orders_named(self.connection, self.facility, self.numbers)
        kept = self._named("accession_number", self.numbers)
        return _distinct([*kept, *(study for order in orders for study in self._ordered(order))])

    def _by_patient(self) -> list[rows.Row]:
        """A study of the patient of these days; of several, that which the machine itself has sent, if it is one."""
        recent = [one for one in self.of_patient if one["updated_at"] >= self.printed - RECENTLY]
        sent = {one["study_instance_uid"] for one in self.sent}
        own = [one for one in recent if one["study_instance_uid"] in sent]
        recent = own if len(recent) > 1 and len(own) == 1 else recent
        if recent or not self.patients:
            return recent
        local = self.printed.astimezone()
        days = (f"{local - timedelta(days=1):%Y%m%d}", f"{local:%Y%m%d}")
        orders = rows.orders_of_machine(self.connection, self.facility, self.patients, self.ae_title, days)
        return _distinct(study for order in orders for study in self._ordered(order))

    def _performed(self) -> list[rows.Row]:
        """What the machine reports to do just now (MPPS)."""
        steps = in_progress(self.connection, self.ae_title, {self.facility}, self.printed - _SHIFT)
        found: list[rows.Row] = []
        for step in steps:
            kept = rows.study_of(self.connection, step["study_instance_uid"]) if step["study_instance_uid"] else None
            orders = rows.order_performed(self.connection, step["id"])
            found += [kept] if kept is not None else [study for order in orders for study in self._ordered(order)]
            if kept is None and not orders:
                return []  # it works on something that is not known here
        return _distinct(found)

    def _ordered(self, order: rows.Row) -> list[rows.Row]:
        """The studies of an order; where none is kept yet, the one that its machine was told to make."""
        return rows.studies_ordered(self.connection, order) or [_study_to_be(order, self.printed)]

    def _is_named(self, study: rows.Row) -> bool:
        return names(study["patient_name"], [self.proposal.patient_name, *self.texts])

    def _is_contradicted(self, study: rows.Row, by_accession: list[rows.Row]) -> bool:
        """Whether something on the film speaks of another patient or another study."""
        proposed = self.proposal
        if proposed.patient_id and study["patient_id"] and proposed.patient_id != study["patient_id"]:
            return True
        named = bool(proposed.patient_name and study["patient_name"])
        if named and not names(study["patient_name"], [proposed.patient_name]):
            return True
        if self.of_patient and all(other["patient_id"] != study["patient_id"] for other in self.of_patient):
            return True
        uids = {one["study_instance_uid"] for one in by_accession}
        return bool(uids) and study["study_instance_uid"] not in uids


def _study_to_be(order: rows.Row, printed: datetime) -> rows.Row:
    """The study of an order before anything of it has come."""
    details = json.loads(order["details"] or "{}")
    local = printed.astimezone()
    return {
        "study_instance_uid": order["study_instance_uid"],
        "patient_name": order["patient_name"],
        "patient_id": order["patient_id"],
        "issuer_of_patient_id": str(details.get("issuer_of_patient_id", "")),
        "patient_birth_date": order["patient_birth_date"],
        "patient_sex": str(details.get("patient_sex", "")),
        "study_date": f"{local:%Y%m%d}",
        "study_time": f"{local:%H%M%S}",
        "accession_number": order["accession_number"],
        "study_id": order["requested_procedure_id"],
        "study_description": str(details.get("requested_procedure_description", "")),
        "referring_physician_name": str(details.get("referring_physician_name", "")),
        "facility_id": order["facility_id"],
        "modalities_in_study": "",
        "updated_at": order["updated_at"],
    }


def _distinct(studies: Iterable[rows.Row]) -> list[rows.Row]:
    found: dict[str, rows.Row] = {}
    for study in studies:
        found.setdefault(study["study_instance_uid"], study)
    return list(found.values())
