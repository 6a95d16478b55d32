"""Storage commitments that this archive asks another for, as SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from storage.index.routing_schema import asked_commitment, asked_instance
from storage.index.schema import instance, series, study

Row = dict[str, Any]

__all__ = ["Connection", "Row"]

_AT_ONCE = 500


def add(connection: Connection, values: Mapping[str, Any], instances: Sequence[tuple[str, str]]) -> None:
    """Add a request for instances, by SOP Class and SOP Instance UID."""
    made = connection.execute(insert(asked_commitment).values(**values).returning(asked_commitment.c.id)).scalar_one()
    for start in range(0, len(instances), _AT_ONCE):
        chunk = [
            {"asked_commitment_fk": made, "sop_class_uid": one[0], "sop_instance_uid": one[1]}
            for one in instances[start : start + _AT_ONCE]
        ]
        connection.execute(insert(asked_instance), chunk)


def find(connection: Connection, transaction_uid: str, *, lock: bool = False) -> Row | None:
    """One request; with ``lock`` nobody else changes it until the transaction ends."""
    statement = select(asked_commitment).where(asked_commitment.c.transaction_uid == transaction_uid)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().first()
    return dict(row) if row else None


def instances_of(connection: Connection, identity: int) -> list[Row]:
    """The instances of a request, in its order."""
    statement = select(asked_instance).where(asked_instance.c.asked_commitment_fk == identity)
    return [dict(row) for row in connection.execute(statement.order_by(asked_instance.c.id)).mappings()]


def answer(connection: Connection, identity: int, reasons: Mapping[str, int], now: datetime) -> None:
    """Note what was said of each instance: 0 where it is committed, else why not."""
    for uid, reason in reasons.items():
        connection.execute(
            update(asked_instance)
            .where(asked_instance.c.asked_commitment_fk == identity, asked_instance.c.sop_instance_uid == uid)
            .values(failure_reason=reason)
        )
    connection.execute(update(asked_commitment).where(asked_commitment.c.id == identity).values(answered_at=now))


def kept_of(connection: Connection, study_uid: str) -> list[tuple[str, str]]:
    """SOP Class and SOP Instance UID of all that is kept of a study."""
    statement = (
        select(instance.c.sop_class_uid, instance.c.sop_instance_uid)
        .join(series, series.c.id == instance.c.series_fk)
        .join(study, study.c.id == series.c.study_fk)
        .where(study.c.study_instance_uid == study_uid)
        .order_by(instance.c.id)
    )
    return [(row.sop_class_uid, row.sop_instance_uid) for row in connection.execute(statement)]
