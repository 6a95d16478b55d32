"""Use case: rows of an attribute that was made searchable, made of the headers of what is kept, a few at a time.

What arrives has its rows from ingest on; what was kept before, or by a process that had not heard of the attribute yet,
gets them here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from storage.archive import Archive
from storage.dicom import json
from storage.dicom.attributes import Level
from storage.dicom.search_value import SearchAttribute, of_json
from storage.index import search_attributes as rows

# By then every process knows of a change, and what it began before is committed.
SETTLE = timedelta(seconds=60)
# Rows of instances that were being added just then: their numbers do not tell who was first.
_OVERLAP = 1_000
_BATCH = 200


def fill(archive: Archive, *, limit: int = _BATCH, settle: timedelta = SETTLE) -> bool:
    """Look at the next instances for attributes that were added, or drop rows of removed ones; whether there is more.

    Each call is one small transaction; after an interruption the next call goes on where the last one ended.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        found = rows.everything(connection)
    before = datetime.now(UTC) - settle
    for row in found:
        if row["state"] == "removing" and _drop_some(archive, row, limit, last=row["changed_at"] <= before):
            return True
    filling = [row for row in found if row["state"] == "filling"]
    if not filling:
        return False
    # Those that have come equally far share the work.
    behind = min(row["position"] for row in filling)
    group = [row for row in filling if row["position"] == behind]
    with archive.index.read() as connection:
        batch = rows.headers_after(connection, behind, limit)
    if not batch:
        return _end_pass(archive, group, before)
    attributes = [SearchAttribute(row["id"], row["path"], row["vr"], Level(row["level"])) for row in group]
    values = {one: (study, series, of_json(json.decode(header), attributes)) for study, series, one, header in batch}

    def write(connection: rows.Connection) -> None:
        kept = rows.still_kept(connection, list(values))
        rows.add_values(connection, [(values[one][0], values[one][1], one, values[one][2]) for one in kept])
        rows.move_on(connection, [row["id"] for row in group], batch[-1][2])

    archive.index.in_transaction(write)
    return True


def _end_pass(archive: Archive, group: Sequence[rows.Row], before: datetime) -> bool:
    """All there is has been looked at: once more at what came meanwhile, when every process knows; then it is ready."""
    known = [row for row in group if row["changed_at"] <= before]
    if not known:
        return False

    def write(connection: rows.Connection) -> None:
        for row in known:
            if row["settled"]:
                rows.move_on(connection, [row["id"]], row["position"], ready=True)
            else:
                rows.move_on(connection, [row["id"]], max(0, row["seen"] - _OVERLAP), settled=True)

    archive.index.in_transaction(write)
    archive.searchable.forget()
    return True


def _drop_some(archive: Archive, row: rows.Row, limit: int, *, last: bool) -> bool:
    """Whether there was something to drop; ``last``: nobody writes of it any more, so its own row goes at the end."""

    def write(connection: rows.Connection) -> bool:
        if rows.remove_values(connection, row["id"], limit):
            return True
        if last:
            rows.forget(connection, row["id"])
        return last

    return archive.index.in_transaction(write)
