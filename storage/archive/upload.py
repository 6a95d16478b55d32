"""Use case: move instances from the spool to the object store, verified (the journal's other end)."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import structlog

from storage.archive import Archive
from storage.archive.origin import stamp
from storage.dicom.part10 import read_meta
from storage.errors import ArchiveError, InvalidInstance, NotFound, StoreUnavailable
from storage.index import spooled as rows

THREADS = 8

_log = structlog.get_logger(__name__)


def upload_pending(archive: Archive, limit: int = 200) -> int:
    """Move up to ``limit`` instances of this node, oldest first; gives how many were moved.

    Each object is created if absent, read back and compared by size and SHA-256; then the rows say so in one durable
    commit; only then the spool files go. Any number of processes may do this at once, and any may die at any point.

    Raises:
        StoreUnavailable: the index cannot be reached, or no object could be stored.
    """
    with archive.index.read() as connection:
        pending = rows.waiting(connection, archive.spool.node, limit=limit)
    if not pending:
        return 0
    with ThreadPoolExecutor(min(THREADS, len(pending)), thread_name_prefix="upload") as pool:
        outcomes = list(pool.map(lambda row: _attempt(archive, row), pending))
    stored = [row for row, outcome in zip(pending, outcomes, strict=True) if outcome is True]
    failures = [outcome for outcome in outcomes if isinstance(outcome, ArchiveError)]
    if failures and not stored:
        raise failures[0]
    if not stored:
        return 0
    moved = archive.index.in_transaction(
        lambda connection: rows.move_to_object_store(connection, stored, datetime.now(UTC)), durable=True
    )
    for row in stored:
        archive.spool.path(row["spool_name"]).unlink(missing_ok=True)
    return moved


def _attempt(archive: Archive, row: Mapping[str, Any]) -> bool | ArchiveError:
    """True if the object is verified, false if its spool file is not there (another has moved it), or what failed."""
    try:
        store(archive, row)
    except FileNotFoundError:
        return False
    except ArchiveError as error:
        _log.warning("upload failed", instance=row["id"], reason=str(error))
        return error
    return True


def store(archive: Archive, row: Mapping[str, Any]) -> None:
    """Make the object of one spooled instance, and verify it.

    Raises:
        FileNotFoundError: there is no spool file.
        StoreUnavailable: the store does not take it, or gives back other bytes.
    """
    source = archive.spool.path(row["spool_name"])
    key = row["object_key"]
    if not source.exists():
        raise FileNotFoundError
    stamp(archive, {row["id"]: source})
    created = archive.objects.create(key, source)
    if is_verified(archive, row):
        return
    if not created:
        # The key names the content, so what is there is a damaged or half-copied object of an earlier attempt.
        archive.objects.delete(key)
        archive.objects.create(key, source)
        if is_verified(archive, row):
            return
    raise StoreUnavailable("The object store gave back other bytes than it was given.")


def is_verified(archive: Archive, row: Mapping[str, Any]) -> bool:
    """Whether the object is there, of the row's size, with the row's data set behind a file meta that says so."""
    digest = hashlib.sha256()
    head, size, offset = b"", 0, int(row["dataset_offset"])
    try:
        for chunk in archive.objects.chunks(row["object_key"]):
            missing = offset - len(head)
            head += chunk[:missing] if missing > 0 else b""
            digest.update(chunk[missing:] if missing > 0 else chunk)
            size += len(chunk)
        meta, end = read_meta(head)
    except (NotFound, InvalidInstance):
        return False
    return (size, end, digest.hexdigest()) == (row["size"], offset, row["dataset_sha256"]) and (
        meta.sop_instance_uid,
        meta.transfer_syntax_uid,
        meta.dataset_sha256,
    ) == (row["sop_instance_uid"], row["transfer_syntax_uid"], row["dataset_sha256"])
