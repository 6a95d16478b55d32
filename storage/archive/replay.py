"""Instances found in the object store get their rows again, in the order in which they once came (PS3.3 §A.1)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from storage.access import facilities
from storage.archive import Archive, discrepancy
from storage.archive.arrival import Arrival
from storage.dicom.part10 import FileMeta, Origin
from storage.dicom.text import search_text
from storage.index import instances, rebuilding
from storage.index.search_attributes import add_values
from storage.index.words import note_words
from storage.objects import ObjectHead

_CHUNK = 100
_SEARCHED = ("patient_name", "patient_id", "accession_number", "study_description")


@dataclass(frozen=True)
class Found:
    """An object that was read and can be indexed."""

    head: ObjectHead
    meta: FileMeta
    dataset_offset: int
    arrival: Arrival
    verified: bool

    @property
    def origin(self) -> Origin:
        """What its file meta says of its row."""
        return self.meta.origin


class Replay:
    """Adds the instances of one study after the other; ``recent``: studies are shown as changed now, not then."""

    def __init__(self, archive: Archive, *, recent: bool) -> None:
        self._archive = archive
        self._recent = recent
        self._now = datetime.now(UTC)
        self._facilities: dict[str, int] = {}

    def add(self, found: Sequence[Found]) -> tuple[int, list[str]]:
        """Add what was found of a study; how many were known already, and the keys of other contents of kept UIDs.

        A chunk is a transaction, so that an interruption leaves the first of them.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        ordered = _in_order(found)
        known, refused = 0, list[str]()
        for start in range(0, len(ordered), _CHUNK):
            chunk = ordered[start : start + _CHUNK]
            for one in chunk:
                self.facility_id(one)  # made before the transaction
            already, other = self._archive.index.in_transaction(partial(self._add, chunk))
            known += already
            refused += other
        return known, refused

    def _add(self, chunk: Sequence[Found], connection: rebuilding.Connection) -> tuple[int, list[str]]:
        kept = rebuilding.keys(connection, [one.arrival.sop_instance_uid for one in chunk])
        new: dict[str, Found] = {}
        refused: list[str] = []
        for one in chunk:
            uid = one.arrival.sop_instance_uid
            if uid not in kept:
                kept[uid], new[uid] = one.head.key, one
            elif kept[uid] != one.head.key:
                refused.append(one.head.key)
        if new:
            _Study(connection, self, list(new.values())).add()
        return len(chunk) - len(new) - len(refused), refused

    def facility_id(self, one: Found) -> int:
        """Whose it is; of an object that does not say so, the archive's own facility."""
        code = one.origin.facility or self._archive.settings.facility
        if code not in self._facilities:
            self._facilities[code] = facilities.get_or_create(self._archive.index, code).id
        return self._facilities[code]

    def row(self, one: Found, series_id: int, number: int | None) -> dict[str, Any]:
        """The row of an instance."""
        return {
            **one.arrival.instance,
            **({"id": number} if number else {}),
            "series_fk": series_id,
            "sop_instance_uid": one.arrival.sop_instance_uid,
            "sop_class_uid": one.arrival.sop_class_uid,
            "transfer_syntax_uid": one.meta.transfer_syntax_uid,
            "size": one.head.size,
            "dataset_offset": one.dataset_offset,
            "dataset_sha256": one.meta.dataset_sha256,
            "location": "object",
            "spool_name": "",
            "object_key": one.head.key,
            "source_ae_title": one.meta.source_ae_title[:16],
            "facility_id": self.facility_id(one),
            "received_at": self.received_at(one),
            "stored_at": self._now,
            "verified_at": self._now if one.verified else None,
        }

    def received_at(self, one: Found) -> datetime:
        """When it came; of an object that does not say so, now."""
        return one.origin.received_at or self._now

    def updated_at(self, one: Found) -> datetime:
        """When its study changes by it."""
        return self._now if self._recent else self.received_at(one)


def _in_order(found: Sequence[Found]) -> list[Found]:
    """As they came: by their rows in the index they were last in, or by time where that was not one index."""
    if len({one.origin.study for one in found}) == 1 and all(one.origin.instance for one in found):
        return sorted(found, key=lambda one: one.origin.instance)
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(
        found,
        key=lambda one: (one.origin.received_at or latest, one.origin.instance, one.arrival.sop_instance_uid),
    )


class _Study:
    """One transaction's worth of new instances of one study."""

    def __init__(self, connection: rebuilding.Connection, replay: Replay, new: Sequence[Found]) -> None:
        self._connection = connection
        self._replay = replay
        self._new = new
        numbers = {name: {getattr(one.origin, name) for one in new} for name in ("study", "series", "instance")}
        rebuilding.keep_ahead(connection, numbers)
        self._free = rebuilding.free_numbers(connection, numbers)
        self._series_rows: dict[str, rebuilding.Row] = {}

    def add(self) -> None:
        """Write the rows of study, series and instances, and what of them contradicts the first."""
        first = self._new[0]
        study, new_study = self._study(first)
        made = new_study
        before = dict(study)
        if not new_study and self._replay.received_at(first) < study["received_at"]:
            study |= self._said_before(study)
        added: Counter[int] = Counter()
        new_series = 0
        for one in self._new:
            series, is_new = self._series(one, study["id"])
            new_series += is_new
            learnt = _learnt(study, one.arrival)
            study |= learnt
            number = self._number("instance", one.origin.instance)
            values = self._replay.row(one, series["id"], number)
            identity = instances.add(self._connection, values, one.arrival.header, one.arrival.frames)
            add_values(self._connection, [(study["id"], series["id"], identity, one.arrival.values)])
            added[series["id"]] += 1
            discrepancy.note_arrival(
                self._connection,
                study,
                series,
                one.arrival,
                self._replay.received_at(one),
                learnt=study if new_study else learnt,
                new_series=is_new,
            )
            new_study = False
        changes = {name: value for name, value in study.items() if value != before[name]}
        if new_series:
            changes["modalities_in_study"] = "\\".join(instances.modalities(self._connection, study["id"]))
        note_words(self._connection, study["id"], study if made else changes, new=made)
        rebuilding.count(
            self._connection,
            study["id"],
            added,
            new_series=new_series,
            updated_at=max(map(self._replay.updated_at, self._new)),
            changes=changes,
        )

    def _said_before(self, study: rebuilding.Row) -> dict[str, Any]:
        """What instances older than the study's own first say of it: that comes first."""
        older = [one for one in self._new if self._replay.received_at(one) < study["received_at"]]
        said = dict(older[0].arrival.study)
        for one in older[1:]:
            said |= {name: value for name, value in one.arrival.study.items() if value and not said[name]}
        said = {name: value for name, value in said.items() if value}
        texts = search_text(said.get(name) or study[name] for name in _SEARCHED)
        return {
            **said,
            "search_text": texts,
            "facility_id": self._replay.facility_id(older[0]),
            "received_at": self._replay.received_at(older[0]),
        }

    def _study(self, first: Found) -> tuple[rebuilding.Row, bool]:
        uid = first.arrival.study_instance_uid
        kept = instances.lock_study(self._connection, uid)
        if kept is not None:
            return kept, False
        number = self._number("study", first.origin.study)
        return instances.add_study(
            self._connection,
            {
                **first.arrival.study,
                **({"id": number} if number else {}),
                "study_instance_uid": uid,
                "facility_id": self._replay.facility_id(first),
                "search_text": search_text(first.arrival.study[name] for name in _SEARCHED),
                "received_at": self._replay.received_at(first),
                "updated_at": self._replay.updated_at(first),
            },
        )

    def _series(self, one: Found, study_id: int) -> tuple[rebuilding.Row, bool]:
        uid = one.arrival.series_instance_uid
        if uid in self._series_rows:
            return self._series_rows[uid], False
        number = self._number("series", one.origin.series)
        self._series_rows[uid], is_new = instances.add_series(
            self._connection,
            {
                **one.arrival.series,
                **({"id": number} if number else {}),
                "study_fk": study_id,
                "series_instance_uid": uid,
                "received_at": self._replay.received_at(one),
                "updated_at": self._replay.updated_at(one),
            },
        )
        return self._series_rows[uid], is_new

    def _number(self, table: str, number: int) -> int | None:
        """The number that the row had, unless another has it now."""
        return number if number in self._free[table] else None


def _learnt(study: rebuilding.Row, arrival: Arrival) -> dict[str, Any]:
    """Columns of the study that were empty until this instance."""
    changes = {name: value for name, value in arrival.study.items() if value and not study[name]}
    if changes.keys() & set(_SEARCHED):
        changes["search_text"] = search_text(changes.get(name) or study[name] for name in _SEARCHED)
    return changes
