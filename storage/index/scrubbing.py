"""Instances and series in steps, to hold them against what the stores have, and what was found, as SQL."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from storage.index.instances import insert_or_ignore
from storage.index.schema import damage, instance, quarantine, series, study

Row = dict[str, Any]

__all__ = [
    "Connection",
    "Row",
    "by_sop_instance_uid",
    "damaged",
    "documents",
    "note_damage",
    "note_sound",
    "page",
    "quarantined",
    "total",
]

_COLUMNS = (
    instance.c.id,
    instance.c.sop_instance_uid,
    instance.c.location,
    instance.c.spool_name,
    instance.c.object_key,
    instance.c.size,
    instance.c.dataset_offset,
    instance.c.dataset_sha256,
    instance.c.transfer_syntax_uid,
    instance.c.verified_at,
    study.c.study_instance_uid,
    study.c.patient_id,
)


def total(connection: Connection) -> int:
    """How many instances there are."""
    return connection.execute(select(func.count()).select_from(instance)).scalar_one()


def page(connection: Connection, after: int, limit: int) -> list[Row]:
    """Instances with an id greater than ``after``, in order of their ids."""
    statement = _instances().where(instance.c.id > after).order_by(instance.c.id).limit(limit)
    return [dict(row) for row in connection.execute(statement).mappings()]


def by_sop_instance_uid(connection: Connection, sop_instance_uid: str) -> Row | None:
    """The kept instance of this UID."""
    statement = _instances().where(instance.c.sop_instance_uid == sop_instance_uid)
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None


def note_sound(connection: Connection, read: Collection[int], well: Collection[int], now: datetime) -> None:
    """Of ``read`` the bytes were read and right; ``well`` are those of which nothing bad is known any more."""
    if read:
        connection.execute(update(instance).where(instance.c.id.in_(read)).values(verified_at=now))
    if well:
        connection.execute(delete(damage).where(damage.c.instance_fk.in_(well)))


def note_damage(connection: Connection, identity: int, kind: str, now: datetime) -> bool:
    """Note that the bytes of an instance are missing or damaged; false if that was known."""
    new = connection.execute(
        insert_or_ignore(connection, damage).returning(damage.c.instance_fk),
        {"instance_fk": identity, "kind": kind, "found_at": now},
    ).first()
    connection.execute(update(instance).where(instance.c.id == identity).values(verified_at=None))
    connection.execute(update(damage).where(damage.c.instance_fk == identity).values(kind=kind))
    return new is not None


def damaged(connection: Connection, identities: Collection[int]) -> set[int]:
    """Which of these instances were found damaged before."""
    return set(connection.execute(select(damage.c.instance_fk).where(damage.c.instance_fk.in_(identities))).scalars())


def documents(connection: Connection, step: int) -> Iterator[list[tuple[str, str]]]:
    """Study and Series Instance UID of all series, in lists of up to ``step``."""
    after = 0
    while True:
        statement = (
            select(series.c.id, study.c.study_instance_uid, series.c.series_instance_uid)
            .join(study, study.c.id == series.c.study_fk)
            .where(series.c.id > after)
            .order_by(series.c.id)
            .limit(step)
        )
        found = connection.execute(statement).all()
        if not found:
            return
        yield [(row.study_instance_uid, row.series_instance_uid) for row in found]
        after = found[-1].id


def quarantined(connection: Connection, node: str) -> list[Row]:
    """File name and SOP Instance UID of what this node has put aside and nobody has decided on."""
    statement = select(quarantine.c.file_name, quarantine.c.sop_instance_uid).where(
        quarantine.c.state == "open", quarantine.c.node == node
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def _instances() -> Any:
    return (
        select(*_COLUMNS).join(series, series.c.id == instance.c.series_fk).join(study, study.c.id == series.c.study_fk)
    )
