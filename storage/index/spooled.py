"""Rows of instances whose bytes wait in the spool."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select, update

from storage.index.instances import insert_or_ignore
from storage.index.schema import instance, uploader

Row = dict[str, Any]

_NODE_LENGTH = 8

_COLUMNS = (
    instance.c.id,
    instance.c.sop_instance_uid,
    instance.c.location,
    instance.c.spool_name,
    instance.c.object_key,
    instance.c.size,
    instance.c.dataset_offset,
    instance.c.dataset_sha256,
    instance.c.transfer_syntax_uid,
    instance.c.received_at,
)
# A literal, so that both engines know without a value that the index of what waits serves.
_WAITING = instance.c.location == literal_column("'spool'")
# Made once: they run several times a second while instances arrive.
_MOVE = (
    update(instance)
    .where(
        instance.c.id == bindparam("identity"),
        _WAITING,
        instance.c.spool_name == bindparam("name"),
    )
    .values(location="object", stored_at=bindparam("now"), verified_at=bindparam("now"))
)


def waiting(connection: Connection, node: str, *, after: int = 0, limit: int) -> list[Row]:
    """Instances in the spool of this node, oldest first, with an id greater than ``after``."""
    statement = (
        select(*_COLUMNS).where(_WAITING, instance.c.id > after, _of_node(node)).order_by(instance.c.id).limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def by_id(connection: Connection, identity: int) -> Row | None:
    """One instance."""
    row = connection.execute(select(*_COLUMNS).where(instance.c.id == identity)).mappings().first()
    return dict(row) if row else None


def move_to_object_store(connection: Connection, rows: Collection[Mapping[str, Any]], now: datetime) -> int:
    """Say of these instances that their object is verified; how many were still in the spool under the same name."""
    if not rows:
        return 0
    moved = [{"identity": row["id"], "name": row["spool_name"], "now": now} for row in rows]
    return connection.execute(_MOVE, moved).rowcount


def queue(connection: Connection) -> list[Row]:
    """What waits on each node: instances, bytes, and since when the oldest does."""
    node = func.substr(instance.c.spool_name, 1, _NODE_LENGTH)
    statement = (
        select(
            node.label("node"),
            func.count().label("instances"),
            func.sum(instance.c.size).label("bytes"),
            func.min(instance.c.received_at).label("oldest_at"),
        )
        .where(_WAITING)
        .group_by(node)
        .order_by(node)
    )
    return [{**row, "bytes": int(row["bytes"])} for row in connection.execute(statement).mappings()]


def note_uploader(
    connection: Connection, node: str, *, away_since: datetime | None, reason: str, failing: int, now: datetime
) -> None:
    """Keep what the uploader of a node says of itself."""
    values = {"away_since": away_since, "reason": reason, "failing": failing, "noted_at": now}
    changed = connection.execute(update(uploader).where(uploader.c.node == node).values(**values)).rowcount
    if not changed:
        connection.execute(insert_or_ignore(connection, uploader).values(node=node, **values))


def uploaders(connection: Connection) -> list[Row]:
    """What the uploader of each node last said of itself."""
    return [dict(row) for row in connection.execute(select(uploader).order_by(uploader.c.node)).mappings()]


def _of_node(node: str) -> ColumnElement[bool]:
    # Names start with the node and a dash; the next character after a dash ends the range.
    return (instance.c.spool_name >= f"{node}-") & (instance.c.spool_name < f"{node}.")
