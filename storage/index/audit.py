"""Rows of the audit trail (PS3.15 A.5)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.index.prepared import Ready
from storage.index.schema import audit_event

__all__ = ["Connection", "add", "newest"]


_EMPTY = {"address": "", "study_instance_uid": "", "patient_id": "", "detail": ""}
_COLUMNS = ("at", "actor_kind", "actor", "address", "action", "outcome", "study_instance_uid", "patient_id", "detail")
_ADD = Ready(lambda _: insert(audit_event), _COLUMNS)


def add(connection: Connection, **values: Any) -> None:
    """Add one event; ``values`` are columns of ``audit_event``."""
    _ADD.run(connection, {**_EMPTY, **values})


def newest(
    connection: Connection,
    *,
    study_instance_uid: str | None,
    patient_id: str | None,
    since: datetime | None,
    limit: int,
) -> list[dict[str, Any]]:
    """The newest events first, of a study or a patient or all."""
    statement = select(audit_event).order_by(audit_event.c.at.desc(), audit_event.c.id.desc()).limit(limit)
    if study_instance_uid is not None:
        statement = statement.where(audit_event.c.study_instance_uid == study_instance_uid)
    if patient_id is not None:
        statement = statement.where(audit_event.c.patient_id == patient_id)
    if since is not None:
        statement = statement.where(audit_event.c.at >= since)
    return [dict(row) for row in connection.execute(statement).mappings()]
