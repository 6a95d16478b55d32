"""Rows made anew from the objects of a bucket, and what each object has to say for that, as SQL."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from storage.index.schema import facility, instance, series

Row = dict[str, Any]

__all__ = ["Connection", "Row", "origin"]

_ORIGIN = (
    select(
        instance.c.received_at,
        facility.c.code.label("facility"),
        series.c.study_fk.label("study"),
        series.c.id.label("series"),
        instance.c.id.label("instance"),
    )
    .join(series, series.c.id == instance.c.series_fk)
    .join(facility, facility.c.id == instance.c.facility_id)
    .where(instance.c.id == bindparam("identity"))
)


def origin(connection: Connection, identity: int) -> Row | None:
    """When and for whom an instance came, and the numbers of its rows."""
    row = connection.execute(_ORIGIN, {"identity": identity}).mappings().first()
    return dict(row) if row else None
