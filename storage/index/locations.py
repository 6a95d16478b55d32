"""Where the bytes of instances are, and where the frames are in them, as SQL."""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from storage.index.schema import instance, instance_header, series, study

Row = dict[str, Any]

__all__ = ["Connection", "Row", "by_id", "find", "frames", "frames_of", "header", "images"]


def find(
    connection: Connection,
    study_instance_uid: str,
    series_instance_uid: str | None = None,
    sop_instance_uid: str | None = None,
    limit: int | None = None,
) -> list[Row]:
    """The instances of a study, a series or one, by series number and instance number, the first ``limit``."""
    key = {"study": study_instance_uid, "series": series_instance_uid, "sop": sop_instance_uid}
    if sop_instance_uid is not None:
        statement = _ONE if series_instance_uid is not None else _ONE_OF_STUDY
    else:
        statement = _OF_STUDY if series_instance_uid is None else _OF_SERIES
    given = {name: value for name, value in key.items() if value is not None}
    if limit is not None:
        statement = statement.limit(limit)
    return [dict(row) for row in connection.execute(statement, given).mappings()]


def images(connection: Connection, study_instance_uid: str, series_instance_uid: str | None) -> list[tuple[int, int]]:
    """Row and number of frames of the images of a series, or of the first series of a study that has any, in order."""
    statement = (
        select(instance.c.id, instance.c.number_of_frames, instance.c.series_fk)
        .join(series, series.c.id == instance.c.series_fk)
        .join(study, study.c.id == series.c.study_fk)
        .where(study.c.study_instance_uid == study_instance_uid, instance.c.number_of_frames > 0)
        .order_by(*_ORDER)
    )
    if series_instance_uid is not None:
        statement = statement.where(series.c.series_instance_uid == series_instance_uid)
    found = connection.execute(statement).all()
    return [(row.id, row.number_of_frames) for row in found if row.series_fk == found[0].series_fk]


def by_id(connection: Connection, identity: int) -> Row | None:
    """One instance by its row."""
    row = connection.execute(_instances().where(instance.c.id == identity)).mappings().first()
    return dict(row) if row else None


def header(connection: Connection, identity: int) -> bytes | None:
    """The encoded header of an instance."""
    statement = select(instance_header.c.header).where(instance_header.c.instance_fk == identity)
    return connection.execute(statement).scalar()


def frames(connection: Connection, identity: int) -> bytes | None:
    """The encoded frame table of an instance."""
    statement = select(instance_header.c.frames).where(instance_header.c.instance_fk == identity)
    return connection.execute(statement).scalar()


def frames_of(connection: Connection, identity: int, most_bytes: int) -> list[tuple[int, bytes]]:
    """The encoded frame tables, by row, of all instances in the series of one; longer ones are left out."""
    statement = (
        select(instance_header.c.instance_fk, instance_header.c.frames)
        .join(instance, instance.c.id == instance_header.c.instance_fk)
        .where(
            instance.c.series_fk == select(instance.c.series_fk).where(instance.c.id == identity).scalar_subquery(),
            func.length(instance_header.c.frames) <= most_bytes,
        )
    )
    return [(row.instance_fk, row.frames) for row in connection.execute(statement)]


def _instances() -> Select[Any]:
    return (
        select(
            instance.c.id,
            study.c.study_instance_uid,
            series.c.series_instance_uid,
            instance.c.sop_instance_uid,
            instance.c.sop_class_uid,
            study.c.facility_id,
            study.c.patient_id,
            series.c.modality,
            instance.c.instance_number,
            instance.c.rows,
            instance.c.columns,
            instance.c.number_of_frames,
            instance.c.transfer_syntax_uid,
            instance.c.size,
            instance.c.dataset_offset,
            instance.c.dataset_sha256,
            instance.c.location,
            instance.c.spool_name,
            instance.c.object_key,
        )
        .join(series, series.c.id == instance.c.series_fk)
        .join(study, study.c.id == series.c.study_fk)
    )


# Made once: they run for each frame that is looked at.
_ORDER = (
    series.c.series_number.is_(None),
    series.c.series_number,
    series.c.id,
    instance.c.instance_number.is_(None),
    instance.c.instance_number,
    instance.c.id,
)
_IN_STUDY = _instances().where(study.c.study_instance_uid == bindparam("study"))
_IN_SERIES = _IN_STUDY.where(series.c.series_instance_uid == bindparam("series"))
_ONE_OF_STUDY = _IN_STUDY.where(instance.c.sop_instance_uid == bindparam("sop"))
_ONE = _IN_SERIES.where(instance.c.sop_instance_uid == bindparam("sop"))
_OF_STUDY = _IN_STUDY.order_by(*_ORDER)
_OF_SERIES = _IN_SERIES.order_by(*_ORDER)
