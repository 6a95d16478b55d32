"""How far the instances of a study have come, and what came of late, as SQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Label, case, desc, func, select

from storage.index.schema import instance, series

Row = Mapping[str, Any]

# A busy morning is answered from its newest instances, in bounded time.
MOST_COUNTED = 20_000


def progress(connection: Connection, study_id: int) -> list[dict[str, Any]]:
    """Instances, bytes, first and last time of each step, for each series and sender of a study, by series number."""
    statement = (
        select(
            series.c.series_instance_uid,
            instance.c.source_ae_title,
            func.count().label("received"),
            func.sum(instance.c.size).label("received_bytes"),
            func.min(instance.c.received_at).label("received_first"),
            func.max(instance.c.received_at).label("received_last"),
            *_step("stored", instance.c.stored_at),
            *_step("committed", instance.c.committed_at),
        )
        .join(instance, instance.c.series_fk == series.c.id)
        .where(series.c.study_fk == study_id)
        .group_by(series.c.id, series.c.series_number, series.c.series_instance_uid, instance.c.source_ae_title)
        .order_by(series.c.series_number.is_(None), series.c.series_number, series.c.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def _step(name: str, at: Any) -> tuple[Label[Any], ...]:
    return (
        func.count(at).label(name),
        func.coalesce(func.sum(case((at.is_not(None), instance.c.size))), 0).label(f"{name}_bytes"),
        func.min(at).label(f"{name}_first"),
        func.max(at).label(f"{name}_last"),
    )


def recent(connection: Connection, since: datetime) -> dict[str, Any]:
    """Count and bytes of the instances received since a time, of the newest :data:`MOST_COUNTED`; the first's time."""
    newest = (
        select(instance.c.received_at, instance.c.size).order_by(desc(instance.c.id)).limit(MOST_COUNTED).subquery()
    )
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(newest.c.size), 0), func.min(newest.c.received_at)).where(
            newest.c.received_at >= since
        )
    ).one()
    return {"instances": row[0], "bytes": int(row[1]), "first_at": row[2]}


def last_received_at(connection: Connection) -> datetime | None:
    """When the newest instance came."""
    at: datetime | None = connection.scalar(select(instance.c.received_at).order_by(desc(instance.c.id)).limit(1))
    return at
