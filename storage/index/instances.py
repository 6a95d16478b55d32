"""Rows of studies, series and instances as they arrive (PS3.3 §A.1: patient, study, series, instance)."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.index.engine import Conflict
from storage.index.prepared import Ready
from storage.index.schema import instance, instance_header, series, study

Row = dict[str, Any]

__all__ = [
    "Connection",
    "add",
    "add_series",
    "add_study",
    "adopt",
    "by_sop_instance_uid",
    "count",
    "insert_or_ignore",
    "lock_study",
    "modalities",
]

_BY_SOP = (
    select(
        instance.c.id,
        instance.c.dataset_sha256,
        instance.c.size,
        instance.c.location,
        instance.c.spool_name,
        instance.c.object_key,
        study.c.study_instance_uid,
        study.c.facility_id.label("study_facility_id"),
        study.c.patient_id,
    )
    .join(series, series.c.id == instance.c.series_fk)
    .join(study, study.c.id == series.c.study_fk)
    .where(instance.c.sop_instance_uid == bindparam("uid"))
)
_STUDY = select(study).where(study.c.study_instance_uid == bindparam("uid")).with_for_update()
_SERIES = select(series).where(
    series.c.study_fk == bindparam("study"), series.c.series_instance_uid == bindparam("uid")
)
_COUNT_IN_SERIES = (
    update(series)
    .where(series.c.id == bindparam("id_"))
    .values(
        number_of_instances=series.c.number_of_instances + 1,
        revision=series.c.revision + 1,
        updated_at=bindparam("now"),
    )
)
_COUNT_IN_STUDY = (
    update(study)
    .where(study.c.id == bindparam("id_"))
    .values(
        number_of_instances=study.c.number_of_instances + 1,
        number_of_series=study.c.number_of_series + bindparam("new"),
        updated_at=bindparam("now"),
    )
)
_MODALITIES = select(series.c.modality).where(series.c.study_fk == bindparam("study")).distinct()


def by_sop_instance_uid(connection: Connection, sop_instance_uid: str) -> Row | None:
    """The kept instance of this UID."""
    return next(iter(_READY_BY_SOP.rows(connection, {"uid": sop_instance_uid})), None)


def lock_study(connection: Connection, study_instance_uid: str) -> Row | None:
    """The study of this UID; until the transaction ends nobody else adds to it."""
    return next(iter(_READY_STUDY.rows(connection, {"uid": study_instance_uid})), None)


def add_study(connection: Connection, values: Mapping[str, Any]) -> tuple[Row, bool]:
    """Add a study, and whether it is new: another transaction may just have added it; the row is locked."""
    made = _adding(study, tuple(values)).rows(connection, values)
    if made:
        return made[0], True
    row = lock_study(connection, values["study_instance_uid"])
    if row is None:
        raise Conflict("The study was removed while it was being added to.")
    return row, False


def add_series(connection: Connection, values: Mapping[str, Any], *, likely_new: bool = False) -> tuple[Row, bool]:
    """The series, and whether it is new; its study must be locked.

    ``likely_new``: it is added first and looked for only if that fails.
    """
    if likely_new:
        added = _adding(series, tuple(values)).rows(connection, values)
        if added:
            return added[0], True
    key = {"study": values["study_fk"], "uid": values["series_instance_uid"]}
    found = _READY_SERIES.rows(connection, key)
    if found:
        return found[0], False
    (made,) = _adding(series, tuple(values)).rows(connection, values)
    return made, True


def modalities(connection: Connection, study_id: int) -> list[str]:
    """The modalities of a study's series, sorted."""
    found = _READY_MODALITIES.run(connection, {"study": study_id})
    return sorted(row[0] for row in found.fetchall() if row[0])


def add(connection: Connection, values: Mapping[str, Any], header: bytes, frames: bytes) -> int:
    """Add an instance and its header.

    Raises:
        Conflict: another transaction has just added an instance of this UID.
    """
    made = _adding_instance(tuple(values)).run(connection, values).fetchone()
    if made is None:
        raise Conflict("The instance is being stored twice at once.")
    _ADD_HEADER.run(connection, {"instance_fk": made[0], "header": header, "frames": frames})
    return int(made[0])


def count(
    connection: Connection,
    study_id: int,
    series_id: int,
    now: datetime,
    *,
    new_series: bool,
    changes: Mapping[str, Any],
) -> None:
    """Count one more instance in its series and study; ``changes`` are other columns of the study."""
    _READY_COUNT_IN_SERIES.run(connection, {"id_": series_id, "now": now})
    counting = _counting_in_study(tuple(sorted(changes)))
    values = {f"to_{name}": value for name, value in changes.items()}
    counting.run(connection, {**values, "id_": study_id, "now": now, "new": int(new_series)})


_READY_BY_SOP = Ready(lambda _: _BY_SOP)
_READY_STUDY = Ready(lambda _: _STUDY)
_READY_SERIES = Ready(lambda _: _SERIES)
_READY_MODALITIES = Ready(lambda _: _MODALITIES)
_READY_COUNT_IN_SERIES = Ready(lambda _: _COUNT_IN_SERIES)
_ADD_HEADER = Ready(lambda dialect: insert_or_ignore_in(dialect, instance_header), ("instance_fk", "header", "frames"))


@lru_cache(maxsize=32)
def _adding_instance(names: tuple[str, ...]) -> Ready:
    return Ready(lambda dialect: insert_or_ignore_in(dialect, instance).returning(instance.c.id), names)


@lru_cache(maxsize=32)
def _adding(table: Table, names: tuple[str, ...]) -> Ready:
    return Ready(lambda dialect: insert_or_ignore_in(dialect, table).returning(*table.columns), names)


@lru_cache(maxsize=256)
def _counting_in_study(changed: tuple[str, ...]) -> Ready:
    to = {name: bindparam(f"to_{name}", type_=study.c[name].type) for name in changed}
    return Ready(lambda _: _COUNT_IN_STUDY.values(**to))


def adopt(connection: Connection, identity: int, lost_spool_name: str, values: Mapping[str, Any]) -> bool:
    """Point an instance whose spool file was lost at a new one; false if it has moved on meanwhile."""
    return (
        connection.execute(
            update(instance)
            .where(
                instance.c.id == identity,
                instance.c.location == "spool",
                instance.c.spool_name == lost_spool_name,
            )
            .values(**values)
        ).rowcount
        > 0
    )


def insert_or_ignore(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that leaves a row of the same key alone; both engines know it, each in its own dialect."""
    return insert_or_ignore_in(connection.dialect, table)


def insert_or_ignore_in(dialect: Dialect, table: Table) -> postgresql.Insert | sqlite.Insert:
    """As :func:`insert_or_ignore`, for a dialect."""
    made = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    return made.on_conflict_do_nothing()
