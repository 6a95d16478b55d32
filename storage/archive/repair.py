"""Use case: make a missing or damaged object anew from a good copy that this node still has."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from storage.archive import Archive
from storage.archive.upload import is_verified
from storage.errors import InvalidInstance, NotFound, StoreUnavailable
from storage.index import spooled as rows
from storage.spooled_file import recover

_log = structlog.get_logger(__name__)


def repair(archive: Archive, row: Mapping[str, Any]) -> bool:
    """Whether the instance is whole again. A damaged object goes only when a copy was read and found to be right.

    Raises:
        StoreUnavailable: the index cannot be reached, or the object store refused the copy.
    """
    if row["location"] == "spool" and is_verified(archive, row):
        # The uploader died between the object and the row.
        with archive.index.write(durable=True) as connection:
            return rows.move_to_object_store(connection, [row], datetime.now(UTC)) > 0
    copy = next((path for path in _copies(archive, row) if _is_right(path, row)), None)
    if copy is None or row["location"] == "spool":
        return False
    archive.objects.delete(row["object_key"])
    archive.objects.create(row["object_key"], copy)
    if not is_verified(archive, row):
        raise StoreUnavailable("The object store gave back other bytes than it was given.")
    _log.info("an object was made anew", key=row["object_key"])
    return True


def _copies(archive: Archive, row: Mapping[str, Any]) -> list[Path]:
    found = [archive.spool.path(row["spool_name"])] if row["spool_name"] else []
    if archive.cache is not None:
        found.append(archive.cache.path(row["object_key"]))
    return [path for path in found if path.is_file()]


def _is_right(path: Path, row: Mapping[str, Any]) -> bool:
    try:
        copy = recover(path)
    except (InvalidInstance, NotFound, StoreUnavailable):
        return False
    return (copy.size, copy.dataset_offset, copy.dataset_sha256, copy.sop_instance_uid) == (
        row["size"],
        row["dataset_offset"],
        row["dataset_sha256"],
        row["sop_instance_uid"],
    )
