"""Use case: keep an instance that has arrived (PS3.4 §B, PS3.18 §10.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from storage.access import audit
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.arrival import Arrival, read
from storage.archive.discrepancy import Noted, note_arrival
from storage.archive.order_matching import note_arrival as note_order
from storage.archive.quarantine_entry import PUT_ASIDE, put_conflict_aside
from storage.archive.recent import RecentSeries, RecentStudy, unsaid
from storage.dicom import sop_class
from storage.dicom.text import search_text
from storage.errors import DuplicateConflict, Forbidden, OutOfResources
from storage.fault_point import reached
from storage.index import instances as rows
from storage.index.engine import CommitUnknown
from storage.index.intake import Addition, Outcome
from storage.index.search_attributes import add_values
from storage.index.words import note_words
from storage.objects import instance_key
from storage.spooled_file import SpooledFile

_SEARCHED = ("patient_name", "patient_id", "accession_number", "study_description")


@dataclass(frozen=True)
class Source:
    """Where an instance comes from.

    ``context`` names the association or request; ``facility_id`` owns what arrives; ``study_instance_uid`` limits a
    request to one study.
    """

    kind: Literal["dimse", "stow", "import", "recovery"]
    ae_title: str
    address: str
    facility_id: int
    context: str
    study_instance_uid: str = ""


@dataclass(frozen=True)
class Receipt:
    """What was kept; ``duplicate``: the identical instance was here already, nothing was stored twice."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    duplicate: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Kept:
    """What a transaction did; ``rows``: what to remember of the series, if the instance agrees with all of it."""

    receipt: Receipt
    in_use: bool  # the spool file, from now on
    recent: tuple[RecentStudy, RecentSeries] | None = None


def ingest(archive: Archive, spooled: SpooledFile, source: Source, principal: Principal) -> Receipt:
    """Index a spooled instance; when this returns, the instance is kept and can be acknowledged.

    When it raises, nothing was kept and the spool file is gone, but for :class:`CommitUnknown`: then the file stays,
    and the next start finds out. A file that is being recovered stays too, for the caller to decide.

    Raises:
        Forbidden: the principal may not store here, or the study belongs to a facility out of its reach.
        InvalidInstance, InconsistentInstance, UnsupportedInstance, TooLarge: see :func:`storage.archive.arrival.read`.
        DuplicateConflict: the SOP Instance UID is kept with other content; the new file is put aside.
        OutOfResources: likewise, and there is no room to put it aside.
        StoreUnavailable: the index cannot be reached.
    """
    study_instance_uid = source.study_instance_uid
    try:
        may(principal, Action.STORE, source.facility_id)
        arrival = read(
            spooled,
            study_instance_uid=source.study_instance_uid,
            unknown_sop_classes=archive.settings.unknown_sop_classes,
            trust_dataset=source.kind == "import",
            searchable=archive.searchable.current(),
        )
        study_instance_uid = arrival.study_instance_uid
        spooled.make_durable()
        named = spooled = _named(archive, spooled, arrival)
        quick = _keep_quickly(archive, spooled, arrival, source, principal)
        if quick is not None:
            spooled.release()
            return quick
        kept = archive.index.in_transaction(
            lambda connection: _keep(connection, archive, named, arrival, source, principal)
        )
        reached("index: committed")
    except CommitUnknown:
        spooled.release()
        raise
    except Exception as error:
        try:
            _leave(archive, spooled, source, error)
        finally:
            if isinstance(error, Forbidden | DuplicateConflict):
                _audit_refusal(archive, source, principal, study_instance_uid, type(error).__name__)
        raise
    archive.store_audit.remember(source.context, study_instance_uid, "success")
    if kept.recent is not None:
        study, series = kept.recent
        archive.recent.remember_study(study_instance_uid, study)
        archive.recent.remember_series(study_instance_uid, arrival.series_instance_uid, series)
    if kept.in_use:
        spooled.release()
    else:
        spooled.discard()
    return kept.receipt


def _keep_quickly(
    archive: Archive, spooled: SpooledFile, arrival: Arrival, source: Source, principal: Principal
) -> Receipt | None:
    """Add an instance that says of its study and series what one before it said; ``None``: the careful way decides."""
    uid, series_uid = arrival.study_instance_uid, arrival.series_instance_uid
    study, series = archive.recent.study(uid, arrival.study), archive.recent.series(uid, series_uid)
    if study is None:
        return None
    modality = arrival.series["modality"]
    if modality not in study.modalities if series is None else arrival.series is not series.said:
        return None
    if sop_class.contradicts(arrival.sop_class_uid, modality):
        return None
    if archive.store_audit.is_new(source.context, uid, "success"):
        return None
    may(principal, Action.STORE, study.facility_id)
    now = datetime.now(UTC)
    outcome, series_id = archive.intake.add(
        Addition(
            study_id=study.id,
            study_instance_uid=uid,
            series_id=None if series is None else series.id,
            series_instance_uid=series_uid,
            series=arrival.series,
            instance=_instance(spooled, arrival, source, now),
            header=arrival.header,
            frames=arrival.frames,
            now=now,
            noted=study.noted if series is None else study.noted + series.noted,
            values=unsaid(arrival.values, study, series),
        )
    )
    if outcome is Outcome.STALE:
        archive.recent.forget(uid, series_uid, study.said)
    elif outcome is Outcome.ADDED:
        archive.recent.remember_values(
            uid,
            series_uid,
            study,
            series or RecentSeries(series_id, arrival.series),
            arrival.values,
            new=series is None,
        )
    return _receipt(arrival, duplicate=False, other_patient=study.other_patient) if outcome is Outcome.ADDED else None


def _leave(archive: Archive, spooled: SpooledFile, source: Source, error: Exception) -> None:
    """What becomes of a file that cannot be kept: it is put aside if its UID is kept with other content, else removed.

    Raises:
        DuplicateConflict: it comes from a medium, whose owner still has it, and there is no room to put it aside.
        OutOfResources: it comes from a sender, and there is no room to put it aside.
    """
    if source.kind == "recovery":
        spooled.release()
        return
    if not isinstance(error, DuplicateConflict):
        spooled.discard()
        return
    try:
        put_conflict_aside(
            archive,
            spooled,
            source_kind=source.kind,
            ae_title=source.ae_title,
            address=source.address,
            facility_id=source.facility_id,
        )
    except OutOfResources as full:
        spooled.discard()
        if source.kind == "import":
            raise DuplicateConflict(f"{full} It was not put aside.") from error
        raise
    finally:
        spooled.release()  # where it failed the next start finds the file


def _named(archive: Archive, spooled: SpooledFile, arrival: Arrival) -> SpooledFile:
    """The spooled file with its UIDs in the file meta information: written anew where they were not declared right."""
    if (spooled.sop_class_uid, spooled.sop_instance_uid) == (arrival.sop_class_uid, arrival.sop_instance_uid):
        return spooled
    with (
        archive.spool.receive(
            transfer_syntax_uid=spooled.transfer_syntax_uid,
            sop_class_uid=arrival.sop_class_uid,
            sop_instance_uid=arrival.sop_instance_uid,
            source_ae_title=spooled.source_ae_title,
            facility=spooled.facility,
            received_at=spooled.received_at,
        ) as writer,
        spooled.path.open("rb") as file,
    ):
        file.seek(spooled.dataset_offset)
        while piece := file.read(1024 * 1024):
            writer.write(piece)
        complete = writer.finish()
    spooled.discard()
    return complete


def _keep(
    connection: rows.Connection,
    archive: Archive,
    spooled: SpooledFile,
    arrival: Arrival,
    source: Source,
    principal: Principal,
) -> _Kept:
    """Write all rows of one instance."""
    now = datetime.now(UTC)
    existing = rows.by_sop_instance_uid(connection, arrival.sop_instance_uid)
    if existing is not None:
        may(principal, Action.STORE, existing["study_facility_id"])
        kept = _keep_duplicate(connection, archive, spooled, arrival, existing)
        _audit(connection, archive, source, principal, arrival.study_instance_uid, existing["patient_id"])
        return _Kept(_receipt(arrival, duplicate=True), kept)
    known = rows.lock_study(connection, arrival.study_instance_uid)
    study, is_new = (known, False) if known else rows.add_study(connection, _new_study(spooled, arrival, source, now))
    may(principal, Action.STORE, study["facility_id"])
    series, new_series = rows.add_series(
        connection,
        {
            **arrival.series,
            "study_fk": study["id"],
            "series_instance_uid": arrival.series_instance_uid,
            "received_at": spooled.received_at or now,
            "updated_at": now,
        },
        likely_new=is_new,
    )
    instance = {**_instance(spooled, arrival, source, now), "series_fk": series["id"]}
    identity = rows.add(connection, instance, arrival.header, arrival.frames)
    add_values(connection, [(study["id"], series["id"], identity, arrival.values)])
    changes = _completed(study, arrival)
    note_words(connection, study["id"], study if is_new else changes, new=is_new)
    if new_series:
        changes["modalities_in_study"] = "\\".join(rows.modalities(connection, study["id"]))
        note_order(connection, {**study, **changes}, arrival, now)
    rows.count(connection, study["id"], series["id"], now, new_series=new_series, changes=changes)
    learnt = study if is_new else changes
    study = {**study, **changes}
    noted = note_arrival(connection, study, series, arrival, now, learnt=learnt, new_series=new_series)
    patient_id = str(study["patient_id"])
    _audit(connection, archive, source, principal, arrival.study_instance_uid, patient_id)
    reached("index: before commit")
    other_patient = arrival.study["patient_id"] not in ("", patient_id)
    return _Kept(
        _receipt(arrival, duplicate=False, other_patient=other_patient),
        in_use=True,
        recent=_recent(study, series, arrival, noted, other_patient=other_patient),
    )


def _recent(
    study: Mapping[str, Any], series: Mapping[str, Any], arrival: Arrival, noted: Noted, *, other_patient: bool
) -> tuple[RecentStudy, RecentSeries]:
    """What to remember of these rows, and of what the instance said of them."""
    modalities = frozenset(study["modalities_in_study"].split("\\"))
    return (
        RecentStudy(
            *(study["id"], study["facility_id"], modalities, arrival.study, noted.study, other_patient),
            values=arrival.values.study,
        ),
        RecentSeries(series["id"], arrival.series, noted.series, values=arrival.values.series),
    )


def _keep_duplicate(
    connection: rows.Connection,
    archive: Archive,
    spooled: SpooledFile,
    arrival: Arrival,
    existing: Mapping[str, Any],
) -> bool:
    """Whether the new file is in use: where the kept one was lost from this spool, or is this very file."""
    if existing["dataset_sha256"] != spooled.dataset_sha256:
        raise DuplicateConflict(PUT_ASIDE)
    name = existing["spool_name"]
    if existing["location"] != "spool" or name == spooled.name:
        return bool(existing["location"] == "spool")
    if not name.startswith(f"{archive.spool.node}-") or archive.spool.path(name).exists():
        return False
    return rows.adopt(connection, existing["id"], name, _file_columns(spooled, arrival))


def _file_columns(spooled: SpooledFile, arrival: Arrival) -> dict[str, Any]:
    return {
        "transfer_syntax_uid": spooled.transfer_syntax_uid,
        "size": spooled.size,
        "dataset_offset": spooled.dataset_offset,
        "dataset_sha256": spooled.dataset_sha256,
        "location": "spool",
        "spool_name": spooled.name,
        "object_key": instance_key(
            arrival.study_instance_uid, arrival.series_instance_uid, arrival.sop_instance_uid, spooled.dataset_sha256
        ),
    }


def _instance(spooled: SpooledFile, arrival: Arrival, source: Source, now: datetime) -> dict[str, Any]:
    return {
        **arrival.instance,
        **_file_columns(spooled, arrival),
        "sop_instance_uid": arrival.sop_instance_uid,
        "sop_class_uid": arrival.sop_class_uid,
        "source_ae_title": source.ae_title[:16],
        "facility_id": source.facility_id,
        "received_at": spooled.received_at or now,
    }


def _new_study(spooled: SpooledFile, arrival: Arrival, source: Source, now: datetime) -> dict[str, Any]:
    return {
        **arrival.study,
        "study_instance_uid": arrival.study_instance_uid,
        "facility_id": source.facility_id,
        "search_text": search_text(arrival.study[name] for name in _SEARCHED),
        "received_at": spooled.received_at or now,
        "updated_at": now,
    }


def _completed(study: Mapping[str, Any], arrival: Arrival) -> dict[str, Any]:
    """Columns of the study that were empty until this instance; what is known is never replaced."""
    changes = {name: value for name, value in arrival.study.items() if value and not study[name]}
    if changes.keys() & set(_SEARCHED):
        changes["search_text"] = search_text(changes.get(name) or study[name] for name in _SEARCHED)
    return changes


def _receipt(arrival: Arrival, *, duplicate: bool, other_patient: bool = False) -> Receipt:
    warnings = arrival.warnings
    if other_patient:
        warnings = (*warnings, "The Patient ID differs from that of the study; the study keeps its first.")
    return Receipt(
        arrival.study_instance_uid,
        arrival.series_instance_uid,
        arrival.sop_instance_uid,
        arrival.sop_class_uid,
        duplicate,
        warnings,
    )


def _audit(
    connection: rows.Connection,
    archive: Archive,
    source: Source,
    principal: Principal,
    study_instance_uid: str,
    patient_id: str,
) -> None:
    if archive.store_audit.is_new(source.context, study_instance_uid, "success"):
        audit.record(
            connection,
            principal,
            Action.STORE,
            study_instance_uid=study_instance_uid,
            patient_id=patient_id,
            detail={"source": source.kind, "ae_title": source.ae_title, "context": source.context},
        )


def _audit_refusal(
    archive: Archive, source: Source, principal: Principal, study_instance_uid: str, reason: str
) -> None:
    if not archive.store_audit.is_new(source.context, study_instance_uid, reason):
        return
    detail = {"source": source.kind, "ae_title": source.ae_title, "context": source.context, "reason": reason}
    archive.index.in_transaction(
        lambda connection: audit.record(
            connection, principal, Action.STORE, "refused", study_instance_uid=study_instance_uid, detail=detail
        )
    )
    archive.store_audit.remember(source.context, study_instance_uid, reason)
