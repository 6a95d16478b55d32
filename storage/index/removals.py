"""Rows that are removed, what is remembered of them, and what holds them, as SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update

from storage.index.instances import modalities
from storage.index.schema import instance, series, study
from storage.index.work_schema import hold, removal, removed_object

Row = dict[str, Any]

__all__ = ["Connection", "Row"]

_UIDS_AT_ONCE = 500


def lock_study(connection: Connection, study_instance_uid: str) -> Row | None:
    """The study; until the transaction ends nobody else adds to it."""
    found = connection.execute(
        select(study).where(study.c.study_instance_uid == study_instance_uid).with_for_update()
    ).mappings()
    row = found.first()
    return dict(row) if row else None


def within(connection: Connection, study_id: int, series_uid: str, sop_uid: str) -> list[Row]:
    """The instances of a study, of one of its series, or the one; with their objects."""
    statement = (
        select(
            instance.c.id,
            instance.c.series_fk,
            instance.c.sop_instance_uid,
            instance.c.size,
            instance.c.dataset_sha256,
            instance.c.location,
            instance.c.object_key,
            instance.c.spool_name,
            series.c.series_instance_uid,
            series.c.document_key,
        )
        .join(series, series.c.id == instance.c.series_fk)
        .where(series.c.study_fk == study_id)
    )
    if series_uid:
        statement = statement.where(series.c.series_instance_uid == series_uid)
    if sop_uid:
        statement = statement.where(instance.c.sop_instance_uid == sop_uid)
    return [dict(row) for row in connection.execute(statement.order_by(instance.c.id)).mappings()]


def remove(connection: Connection, study_id: int, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[str]:
    """Take instances out of a locked study, and series and study if nothing of them is left.

    Gives the keys of documents whose series has gone.
    """
    for start in range(0, len(rows), _UIDS_AT_ONCE):
        ids = [row["id"] for row in rows[start : start + _UIDS_AT_ONCE]]
        connection.execute(delete(instance).where(instance.c.id.in_(ids)))
    documents = []
    for series_id, key in {row["series_fk"]: row["document_key"] for row in rows}.items():
        left = connection.scalar(select(func.count()).where(instance.c.series_fk == series_id))
        if left:
            connection.execute(
                update(series)
                .where(series.c.id == series_id)
                .values(number_of_instances=left, revision=series.c.revision + 1, updated_at=now)
            )
        else:
            connection.execute(delete(series).where(series.c.id == series_id))
            documents.append(key)
    number, instances = connection.execute(
        select(func.count(), func.coalesce(func.sum(series.c.number_of_instances), 0)).where(
            series.c.study_fk == study_id
        )
    ).one()
    if not number:
        connection.execute(delete(study).where(study.c.id == study_id))
    else:
        connection.execute(
            update(study)
            .where(study.c.id == study_id)
            .values(
                number_of_series=number,
                number_of_instances=instances,
                modalities_in_study="\\".join(modalities(connection, study_id)),
                updated_at=now,
            )
        )
    return [key for key in documents if key]


def note(connection: Connection, values: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> int:
    """Remember a removal and what it took; gives its number."""
    identity = connection.execute(insert(removal).values(**values).returning(removal.c.id)).scalar_one()
    if objects:
        connection.execute(insert(removed_object), [{**one, "removal_fk": identity} for one in objects])
    return int(identity)


def of_address(connection: Connection, study_uid: str, series_uid: str, sop_uid: str) -> Row | None:
    """The newest removal, not undone, that took this very resource: of itself, or of what it was part of."""
    statement = select(removal).where(removal.c.study_instance_uid == study_uid, removal.c.restored_at.is_(None))
    for column, uid in ((removal.c.series_instance_uid, series_uid), (removal.c.sop_instance_uid, sop_uid)):
        statement = statement.where(column.in_(["", uid]))
    rows = [dict(row) for row in connection.execute(statement.order_by(removal.c.id.desc())).mappings()]
    for row in rows:
        if _took(connection, row, series_uid, sop_uid):
            return row
    return None


def _took(connection: Connection, row: Row, series_uid: str, sop_uid: str) -> bool:
    if not series_uid or row["level"] == "instance":
        return True
    statement = select(removed_object.c.id).where(
        removed_object.c.removal_fk == row["id"], removed_object.c.series_instance_uid == series_uid
    )
    if sop_uid:
        statement = statement.where(removed_object.c.sop_instance_uid == sop_uid)
    return connection.execute(statement.limit(1)).first() is not None


def by_id(connection: Connection, identity: int) -> Row | None:
    """One removal."""
    row = connection.execute(select(removal).where(removal.c.id == identity)).mappings().first()
    return dict(row) if row else None


def newest(connection: Connection, facilities: frozenset[int] | None, limit: int, before: int | None) -> list[Row]:
    """The newest removals of some facilities, or of all."""
    statement = select(removal).order_by(removal.c.id.desc()).limit(limit)
    if facilities is not None:
        statement = statement.where(removal.c.facility_id.in_(facilities))
    if before is not None:
        statement = statement.where(removal.c.id < before)
    return [dict(row) for row in connection.execute(statement).mappings()]


def objects_of(connection: Connection, identity: int) -> list[Row]:
    """What a removal took."""
    statement = select(removed_object).where(removed_object.c.removal_fk == identity).order_by(removed_object.c.id)
    return [dict(row) for row in connection.execute(statement).mappings()]


def restore(connection: Connection, identity: int, by: str, now: datetime) -> bool:
    """Say that a removal was undone, if nobody has; nothing of it is erased any more."""
    done = connection.execute(
        update(removal)
        .where(removal.c.id == identity, removal.c.restored_at.is_(None), removal.c.erase_after > now)
        .values(restored_at=now, restored_by=by)
    ).rowcount
    if done:
        connection.execute(
            update(removed_object)
            .where(removed_object.c.removal_fk == identity, removed_object.c.sop_instance_uid != "")
            .values(erase_after=None)
        )
    return done > 0


def unrestore(connection: Connection, identity: int, erase_after: datetime) -> None:
    """Take back :func:`restore`, because the instances could not be brought back."""
    connection.execute(update(removal).where(removal.c.id == identity).values(restored_at=None, restored_by=""))
    connection.execute(
        update(removed_object)
        .where(
            removed_object.c.removal_fk == identity,
            removed_object.c.sop_instance_uid != "",
            removed_object.c.erased_at.is_(None),
        )
        .values(erase_after=erase_after)
    )


def due(connection: Connection, now: datetime, limit: int) -> list[Row]:
    """Objects whose time is over, longest first."""
    statement = (
        select(removed_object)
        .where(removed_object.c.erase_after <= now)
        .order_by(removed_object.c.erase_after, removed_object.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def hold_still(connection: Connection) -> None:
    """Let nobody add an instance until this transaction ends; on SQLite a transaction that writes does so anyhow."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE instance, series IN SHARE ROW EXCLUSIVE MODE"))


def is_in_use(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Whether an object that was removed belongs to a row again: the same content was received anew."""
    if row["sop_instance_uid"]:
        statement = select(instance.c.id).where(
            instance.c.sop_instance_uid == row["sop_instance_uid"], instance.c.object_key == row["object_key"]
        )
    else:
        statement = select(series.c.id).where(
            series.c.series_instance_uid == row["series_instance_uid"], series.c.document_key == row["object_key"]
        )
    return connection.execute(statement.limit(1)).first() is not None


def settle(connection: Connection, identity: int, erased_at: datetime | None) -> None:
    """Say of an object that nothing is left to do: it was erased, or is in use again."""
    connection.execute(
        update(removed_object).where(removed_object.c.id == identity).values(erase_after=None, erased_at=erased_at)
    )


def awaits_erasing(connection: Connection, object_key: str) -> bool:
    """Whether an object without a row is one that a removal has left behind on purpose."""
    statement = select(removed_object.c.id).where(
        removed_object.c.object_key == object_key, removed_object.c.erase_after.is_not(None)
    )
    return connection.execute(statement.limit(1)).first() is not None


def spool_file_was_removed(connection: Connection, spool_name: str) -> bool:
    """Whether a spool file is what is left of a removed instance: its uploader died between row and file."""
    statement = select(removed_object.c.id).where(removed_object.c.spool_name == spool_name)
    return bool(spool_name) and connection.execute(statement.limit(1)).first() is not None


def place_hold(connection: Connection, study_uid: str, reason: str, by: str, now: datetime) -> int:
    """Add a hold; gives its number."""
    statement = insert(hold).values(study_instance_uid=study_uid, reason=reason, placed_by=by, placed_at=now)
    return int(connection.execute(statement.returning(hold.c.id)).scalar_one())


def release_hold(connection: Connection, identity: int, by: str, now: datetime) -> bool:
    """End a hold, if it is in force."""
    statement = update(hold).where(hold.c.id == identity, hold.c.released_at.is_(None))
    return connection.execute(statement.values(released_at=now, released_by=by)).rowcount > 0


def holds(connection: Connection, study_uid: str) -> list[Row]:
    """The holds in force on a study."""
    statement = select(hold).where(hold.c.study_instance_uid == study_uid, hold.c.released_at.is_(None))
    return [dict(row) for row in connection.execute(statement.order_by(hold.c.id)).mappings()]


def hold_by_id(connection: Connection, identity: int) -> Row | None:
    """One hold."""
    row = connection.execute(select(hold).where(hold.c.id == identity)).mappings().first()
    return dict(row) if row else None
