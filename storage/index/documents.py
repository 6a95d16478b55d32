"""Which series documents are stale, and the headers they are made of, as SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from storage.index.schema import instance, instance_header, series, study

Row = dict[str, Any]

__all__ = ["Connection", "Row", "all_of", "find", "headers", "quiet", "replace"]

_COLUMNS = (
    study.c.study_instance_uid,
    series.c.series_instance_uid,
    series.c.id,
    series.c.revision,
    series.c.document_revision,
    series.c.document_key,
    series.c.document_etag,
)


def find(connection: Connection, study_instance_uid: str, series_instance_uid: str) -> Row | None:
    """The document's state of one series."""
    statement = (
        select(*_COLUMNS)
        .join(study, study.c.id == series.c.study_fk)
        .where(study.c.study_instance_uid == study_instance_uid, series.c.series_instance_uid == series_instance_uid)
    )
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None


def all_of(connection: Connection, study_instance_uid: str) -> list[Row]:
    """The documents' state of all series of a study, by series number."""
    statement = (
        select(*_COLUMNS)
        .join(study, study.c.id == series.c.study_fk)
        .where(study.c.study_instance_uid == study_instance_uid)
        .order_by(series.c.series_number.is_(None), series.c.series_number, series.c.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def quiet(connection: Connection, after: datetime, before: datetime, limit: int) -> list[Row]:
    """Series last changed between two times whose document is stale, the longest unchanged first."""
    statement = (
        select(*_COLUMNS)
        .join(study, study.c.id == series.c.study_fk)
        .where(
            series.c.updated_at >= after,
            series.c.updated_at < before,
            series.c.document_revision < series.c.revision,
        )
        .order_by(series.c.updated_at)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def headers(connection: Connection, series_id: int) -> list[bytes]:
    """The encoded headers of a series by instance number."""
    statement = (
        select(instance_header.c.header)
        .join(instance, instance.c.id == instance_header.c.instance_fk)
        .where(instance.c.series_fk == series_id)
        .order_by(instance.c.instance_number.is_(None), instance.c.instance_number, instance.c.id)
    )
    return list(connection.execute(statement).scalars())


def replace(connection: Connection, made_of: Row, key: str, etag: str) -> bool:
    """Note a document made of the state that :func:`find` gave; false if a newer one is there already.

    One of the same revision takes the place of the one it was to replace, whose object was lost.
    """
    older = series.c.document_revision < made_of["revision"]
    lost = (series.c.document_revision == made_of["revision"]) & (series.c.document_key == made_of["document_key"])
    statement = (
        update(series)
        .where(series.c.id == made_of["id"], older | lost)
        .values(document_revision=made_of["revision"], document_key=key, document_etag=etag)
    )
    return connection.execute(statement).rowcount > 0
