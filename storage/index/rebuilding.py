"""Rows made anew from the objects of a bucket, and what each object has to say for that, as SQL."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, bindparam, select

from storage.index.schema import facility, instance, series

Row = dict[str, Any]

__all__ = ["Connection", "Row", "origins"]

_BATCH = 500


def origins(connection: Connection, identities: Iterable[int]) -> Iterator[Row]:
    """When and for whom these instances came, and the numbers of their rows."""
    wanted = list(identities)
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        yield from map(dict, connection.execute(_ORIGINS, {"identities": batch}).mappings())


_ORIGINS = (
    select(
        instance.c.received_at,
        facility.c.code.label("facility"),
        series.c.study_fk.label("study"),
        series.c.id.label("series"),
        instance.c.id.label("instance"),
    )
    .join(series, series.c.id == instance.c.series_fk)
    .join(facility, facility.c.id == instance.c.facility_id)
    .where(instance.c.id.in_(bindparam("identities", expanding=True)))
)
