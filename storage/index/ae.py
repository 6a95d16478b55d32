"""Rows of the application entities that may talk to us."""

from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select
from sqlalchemy.exc import IntegrityError

from storage.index.schema import ae, facility


def _select() -> Select[Any]:
    return select(
        ae.c.ae_title,
        ae.c.host,
        ae.c.port,
        ae.c.facility_id,
        facility.c.code.label("facility_code"),
        ae.c.may_store,
        ae.c.may_query,
        ae.c.may_retrieve,
        ae.c.created_at,
    ).join(facility, facility.c.id == ae.c.facility_id)


def by_title(connection: Connection, ae_title: str) -> dict[str, Any] | None:
    """The entity of this title."""
    row = connection.execute(_select().where(ae.c.ae_title == ae_title)).mappings().first()
    return dict(row) if row else None


def everything(connection: Connection) -> list[dict[str, Any]]:
    """All entities, by title."""
    return [dict(row) for row in connection.execute(_select().order_by(ae.c.ae_title)).mappings()]


def add(connection: Connection, **values: Any) -> bool:
    """Add an entity; false if the title is taken."""
    try:
        with connection.begin_nested():
            connection.execute(insert(ae).values(**values))
    except IntegrityError:
        return False
    return True


def remove(connection: Connection, ae_title: str) -> bool:
    """Remove an entity; false if there was none."""
    return connection.execute(delete(ae).where(ae.c.ae_title == ae_title)).rowcount > 0
