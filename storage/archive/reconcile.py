"""Use case: after an unclean stop, bring the spool and the index into agreement before anything new is accepted."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import structlog

from storage.access.principal import SYSTEM
from storage.archive import Archive
from storage.archive.ingest import Source, ingest
from storage.archive.quarantine_entry import owner, put_damaged_aside, settle
from storage.archive.upload import is_verified
from storage.claim import claim
from storage.disk import sync_folder
from storage.errors import ArchiveError, InvalidInstance, StoreUnavailable
from storage.fault_point import reached
from storage.index import instances, removals
from storage.index import spooled as rows
from storage.spooled_file import Hold, SpooledFile, recover

_PAGE = 1000
# A file this young may belong to a process that has made it and not yet locked it. Were one taken away all the same,
# its writer would fail at the rename into ready/, and its sender be told so.
_YOUNG_S = 0.2

_log = structlog.get_logger(__name__)


@dataclass
class ReconcileReport:
    """What was found and done; ``missing`` are SOP Instance UIDs whose bytes are in neither spool nor object store."""

    ingested: int = 0
    duplicates: int = 0
    quarantined: int = 0
    removed: int = 0
    missing: list[str] = field(default_factory=list)


def reconcile(archive: Archive) -> ReconcileReport:
    """Make every file of the spool either indexed, removed or quarantined, and report rows without bytes.

    Several processes may start at once: one does the work, the others wait for it. Files that a living process works on
    are left alone.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    started = time.time()
    report = ReconcileReport()
    with _alone(archive.spool.root / "reconcile.lock"):
        _clear_incoming(archive, started, report)
        _keep_ready(archive, report)
        report.quarantined += settle(archive)
        _find_missing(archive, report)
    if report != ReconcileReport():
        _log.info("spool reconciled", ingested=report.ingested, duplicates=report.duplicates,
                  quarantined=report.quarantined, removed=report.removed, missing=len(report.missing))  # fmt: skip
    return report


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _clear_incoming(archive: Archive, started: float, report: ReconcileReport) -> None:
    for path in archive.spool.incoming.iterdir():
        try:
            state = path.stat()
        except FileNotFoundError:
            continue
        blank = state.st_size == 0
        hold = None if blank and state.st_mtime > started - _YOUNG_S else claim(path)
        if hold is None:
            continue
        try:
            if not blank and _is_complete(path):
                path.rename(archive.spool.ready / path.name)  # a power cut undid this
            else:
                path.unlink(missing_ok=True)
                report.removed += not blank
        finally:
            hold.release()
    sync_folder(archive.spool.ready)


def _is_complete(path: Path) -> bool:
    """Whether a file of ``incoming/`` was finished, so that its sender may have been told."""
    try:
        recover(path)
    except InvalidInstance:
        return False
    return True


def _keep_ready(archive: Archive, report: ReconcileReport) -> None:
    known = {row["spool_name"] for row in _waiting(archive)}
    for path in sorted(archive.spool.ready.iterdir(), key=lambda path: path.name):
        if path.name in known:
            continue
        hold = claim(path)
        if hold is not None:
            try:
                _keep_file(archive, path, hold, report)
                reached("reconcile: file")
            finally:
                hold.release()


def _keep_file(archive: Archive, path: Path, hold: Hold, report: ReconcileReport) -> None:
    try:
        spooled = recover(path, hold)
    except InvalidInstance as error:
        put_damaged_aside(archive, path, str(error))
        report.quarantined += 1
        return
    with archive.index.read() as connection:
        row = instances.by_sop_instance_uid(connection, spooled.sop_instance_uid) if spooled.sop_instance_uid else None
        kept = rows.by_id(connection, row["id"]) if row is not None else None
        removed = row is None and removals.spool_file_was_removed(connection, path.name)
    if removed:
        # Its object was proved and its row deleted since: the last stop came before the removal of this file.
        path.unlink(missing_ok=True)
        report.removed += 1
        return
    if kept is not None and kept["spool_name"] == path.name:
        # Its row names it: the last stop came between the commit that says "object" and the removal of the file.
        if kept["location"] == "object" and is_verified(archive, kept):
            path.unlink(missing_ok=True)
            report.removed += 1
        return
    _ingest(archive, spooled, report)


def _ingest(archive: Archive, spooled: SpooledFile, report: ReconcileReport) -> None:
    """Index a file that was complete when its process died, or put it aside with the reason."""
    try:
        receipt = ingest(archive, spooled, _source(archive, spooled), SYSTEM)
    except StoreUnavailable:
        raise  # nothing is decided: the next start tries again
    except ArchiveError as error:
        put_damaged_aside(archive, spooled.path, str(error), spooled)
        report.quarantined += 1
        return
    report.duplicates += receipt.duplicate
    report.ingested += not receipt.duplicate


def _source(archive: Archive, spooled: SpooledFile) -> Source:
    return Source(
        kind="recovery",
        ae_title=spooled.source_ae_title,
        address="",
        facility_id=owner(archive, spooled),
        context=uuid4().hex,
    )


def _find_missing(archive: Archive, report: ReconcileReport) -> None:
    for waiting in _waiting(archive):
        if archive.spool.path(waiting["spool_name"]).exists():
            continue
        with archive.index.read() as connection:
            row = rows.by_id(connection, waiting["id"])
        if row is None or row["location"] != "spool" or row["spool_name"] != waiting["spool_name"]:
            continue  # another process has uploaded it meanwhile
        if is_verified(archive, row):
            with archive.index.write(durable=True) as connection:
                rows.move_to_object_store(connection, [row], datetime.now(UTC))
        else:
            report.missing.append(row["sop_instance_uid"])
            _log.error("the bytes of an instance are missing", instance=row["id"])


def _waiting(archive: Archive) -> Iterator[rows.Row]:
    after = 0
    while True:
        with archive.index.read() as connection:
            page = rows.waiting(connection, archive.spool.node, after=after, limit=_PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1]["id"]
