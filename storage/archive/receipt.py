"""Use case: the receipt of a study: what was received, is durable, is in the object store, and was committed.

Received and durable are one: an instance is acknowledged only when its file and its row survive a power cut, and what
is not acknowledged has no row. "Stored" is an object read back and proved; "committed" was told to the modality by
storage commitment (PS3.4 Annex J).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.view import allow
from storage.errors import NotFound
from storage.index import listing
from storage.index import receipts as rows

STEPS = ("received", "stored", "committed")


@dataclass(frozen=True)
class Step:
    """How many instances have come so far; bytes, and the times of the first and the last."""

    instances: int = 0
    bytes: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    @classmethod
    def of(cls, found: Iterable[Mapping[str, Any]], name: str) -> "Step":
        """Add up one step of rows of the index."""
        counted = [row for row in found if row[name]]
        return cls(
            sum(row[name] for row in counted),
            sum(int(row[f"{name}_bytes"]) for row in counted),
            min((row[f"{name}_first"] for row in counted), default=None),
            max((row[f"{name}_last"] for row in counted), default=None),
        )


@dataclass(frozen=True)
class Progress:
    """The steps of a series, or of a whole study."""

    received: Step
    stored: Step
    committed: Step

    @classmethod
    def of(cls, found: list[dict[str, Any]]) -> "Progress":
        """Add up rows of the index."""
        return cls(*(Step.of(found, name) for name in STEPS))

    @property
    def durable(self) -> Step:
        """What survives a power cut: all that was received, for nothing else is acknowledged."""
        return self.received

    @property
    def settled(self) -> bool:
        """Whether all that was received is in the object store."""
        return self.stored.instances == self.received.instances


@dataclass(frozen=True)
class Sender:
    """An AE title that sent instances of the study; empty: they came over the web or from files."""

    ae_title: str
    instances: int
    last_at: datetime


@dataclass(frozen=True)
class Receipt:
    """The receipt of one study, by series too."""

    study_instance_uid: str
    facility_id: int
    progress: Progress
    senders: tuple[Sender, ...]
    series: tuple[tuple[str, Progress], ...]


def study_receipt(archive: Archive, study_instance_uid: str, principal: Principal) -> Receipt:
    """The receipt of a study that the principal may view.

    Raises:
        NotFound: there is no such study.
        Forbidden: it is not open to the principal; that is noted.
        StoreUnavailable: the index cannot be reached.
    """
    found = read_receipt(archive, study_instance_uid)
    if found is None:
        raise NotFound("There is no such study.")
    receipt, patient_id = found
    allow(archive, principal, Action.VIEW, receipt.facility_id, study_instance_uid, patient_id)
    return receipt


def read_receipt(archive: Archive, study_instance_uid: str) -> tuple[Receipt, str] | None:
    """Receipt and patient ID of a study, asking nobody's permission: for live updates of one that was asked for."""
    with archive.index.read() as connection:
        study = listing.by_uid(connection, study_instance_uid)
        if study is None:
            return None
        found = rows.progress(connection, study["id"])
    return _receipt(study, found), study["patient_id"]


def _receipt(study: Mapping[str, Any], found: list[dict[str, Any]]) -> Receipt:
    of_series: dict[str, list[dict[str, Any]]] = {}
    of_sender: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        of_series.setdefault(row["series_instance_uid"], []).append(row)
        of_sender.setdefault(row["source_ae_title"], []).append(row)
    return Receipt(
        study_instance_uid=study["study_instance_uid"],
        facility_id=study["facility_id"],
        progress=Progress.of(found),
        senders=tuple(_sender(title, of_sender[title]) for title in sorted(of_sender)),
        series=tuple((uid, Progress.of(part)) for uid, part in of_series.items()),
    )


def _sender(title: str, found: list[dict[str, Any]]) -> Sender:
    return Sender(title, sum(row["received"] for row in found), max(row["received_last"] for row in found))
