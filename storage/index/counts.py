"""What the index holds, in numbers."""

from typing import Any

from sqlalchemy import Connection, func, select

from storage.index.schema import damage, instance, quarantine, series, study


def totals(connection: Connection) -> dict[str, Any]:
    """Studies, series, instances, their bytes, what still waits in the spool, and the time of the last arrival."""
    kept = connection.execute(
        select(func.count(), func.coalesce(func.sum(instance.c.size), 0), func.max(instance.c.received_at))
    ).one()
    return {
        "studies": connection.scalar(select(func.count()).select_from(study)) or 0,
        "series": connection.scalar(select(func.count()).select_from(series)) or 0,
        "instances": kept[0],
        "bytes": int(kept[1]),
        "last_received_at": kept[2],
        **waiting(connection),
        "damaged": connection.scalar(select(func.count()).select_from(damage)) or 0,
        "quarantined": connection.scalar(select(func.count()).where(quarantine.c.state == "open")) or 0,
    }


def waiting(connection: Connection) -> dict[str, Any]:
    """How many instances wait for the object store, and since when the oldest does."""
    row = connection.execute(
        select(func.count(), func.min(instance.c.received_at)).where(instance.c.location == "spool")
    ).one()
    return {"waiting": row[0], "waiting_since": row[1]}
