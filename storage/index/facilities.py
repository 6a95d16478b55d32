"""Rows of the facilities: the hospitals and stations that own studies."""

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.index.schema import facility

__all__ = ["Connection"]


def by_code(connection: Connection, code: str) -> dict[str, Any] | None:
    """The facility of this code."""
    row = connection.execute(select(facility).where(facility.c.code == code)).mappings().first()
    return dict(row) if row else None


def code(connection: Connection, identity: int) -> str:
    """The code of a facility; empty if there is none."""
    return connection.execute(select(facility.c.code).where(facility.c.id == identity)).scalar() or ""


def everything(connection: Connection) -> list[dict[str, Any]]:
    """All facilities, by code."""
    return [dict(row) for row in connection.execute(select(facility).order_by(facility.c.code)).mappings()]


def add_if_absent(connection: Connection, code: str, name: str) -> None:
    """Add a facility unless another transaction has just done so."""
    try:
        with connection.begin_nested():
            connection.execute(insert(facility).values(code=code, name=name))
    except IntegrityError:
        return


def rename(connection: Connection, code: str, name: str) -> None:
    """Give a facility another name."""
    connection.execute(update(facility).where(facility.c.code == code).values(name=name))


def by_id(connection: Connection, identity: int) -> dict[str, Any] | None:
    """The facility with this id."""
    row = connection.execute(select(facility).where(facility.c.id == identity)).mappings().first()
    return dict(row) if row else None


def change(connection: Connection, code: str, **values: Any) -> None:
    """Change columns of a facility."""
    connection.execute(update(facility).where(facility.c.code == code).values(**values))


def remove(connection: Connection, code: str) -> bool:
    """Remove a facility; false if something belongs to it."""
    try:
        with connection.begin_nested():
            connection.execute(delete(facility).where(facility.c.code == code))
    except IntegrityError:
        return False
    return True
