"""Rows of studies, series and instances as they arrive (PS3.3 §A.1: patient, study, series, instance)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.index.engine import Conflict
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
    row = connection.execute(_BY_SOP, {"uid": sop_instance_uid}).mappings().first()
    return dict(row) if row else None


def lock_study(connection: Connection, study_instance_uid: str) -> Row | None:
    """The study of this UID; until the transaction ends nobody else adds to it."""
    row = connection.execute(_STUDY, {"uid": study_instance_uid}).mappings().first()
    return dict(row) if row else None


def add_study(connection: Connection, values: Mapping[str, Any]) -> Row:
    """Add a study, unless another transaction has just done so; the row is locked."""
    connection.execute(insert_or_ignore(connection, study), values)
    row = lock_study(connection, values["study_instance_uid"])
    if row is None:
        raise Conflict("The study was removed while it was being added to.")
    return row


def add_series(connection: Connection, values: Mapping[str, Any]) -> tuple[Row, bool]:
    """The series, and whether it is new; its study must be locked."""
    key = {"study": values["study_fk"], "uid": values["series_instance_uid"]}
    row = connection.execute(_SERIES, key).mappings().first()
    if row is not None:
        return dict(row), False
    made = connection.execute(insert_or_ignore(connection, series).returning(*series.columns), values)
    return dict(made.mappings().one()), True


def modalities(connection: Connection, study_id: int) -> list[str]:
    """The modalities of a study's series, sorted."""
    found = connection.execute(_MODALITIES, {"study": study_id}).scalars()
    return sorted(modality for modality in found if modality)


def add(connection: Connection, values: Mapping[str, Any], header: bytes, frames: bytes) -> int:
    """Add an instance and its header.

    Raises:
        Conflict: another transaction has just added an instance of this UID.
    """
    identity = connection.execute(insert_or_ignore(connection, instance).returning(instance.c.id), values).scalar()
    if identity is None:
        raise Conflict("The instance is being stored twice at once.")
    connection.execute(
        insert_or_ignore(connection, instance_header), {"instance_fk": identity, "header": header, "frames": frames}
    )
    return int(identity)


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
    connection.execute(_COUNT_IN_SERIES, {"id_": series_id, "now": now})
    counted = _COUNT_IN_STUDY.values(**changes) if changes else _COUNT_IN_STUDY
    connection.execute(counted, {"id_": study_id, "now": now, "new": int(new_series)})


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
