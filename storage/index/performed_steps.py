"""What machines report of their work, and the scheduled steps it is of, as SQL."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, select, update

from storage.index.instances import insert_or_ignore
from storage.index.order_schema import order_step, performed_order, performed_step

Row = dict[str, Any]

__all__ = ["Connection", "Row"]


def add(connection: Connection, values: Mapping[str, Any]) -> int | None:
    """Add a performed step; ``None`` when its UID is taken."""
    statement = insert_or_ignore(connection, performed_step).returning(performed_step.c.id)
    made = connection.execute(statement, dict(values)).scalar()
    return None if made is None else int(made)


def find(connection: Connection, uid: str, *, lock: bool = False) -> Row | None:
    """The performed step of this UID; with ``lock`` nobody else changes it until the transaction ends."""
    statement = select(performed_step).where(performed_step.c.sop_instance_uid == uid)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().first()
    return dict(row) if row else None


def change(connection: Connection, identity: int, values: Mapping[str, Any]) -> None:
    """Replace columns of a performed step."""
    connection.execute(update(performed_step).where(performed_step.c.id == identity).values(**values))


def link(connection: Connection, performed: int, step: int) -> None:
    """Note that a performed step is of a scheduled one."""
    values = {"performed_fk": performed, "order_step_fk": step}
    connection.execute(insert_or_ignore(connection, performed_order), values)


def steps_of(connection: Connection, performed: int) -> list[Row]:
    """The scheduled steps that a performed one is of."""
    statement = (
        select(order_step)
        .join(performed_order, performed_order.c.order_step_fk == order_step.c.id)
        .where(performed_order.c.performed_fk == performed)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def states_of(connection: Connection, step: int) -> set[str]:
    """The states of all that was performed for a scheduled step."""
    statement = (
        select(performed_step.c.state)
        .join(performed_order, performed_order.c.performed_fk == performed_step.c.id)
        .where(performed_order.c.order_step_fk == step)
    )
    return set(connection.execute(statement).scalars())


def in_progress(
    connection: Connection, ae_title: str, facilities: Collection[int] | None, since: datetime
) -> list[Row]:
    """What a machine has begun since a time and not ended, the latest first."""
    statement = select(performed_step).where(
        performed_step.c.ae_title == ae_title,
        performed_step.c.state == "IN PROGRESS",
        performed_step.c.created_at >= since,
    )
    if facilities is not None:
        statement = statement.where(performed_step.c.facility_id.in_(facilities))
    return [dict(row) for row in connection.execute(statement.order_by(performed_step.c.id.desc())).mappings()]


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Remove what ended before a time and is of no order that is kept; how many."""
    linked = select(performed_order.c.id).where(performed_order.c.performed_fk == performed_step.c.id)
    old = select(performed_step.c.id).where(performed_step.c.updated_at < before, ~exists(linked)).limit(limit)
    identities = list(connection.execute(old).scalars())
    if identities:
        connection.execute(delete(performed_step).where(performed_step.c.id.in_(identities)))
    return len(identities)
