"""Rows made anew from the objects of a bucket, and what each object has to say for that, as SQL."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, case, func, select, update

from storage.index.schema import facility, instance, series, study

Row = dict[str, Any]

__all__ = ["Connection", "Row", "count", "free_numbers", "holds_instances", "keep_ahead", "keys", "origins"]

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


def holds_instances(connection: Connection) -> bool:
    """Whether there is any instance."""
    return connection.execute(select(instance.c.id).limit(1)).first() is not None


def keys(connection: Connection, sop_instance_uids: Iterable[str]) -> dict[str, str]:
    """The object keys of those of these instances that are kept, by SOP Instance UID."""
    wanted = list(sop_instance_uids)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _BATCH):
        statement = select(instance.c.sop_instance_uid, instance.c.object_key).where(
            instance.c.sop_instance_uid.in_(wanted[start : start + _BATCH])
        )
        found.update((row.sop_instance_uid, row.object_key) for row in connection.execute(statement))
    return found


def free_numbers(connection: Connection, numbers: Mapping[str, Collection[int]]) -> dict[str, set[int]]:
    """Which of these row numbers no row has, by table (``study``, ``series``, ``instance``)."""
    free: dict[str, set[int]] = {}
    for name, table in _NUMBERED.items():
        wanted = {number for number in numbers.get(name, ()) if number > 0}
        taken = connection.execute(select(table.c.id).where(table.c.id.in_(wanted))).scalars() if wanted else ()
        free[name] = wanted.difference(taken)
    return free


def keep_ahead(connection: Connection, numbers: Mapping[str, Collection[int]]) -> None:
    """See to it that no new row gets one of these numbers, or a lower one; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for name, wanted in numbers.items():
        sequence = func.pg_get_serial_sequence(name, "id")
        highest = max(wanted, default=0)
        if highest and connection.execute(select(func.nextval(sequence))).scalar_one() < highest:
            connection.execute(select(func.setval(sequence, highest)))


def count(
    connection: Connection,
    study_id: int,
    added: Mapping[int, int],
    *,
    new_series: int,
    updated_at: datetime,
    changes: Mapping[str, Any],
) -> None:
    """Count instances that were added in their series (``added``: how many by id) and their study.

    ``changes``: other columns of the study.
    """
    for series_id, number in added.items():
        connection.execute(
            update(series)
            .where(series.c.id == series_id)
            .values(
                number_of_instances=series.c.number_of_instances + number,
                revision=series.c.revision + number,
                updated_at=_later(series.c.updated_at, updated_at),
            )
        )
    connection.execute(
        update(study)
        .where(study.c.id == study_id)
        .values(
            number_of_instances=study.c.number_of_instances + sum(added.values()),
            number_of_series=study.c.number_of_series + new_series,
            updated_at=_later(study.c.updated_at, updated_at),
            **changes,
        )
    )


def _later(column: Column[Any], value: datetime) -> ColumnElement[Any]:
    return case((column < value, value), else_=column)


_NUMBERED: Mapping[str, Table] = {"study": study, "series": series, "instance": instance}
