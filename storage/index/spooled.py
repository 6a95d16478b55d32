"""Rows of instances whose bytes wait in the spool."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from storage.index.schema import instance

Row = dict[str, Any]

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
# Made once: they run several times a second while instances arrive.
_MOVE = (
    update(instance)
    .where(
        instance.c.id == bindparam("identity"),
        instance.c.location == "spool",
        instance.c.spool_name == bindparam("name"),
    )
    .values(location="object", stored_at=bindparam("now"), verified_at=bindparam("now"))
)


def waiting(connection: Connection, node: str, *, after: int = 0, limit: int) -> list[Row]:
    """Instances in the spool of this node, oldest first, with an id greater than ``after``."""
    statement = (
        select(*_COLUMNS)
        .where(instance.c.location == "spool", instance.c.id > after, _of_node(node))
        .order_by(instance.c.id)
        .limit(limit)
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


def _of_node(node: str) -> ColumnElement[bool]:
    # Names start with the node and a dash; the next character after a dash ends the range.
    return (instance.c.spool_name >= f"{node}-") & (instance.c.spool_name < f"{node}.")
