"""Use case: what an administrator does with files that were put aside: list, compare, fetch, discard, try again.

A file is on the disk of one node, and only there can anything be done with it. Each act asks :func:`may` and is audited
in the transaction that settles it; what a kill leaves half done the next start ends (:mod:`quarantine_entry`).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal
from uuid import uuid4

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive, retrieve
from storage.archive.arrival import Arrival, read
from storage.archive.ingest import Receipt, Source, ingest
from storage.archive.quarantine_entry import Kind, file_path, owner
from storage.claim import claim
from storage.dicom import json
from storage.dicom.comparison import AttributeDifference, compare
from storage.dicom.frames import FrameTable
from storage.dicom.part10 import inflate
from storage.disk import sync_folder, translated
from storage.errors import ArchiveError, Forbidden, InvalidRequest, NotFound, StoreUnavailable, WrongState
from storage.fault_point import reached
from storage.index import locations
from storage.index import quarantine as rows
from storage.index.engine import CommitUnknown
from storage.index.quarantine import Row
from storage.spooled_file import Hold, SpooledFile, recover

MOST_ROWS = 500
MOST_DIFFERENCES = 200
LONGEST_REASON = 500
_LARGEST_COMPARED_BYTES = 256 * 1024**2

PixelData = Literal["same", "different", "unknown"]


@dataclass(frozen=True)
class Page:
    """A page of open entries, rows as the index gives them; ``total`` and ``bytes`` are of all in reach."""

    rows: list[Row]
    total: int
    bytes: int


@dataclass(frozen=True)
class Comparison:
    """A quarantined file beside the instance that is kept under its UID: ``first`` values are the kept ones."""

    kept: Row
    differences: list[AttributeDifference]
    truncated: bool
    pixel_data: PixelData


def is_here(archive: Archive, row: Mapping[str, object]) -> bool:
    """Whether the file is on the disk of this node."""
    return row["node"] == archive.spool.node


def listed(archive: Archive, principal: Principal, kind: Kind | None = None, limit: int = 50, offset: int = 0) -> Page:
    """The open entries of the facilities in the principal's reach, newest first; one audit row.

    Raises:
        Forbidden: the principal may not administer.
        StoreUnavailable: the index cannot be reached.
    """
    _may(archive, principal, "list")
    limit = max(0, min(limit, MOST_ROWS))
    with archive.index.write() as connection:
        found, total, size = rows.page(connection, permission.reach(principal), kind, limit, max(0, offset))
        _record(connection, principal, "list", None, {"matches": total, "offset": offset})
    return Page(found, total, size)


def show(archive: Archive, identity: int, principal: Principal) -> tuple[Row, Comparison | None, str]:
    """One entry, how it differs from the instance that is kept under its UID, and if that cannot be said, why.

    Raises:
        Forbidden: the principal may not administer its facility.
        NotFound: there is no such entry.
        StoreUnavailable: the index cannot be reached.
    """
    row = _entry(archive, identity, principal, "show")
    with archive.index.write() as connection:
        _record(connection, principal, "show", row)
    try:
        return row, _compared(archive, row, principal), ""
    except ArchiveError as error:
        return row, None, str(error)


def open_file(archive: Archive, identity: int, principal: Principal) -> tuple[Row, Path]:
    """The quarantined file itself, byte for byte as it was put aside.

    Raises:
        Forbidden, NotFound, StoreUnavailable: as :func:`show`.
        WrongState: it is on another node, or settled.
    """
    row = _entry(archive, identity, principal, "file")
    path = _here(archive, row)
    with archive.index.write() as connection:
        _record(connection, principal, "file", row)
    return row, path


def discard(archive: Archive, identity: int, reason: str, principal: Principal) -> None:
    """Remove a quarantined file for good; that it was there, and why it went, stays in the audit trail.

    Raises:
        InvalidRequest: no reason is given.
        Forbidden, NotFound, StoreUnavailable, WrongState: as :func:`open_file`.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidRequest(f"Say why the file is discarded, in at most {LONGEST_REASON} characters.")
    row = _entry(archive, identity, principal, "discard")
    hold = _hold(_here(archive, row))
    try:
        _resolve(archive, row, "discarded", reason.strip(), principal)
        reached("quarantine: discarded")
        with translated():
            file_path(archive, row["file_name"]).unlink(missing_ok=True)
            sync_folder(archive.spool.quarantine)
    finally:
        hold.release()


def retry(archive: Archive, identity: int, principal: Principal) -> Receipt:
    """Try to keep a quarantined file once more; where that fails again it stays in the quarantine.

    Raises:
        ArchiveError: why it cannot be kept, as :func:`storage.archive.ingest.ingest`.
        Forbidden, NotFound, StoreUnavailable, WrongState: as :func:`open_file`.
    """
    row = _entry(archive, identity, principal, "retry")
    aside = _here(archive, row)
    hold = _hold(aside)
    ready = archive.spool.path(row["file_name"])
    try:
        with translated():
            aside.rename(ready)
            sync_folder(archive.spool.ready)
        reached("quarantine: taken out")
        receipt = _ingest(archive, recover(ready, hold), row, principal)
    except CommitUnknown:
        raise  # it may be an instance now: the file stays where one is looked for, the next start finds out
    except Exception as error:
        if ready.exists():
            with translated():
                ready.rename(aside)
                sync_folder(archive.spool.quarantine)
        with archive.index.write() as connection:
            _record(connection, principal, "retry", row, {"failed": type(error).__name__}, "refused")
        raise
    finally:
        hold.release()
    reached("quarantine: stored")
    with suppress(WrongState):  # a node that has just started may have seen it first
        _resolve(archive, row, "stored", "", principal)
    return receipt


def _ingest(archive: Archive, spooled: SpooledFile, row: Row, principal: Principal) -> Receipt:
    source = Source(
        kind="recovery",
        ae_title=row["source_ae_title"],
        address=row["source_address"],
        facility_id=row["facility_id"] or owner(archive, spooled),
        context=uuid4().hex,
    )
    return ingest(archive, spooled, source, principal)


def _entry(archive: Archive, identity: int, principal: Principal, act: str) -> Row:
    with archive.index.read() as connection:
        row = rows.by_id(connection, identity)
    _may(archive, principal, act, row)
    if row is None:
        raise NotFound("There is no such quarantined file.")
    return row


def _here(archive: Archive, row: Row) -> Path:
    if row["state"] != "open":
        raise WrongState(f"This file is {row['state']} already.")
    if not is_here(archive, row):
        raise WrongState(f"The file is on the node {row['host'] or row['node']} ({row['node']}); ask that node.")
    path = file_path(archive, row["file_name"])
    if not path.exists():
        raise StoreUnavailable("The quarantined file is not on the disk where it should be.")
    return path


def _hold(path: Path) -> Hold:
    hold = claim(path)
    if hold is None:
        raise WrongState("Somebody else works on this file at this moment.")
    return hold


def _resolve(archive: Archive, row: Row, state: str, note: str, principal: Principal) -> None:
    with archive.index.write(durable=True) as connection:
        if not rows.resolve(connection, row["id"], state, principal.name, note, datetime.now(UTC)):
            raise WrongState("Somebody else has settled this just now.")
        _record(connection, principal, state, row, {"note": note})


def _compared(archive: Archive, row: Row, principal: Principal) -> Comparison:
    path = _here(archive, row)
    with archive.index.read() as connection:
        kept = rows.kept(connection, row["sop_instance_uid"]) if row["sop_instance_uid"] else None
        encoded = locations.header(connection, kept["id"]) if kept is not None else None
    if kept is None or encoded is None:
        raise NotFound("Nothing is kept under its SOP Instance UID.")
    permission.may(principal, Action.ADMINISTER, kept["facility_id"])
    spooled = recover(path)
    arrival = read(spooled, study_instance_uid="", unknown_sop_classes="accept", trust_dataset=True)
    found = list(islice(compare(json.decode(encoded), json.decode(arrival.header)), MOST_DIFFERENCES + 1))
    pixels = _pixel_data(archive, kept, spooled, arrival)
    return Comparison(kept, found[:MOST_DIFFERENCES], len(found) > MOST_DIFFERENCES, pixels)


def _pixel_data(archive: Archive, kept: Row, spooled: SpooledFile, arrival: Arrival) -> PixelData:
    """Compare the frames as they are encoded; what is encoded otherwise, or is too much to read, stays unknown."""
    if (
        kept["transfer_syntax_uid"] != spooled.transfer_syntax_uid
        or max(kept["size"], spooled.size) > _LARGEST_COMPARED_BYTES
    ):
        return "unknown"
    table = FrameTable.decode(arrival.frames)
    (instance,) = retrieve.instances(
        archive, kept["study_instance_uid"], kept["series_instance_uid"], kept["sop_instance_uid"]
    )
    number = int(arrival.instance["number_of_frames"])
    if number == 0 or instance.number_of_frames == 0:
        return "unknown"
    if number != instance.number_of_frames:
        return "different"
    data = spooled.path.read_bytes()[spooled.dataset_offset :]
    plain = inflate(data) if table.deflated else data
    for one in range(1, number + 1):
        place = table.frame(one)
        frame = place.extract(plain[place.offset : place.offset + place.length])
        if frame != retrieve.frame_bytes(archive, instance, one):
            return "different"
    return "same"


def _may(archive: Archive, principal: Principal, act: str, row: Row | None = None) -> None:
    try:
        permission.may_anywhere(principal, Action.ADMINISTER)
        if row is not None:
            permission.may(principal, Action.ADMINISTER, row["facility_id"])
    except Forbidden:
        with archive.index.write() as connection:
            _record(connection, principal, act, row, outcome="refused")
        raise


def _record(
    connection: rows.Connection,
    principal: Principal,
    act: str,
    row: Row | None,
    more: Mapping[str, str | int] | None = None,
    outcome: audit.Outcome = "success",
) -> None:
    detail: dict[str, str | int] = {"act": f"quarantine {act}", **(more or {})}
    if row is not None:
        detail |= {"quarantine": row["id"], "sop_instance_uid": row["sop_instance_uid"]}
    audit.record(
        connection,
        principal,
        Action.ADMINISTER,
        outcome,
        study_instance_uid=row["study_instance_uid"] if row is not None else "",
        patient_id=row["patient_id"] if row is not None else "",
        detail=detail,
    )
