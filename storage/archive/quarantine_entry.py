"""Use case: put a file aside that cannot be kept in its place; nothing that was received whole is lost (PS3.4 §B.2.3).

The file moves first and is then noted, so what a kill leaves is a file without a row: the next start notes it
(:func:`settle`). The same conflicting content is put aside once, over all nodes.
"""

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import structlog

from storage.access import ae, audit, facilities
from storage.access.principal import SYSTEM, Action
from storage.archive import Archive
from storage.archive.arrival import Arrival, read
from storage.claim import claim
from storage.disk import sync_folder, translated
from storage.errors import ArchiveError, InvalidInstance, OutOfResources
from storage.fault_point import reached
from storage.index import quarantine as rows
from storage.spooled_file import SpooledFile, recover

Kind = Literal["conflict", "damaged"]

# As a peer is told; a sender on the DICOM network gets 64 characters (Error Comment is LO).
PUT_ASIDE = "UID kept already with other content; put aside for administrator"
CONFLICT = "The SOP Instance UID is kept already with other content; the kept instance is unchanged."

_log = structlog.get_logger(__name__)


def put_conflict_aside(
    archive: Archive, spooled: SpooledFile, *, source_kind: str, ae_title: str, address: str, facility_id: int
) -> None:
    """Put a file of ``ready/`` aside whose SOP Instance UID is kept with other content; afterwards it has left there.

    Raises:
        OutOfResources: the quarantine of this node is full; the file is still where it was.
        StoreUnavailable: the index cannot be reached, or the disk does not take it.
    """
    now = datetime.now(UTC)

    def seen_before(connection: rows.Connection) -> bool:
        known = rows.same_content(connection, spooled.sop_instance_uid, spooled.dataset_sha256)
        if known is not None:
            rows.count_again(connection, known["id"], now)
        elif rows.bytes_of_node(connection, archive.spool.node) + spooled.size > _maximum(archive):
            raise OutOfResources("UID kept already with other content, and the quarantine is full.")
        return known is not None

    if archive.index.in_transaction(seen_before):
        spooled.discard()
        return
    values = {
        **_described(archive, spooled.path, spooled, CONFLICT),
        "kind": "conflict",
        "source_kind": source_kind,
        "source_ae_title": ae_title[:16],
        "source_address": address,
        "facility_id": facility_id,
    }
    _put_aside(archive, spooled.path, values, now)
    spooled.release()


def put_damaged_aside(archive: Archive, path: Path, reason: str, spooled: SpooledFile | None = None) -> None:
    """Put a file of ``ready/`` aside that could not be indexed after an unclean stop; it may once have been promised.

    Raises:
        StoreUnavailable: the index cannot be reached, or the disk does not take it.
    """
    _put_aside(archive, path, _described(archive, path, spooled, reason), datetime.now(UTC))


def settle(archive: Archive) -> int:
    """Make the quarantine folder and its rows agree after any stop; gives how many files were noted.

    A file without a row is noted, one whose row says that it was discarded or stored is removed. A row whose file was
    stored when its process died is closed. Files that a living process works on are left alone.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    noted = 0
    for path in sorted(archive.spool.quarantine.iterdir(), key=lambda path: path.name):
        with archive.index.read() as connection:
            row = rows.by_file_name(connection, path.name)
        if row is not None and row["state"] == "open":
            continue
        hold = claim(path)
        if hold is None:
            continue
        try:
            if row is not None:
                path.unlink(missing_ok=True)
            else:
                values = _described(archive, path, None, "Its process died while the file was put aside.")
                noted += _note(archive, path, values, datetime.now(UTC))
        finally:
            hold.release()
    _close_stored(archive)
    return noted


def file_path(archive: Archive, file_name: str) -> Path:
    """Where a quarantined file of this node is."""
    return archive.spool.quarantine / Path(file_name).name


def _maximum(archive: Archive) -> int:
    return archive.settings.maximum_quarantine_bytes


def _put_aside(archive: Archive, path: Path, values: dict[str, Any], now: datetime) -> None:
    target = file_path(archive, path.name)
    with translated():
        path.rename(target)
        sync_folder(archive.spool.quarantine)
        sync_folder(path.parent)
    reached("quarantine: moved")
    _note(archive, target, values, now)
    reached("quarantine: noted")


def _note(archive: Archive, path: Path, values: dict[str, Any], now: datetime) -> bool:
    """Add the row of a file in the quarantine; false if its content is there already, then the file goes."""
    values = {
        "file_name": path.name,
        "node": archive.spool.node,
        "host": socket.gethostname(),
        "received_at": now,
        "last_received_at": now,
        **values,
    }

    def add(connection: rows.Connection) -> bool:
        if rows.add(connection, values) or rows.by_file_name(connection, path.name) is not None:
            return True
        known = rows.same_content(connection, values["sop_instance_uid"], values["dataset_sha256"])
        if known is not None:
            rows.count_again(connection, known["id"], now)
        return False

    if archive.index.in_transaction(add, durable=True):
        _log.warning("put aside", file=path.name, kind=values["kind"], reason=values["reason"])
        return True
    with translated():
        path.unlink(missing_ok=True)
    return False


def _close_stored(archive: Archive) -> None:
    """Close rows whose file was taken out to be stored; say so where a file is gone for another reason."""
    with archive.index.read() as connection:
        unresolved = rows.unresolved(connection, archive.spool.node)
    gone = [row for row in unresolved if not file_path(archive, row["file_name"]).exists()]
    for row in gone:

        def close(connection: rows.Connection, row: rows.Row = row) -> bool:
            kept = rows.kept(connection, row["sop_instance_uid"])
            if kept is None or kept["dataset_sha256"] != row["dataset_sha256"]:
                return False
            rows.resolve(connection, row["id"], "stored", SYSTEM.name, "", datetime.now(UTC))
            audit.record(
                connection,
                SYSTEM,
                Action.ADMINISTER,
                study_instance_uid=row["study_instance_uid"],
                patient_id=row["patient_id"],
                detail={"act": "quarantine settle", "quarantine": row["id"]},
            )
            return True

        if not archive.index.in_transaction(close) and not archive.spool.path(row["file_name"]).exists():
            _log.error("a quarantined file is missing", quarantine=row["id"], file=row["file_name"])


def _described(archive: Archive, path: Path, spooled: SpooledFile | None, reason: str) -> dict[str, Any]:
    """What the row of a file says that is known by its bytes alone."""
    values: dict[str, Any] = {"kind": "damaged", "reason": reason, "size": path.stat().st_size}
    values["source_kind"] = "recovery"
    try:
        spooled = spooled or recover(path)
        values |= {**_of_file(spooled), "facility_id": owner(archive, spooled)}
        arrival = read(spooled, study_instance_uid="", unknown_sop_classes="accept", trust_dataset=True)
    except ArchiveError as error:
        if isinstance(error, InvalidInstance):
            values["reason"] = str(error)
        return values
    values |= _of_arrival(arrival)
    with archive.index.read() as connection:
        kept = rows.kept(connection, arrival.sop_instance_uid)
    if kept is not None and kept["dataset_sha256"] != spooled.dataset_sha256:
        values |= {"kind": "conflict", "reason": CONFLICT, "kept_dataset_sha256": kept["dataset_sha256"]}
    return values


def owner(archive: Archive, spooled: SpooledFile) -> int:
    """The facility for which a file came, as it says itself; else that of its sender, else the archive's own."""
    sender = ae.by_title(archive.index, spooled.source_ae_title) if spooled.source_ae_title else None
    if sender is not None and not spooled.facility:
        return sender.facility_id
    return facilities.get_or_create(archive.index, spooled.facility or archive.settings.facility).id


def _of_file(spooled: SpooledFile) -> dict[str, Any]:
    at = {"received_at": spooled.received_at} if spooled.received_at is not None else {}
    return {
        **at,
        "transfer_syntax_uid": spooled.transfer_syntax_uid,
        "size": spooled.size,
        "dataset_sha256": spooled.dataset_sha256,
        "sop_instance_uid": spooled.sop_instance_uid[:64],
        "sop_class_uid": spooled.sop_class_uid[:64],
        "source_ae_title": spooled.source_ae_title[:16],
    }


def _of_arrival(arrival: Arrival) -> dict[str, Any]:
    return {
        "sop_instance_uid": arrival.sop_instance_uid,
        "sop_class_uid": arrival.sop_class_uid,
        "series_instance_uid": arrival.series_instance_uid,
        "study_instance_uid": arrival.study_instance_uid,
        "patient_name": arrival.study["patient_name"],
        "patient_id": arrival.study["patient_id"],
    }
