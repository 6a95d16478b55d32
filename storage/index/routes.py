"""Forwarding rules, and which studies they have to look at, as SQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage.index.instances import insert_or_ignore
from storage.index.routing_schema import route, routing_mark
from storage.index.schema import ae, study

Row = dict[str, Any]

__all__ = ["Connection", "Row"]

_MARK = "instances"


def everything(connection: Connection, *, enabled: bool = False) -> list[Row]:
    """All rules by name, or those in force."""
    statement = select(route).order_by(route.c.name)
    if enabled:
        statement = statement.where(route.c.enabled.is_(True))
    return [dict(row) for row in connection.execute(statement).mappings()]


def find(connection: Connection, identity: int) -> Row | None:
    """One rule."""
    row = connection.execute(select(route).where(route.c.id == identity)).mappings().first()
    return dict(row) if row else None


def add(connection: Connection, values: Mapping[str, Any]) -> int | None:
    """Add a rule; its number, or None when its name is taken."""
    try:
        with connection.begin_nested():
            return int(connection.execute(insert(route).values(**values).returning(route.c.id)).scalar_one())
    except IntegrityError:
        return None


def change(connection: Connection, identity: int, values: Mapping[str, Any]) -> bool | None:
    """Replace columns of a rule; false when there is none, None when its name is taken."""
    try:
        with connection.begin_nested():
            return connection.execute(update(route).where(route.c.id == identity).values(**values)).rowcount > 0
    except IntegrityError:
        return None


def remove(connection: Connection, identity: int) -> bool:
    """Remove a rule; false when there is none."""
    return connection.execute(delete(route).where(route.c.id == identity)).rowcount > 0


def told_of_instances(connection: Connection) -> list[Row]:
    """Machines that are told of new instances of their facility."""
    statement = select(ae.c.ae_title, ae.c.facility_id).where(ae.c.notify_availability.is_(True))
    return [dict(row) for row in connection.execute(statement.order_by(ae.c.ae_title)).mappings()]


def looked_until(connection: Connection, now: datetime) -> datetime:
    """Studies that changed before were looked at; ``now`` if nobody has looked yet."""
    connection.execute(insert_or_ignore(connection, routing_mark), {"name": _MARK, "looked_until": now})
    statement = select(routing_mark.c.looked_until).where(routing_mark.c.name == _MARK)
    found: datetime = connection.execute(statement).scalar_one()
    return found


def peek(connection: Connection) -> datetime | None:
    """The same without making it."""
    statement = select(routing_mark.c.looked_until).where(routing_mark.c.name == _MARK)
    return connection.execute(statement).scalar()


def look_on(connection: Connection, until: datetime) -> None:
    """Remember how far studies were looked at; never back."""
    statement = update(routing_mark).where(routing_mark.c.name == _MARK, routing_mark.c.looked_until < until)
    connection.execute(statement.values(looked_until=until))


def changed(connection: Connection, since: datetime, after: int, limit: int) -> list[Row]:
    """Studies that changed at or after a time, the oldest change first; of that very time those with a higher id."""
    statement = (
        select(
            study.c.id,
            study.c.study_instance_uid,
            study.c.facility_id,
            study.c.study_description,
            study.c.number_of_instances,
            study.c.updated_at,
        )
        .where(or_(study.c.updated_at > since, and_(study.c.updated_at == since, study.c.id > after)))
        .order_by(study.c.updated_at, study.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]
