"""Rows of files that could not be kept in their place: the quarantine, as SQL."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from storage.index.instances import insert_or_ignore
from storage.index.schema import facility, instance, quarantine, series, study

Row = dict[str, Any]

__all__ = [
    "Connection",
    "Row",
    "add",
    "by_file_name",
    "by_id",
    "bytes_of_node",
    "count_again",
    "kept",
    "page",
    "resolve",
    "same_content",
    "unresolved",
]

_BLOCK_BYTES = 4096  # the least that a file takes on a disk


def add(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Note a file that is put aside; false if this file, or the same conflicting content, is noted already."""
    made = connection.execute(insert_or_ignore(connection, quarantine).returning(quarantine.c.id), values)
    return made.first() is not None


def same_content(connection: Connection, sop_instance_uid: str, dataset_sha256: str) -> Row | None:
    """The open conflict of this very content, on whatever node."""
    statement = select(quarantine).where(
        quarantine.c.sop_instance_uid == sop_instance_uid,
        quarantine.c.dataset_sha256 == dataset_sha256,
        quarantine.c.state == "open",
        quarantine.c.kind == "conflict",
    )
    return _first(connection, statement)


def count_again(connection: Connection, identity: int, now: datetime) -> None:
    """Count that the same content has come once more."""
    connection.execute(
        update(quarantine)
        .where(quarantine.c.id == identity)
        .values(times_received=quarantine.c.times_received + 1, last_received_at=now)
    )


def bytes_of_node(connection: Connection, node: str) -> int:
    """What the open files of a node take on its disk, in bytes and by whole blocks."""
    statement = select(func.coalesce(func.sum(quarantine.c.size + _BLOCK_BYTES), 0)).where(
        quarantine.c.state == "open", quarantine.c.node == node
    )
    return int(connection.execute(statement).scalar_one())


def by_file_name(connection: Connection, file_name: str) -> Row | None:
    """The row of a file."""
    return _first(connection, select(quarantine).where(quarantine.c.file_name == file_name))


def by_id(connection: Connection, identity: int, *, lock: bool = False) -> Row | None:
    """One row with its facility's code and name; with ``lock`` nobody else changes it in this transaction."""
    statement = _listed().where(quarantine.c.id == identity)
    return _first(connection, statement.with_for_update(of=quarantine) if lock else statement)


def page(
    connection: Connection, reach: Collection[int] | None, kind: str | None, limit: int, offset: int
) -> tuple[list[Row], int, int]:
    """Open rows, the newest first; how many there are in all, and their bytes.

    ``reach``: ids of the facilities that are looked at; ``None``: all, and what belongs to nobody.
    """
    conditions: list[ColumnElement[bool]] = [quarantine.c.state == "open"]
    if reach is not None:
        conditions.append(quarantine.c.facility_id.in_(reach))
    if kind is not None:
        conditions.append(quarantine.c.kind == kind)
    newest = _listed().where(*conditions).order_by(quarantine.c.id.desc()).limit(limit).offset(offset)
    total = select(func.count(), func.coalesce(func.sum(quarantine.c.size), 0)).where(*conditions)
    counted = connection.execute(total).one()
    return [dict(row) for row in connection.execute(newest).mappings()], int(counted[0]), int(counted[1])


def resolve(connection: Connection, identity: int, state: str, by: str, note: str, now: datetime) -> bool:
    """End an open entry as ``discarded`` or ``stored``; false if it was not open."""
    statement = (
        update(quarantine)
        .where(quarantine.c.id == identity, quarantine.c.state == "open")
        .values(state=state, resolved_at=now, resolved_by=by, note=note)
    )
    return connection.execute(statement).rowcount > 0


def unresolved(connection: Connection, node: str) -> list[Row]:
    """The open rows of a node."""
    statement = select(quarantine).where(quarantine.c.state == "open", quarantine.c.node == node)
    return [dict(row) for row in connection.execute(statement).mappings()]


def kept(connection: Connection, sop_instance_uid: str) -> Row | None:
    """The instance that is kept under this UID, with its study's facility and patient."""
    statement = (
        select(
            instance.c.id,
            instance.c.sop_instance_uid,
            instance.c.dataset_sha256,
            instance.c.size,
            instance.c.transfer_syntax_uid,
            instance.c.source_ae_title,
            instance.c.received_at,
            series.c.series_instance_uid,
            study.c.study_instance_uid,
            study.c.facility_id,
            study.c.patient_name,
            study.c.patient_id,
        )
        .join(series, series.c.id == instance.c.series_fk)
        .join(study, study.c.id == series.c.study_fk)
        .where(instance.c.sop_instance_uid == sop_instance_uid)
    )
    return _first(connection, statement)


def _listed() -> Select[Any]:
    return select(
        quarantine,
        facility.c.code.label("facility_code"),
        facility.c.name.label("facility_name"),
    ).outerjoin(facility, facility.c.id == quarantine.c.facility_id)


def _first(connection: Connection, statement: Select[Any]) -> Row | None:
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None
