"""Rows of the searchable attributes beside the columns, of their values, and what fills them from kept headers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, tuple_, update

from storage.dicom.search_value import Row as Value
from storage.dicom.search_value import SearchAttribute, SearchValues
from storage.index.instances import insert_or_ignore
from storage.index.schema import instance, instance_header, series, study
from storage.index.searchable_schema import instance_value, search_attribute, series_value, study_value

Row = dict[str, Any]

__all__ = [
    "Connection",
    "Row",
    "Value",
    "add",
    "add_values",
    "everything",
    "find",
    "forget",
    "headers_after",
    "items_of_series",
    "move_on",
    "newest_instance",
    "remove_values",
    "set_state",
    "still_kept",
]

_BATCH = 500
VALUES = (study_value, series_value, instance_value)


def everything(connection: Connection) -> list[Row]:
    """All attributes, in the order they were added."""
    return [
        dict(row) for row in connection.execute(select(search_attribute).order_by(search_attribute.c.id)).mappings()
    ]


def find(connection: Connection, path: str) -> Row | None:
    """The attribute of a path; until the transaction ends nobody else changes it."""
    statement = select(search_attribute).where(search_attribute.c.path == path).with_for_update()
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None


def add(connection: Connection, values: dict[str, Any]) -> Row:
    """Add an attribute."""
    made = connection.execute(insert(search_attribute).returning(*search_attribute.columns), values)
    return dict(made.mappings().one())


def set_state(connection: Connection, identity: int, state: str, now: datetime, by: str) -> None:
    """Put an attribute into another state."""
    connection.execute(
        update(search_attribute)
        .where(search_attribute.c.id == identity)
        .values(state=state, changed_at=now, changed_by=by)
    )


def move_on(
    connection: Connection,
    identities: Sequence[int],
    position: int,
    *,
    settled: bool | None = None,
    ready: bool = False,
) -> None:
    """Note how far attributes that are being filled have come."""
    changes: dict[str, Any] = {"position": position}
    if settled is not None:
        changes["settled"] = settled
    if ready:
        changes["state"] = "ready"
    connection.execute(
        update(search_attribute)
        .where(search_attribute.c.id.in_(identities), search_attribute.c.state == "filling")
        .values(**changes)
    )


def newest_instance(connection: Connection) -> int:
    """The highest row of an instance; 0: there is none."""
    return int(connection.execute(select(func.max(instance.c.id))).scalar() or 0)


def headers_after(connection: Connection, position: int, limit: int) -> list[tuple[int, int, int, bytes]]:
    """Row of study, of series and of instance, and the header, of the next instances."""
    statement = (
        select(series.c.study_fk, series.c.id, instance.c.id, instance_header.c.header)
        .select_from(instance)
        .join(series, series.c.id == instance.c.series_fk)
        .join(instance_header, instance_header.c.instance_fk == instance.c.id)
        .where(instance.c.id > position)
        .order_by(instance.c.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)]


def still_kept(connection: Connection, identities: Sequence[int]) -> list[int]:
    """Which of these instances are there; until the transaction ends they and what they belong to stay."""
    statement = (
        select(instance.c.id)
        .join(series, series.c.id == instance.c.series_fk)
        .join(study, study.c.id == series.c.study_fk)
        .where(instance.c.id.in_(identities))
        .with_for_update(read=True, key_share=True)
    )
    return list(connection.execute(statement).scalars())


def add_values(connection: Connection, found: Iterable[tuple[int, int, int, SearchValues]]) -> None:
    """Add values of studies, series and instances (their rows first); those that are there already stay."""
    made: dict[Table, dict[tuple[Any, ...], None]] = {table: {} for table in VALUES}
    for study_id, series_id, instance_id, values in found:
        for table, owner, rows in zip(
            VALUES, (study_id, series_id, instance_id), (values.study, values.series, values.instance), strict=True
        ):
            made[table].update(dict.fromkeys((owner, *row) for row in rows))
    for table, wanted in made.items():
        if wanted:
            names = [column.name for column in table.columns]
            connection.execute(
                insert_or_ignore(connection, table),
                # In this order everywhere, so that two processes do not wait for each other.
                [dict(zip(names, row, strict=True)) for row in sorted(wanted)],
            )


def items_of_series(
    connection: Connection, owners: Sequence[int], attributes: Mapping[int, SearchAttribute]
) -> dict[int, list[dict[str, Any]]]:
    """Values of series told as items of one sequence, in the DICOM JSON Model; ``attributes``: by their rows."""
    found: dict[int, dict[int, dict[str, Any]]] = {}
    columns = (series_value.c.owner_fk, series_value.c.item, series_value.c.attribute_id, series_value.c.value)
    for start in range(0, len(owners) if attributes else 0, _BATCH):
        statement = select(*columns).where(
            series_value.c.owner_fk.in_(owners[start : start + _BATCH]),
            series_value.c.attribute_id.in_(list(attributes)),
        )
        for owner, item, identity, value in connection.execute(statement):
            attribute = attributes[identity]
            told = found.setdefault(owner, {}).setdefault(item, {})
            told[attribute.steps[-1]] = {"vr": attribute.vr, "Value": [value]}
    return {owner: list(items.values()) for owner, items in found.items()}


def remove_values(connection: Connection, identity: int, limit: int) -> int:
    """Remove some values of an attribute; gives how many there were."""
    for table in VALUES:
        key = tuple_(*table.primary_key.columns)
        batch = select(*table.primary_key.columns).where(table.c.attribute_id == identity).limit(limit)
        removed = connection.execute(delete(table).where(key.in_(batch))).rowcount
        if removed:
            return int(removed)
    return 0


def forget(connection: Connection, identity: int) -> None:
    """Remove the row of an attribute."""
    connection.execute(delete(search_attribute).where(search_attribute.c.id == identity))
