"""Rows of the application entities that may talk to us."""

from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.index.schema import ae, facility


def _select() -> Select[Any]:
    own = [column for column in ae.c if column is not ae.c.id]
    return select(*own, facility.c.code.label("facility_code")).join(facility, facility.c.id == ae.c.facility_id)


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


def change(connection: Connection, ae_title: str, **values: Any) -> bool:
    """Change an entity; false if there was none."""
    return connection.execute(update(ae).where(ae.c.ae_title == ae_title).values(**values)).rowcount > 0


def remove(connection: Connection, ae_title: str) -> bool:
    """Remove an entity; false if there was none."""
    return connection.execute(delete(ae).where(ae.c.ae_title == ae_title)).rowcount > 0
