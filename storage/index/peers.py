"""Rows of the peers: the archives of other hospitals that this one asks."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.index.peer_schema import peer
from storage.index.schema import facility

Row = dict[str, Any]

__all__ = ["Connection", "Row"]


def _select() -> Select[Any]:
    return select(peer, facility.c.code.label("facility_code"), facility.c.name.label("facility_name")).join(
        facility, facility.c.id == peer.c.facility_id
    )


def everything(connection: Connection, *, enabled: bool = False) -> list[Row]:
    """All peers by name, or those that are asked."""
    statement = _select().order_by(peer.c.name)
    if enabled:
        statement = statement.where(peer.c.enabled.is_(True))
    return [dict(row) for row in connection.execute(statement).mappings()]


def by_name(connection: Connection, name: str) -> Row | None:
    """The peer of this name."""
    row = connection.execute(_select().where(peer.c.name == name)).mappings().first()
    return dict(row) if row else None


def add(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Add a peer; false if the name is taken."""
    try:
        with connection.begin_nested():
            connection.execute(insert(peer).values(**values))
    except IntegrityError:
        return False
    return True


def change(connection: Connection, name: str, values: Mapping[str, Any]) -> bool:
    """Change columns of a peer; false if there is none."""
    return connection.execute(update(peer).where(peer.c.name == name).values(**values)).rowcount > 0


def remove(connection: Connection, name: str) -> bool:
    """Remove a peer; false if there was none."""
    return connection.execute(delete(peer).where(peer.c.name == name)).rowcount > 0
