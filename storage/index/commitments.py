"""Requests of storage commitment and what became of them, as SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from storage.index.instances import insert_or_ignore
from storage.index.schema import instance, series, study
from storage.index.work_schema import commitment, commitment_instance

Row = dict[str, Any]

__all__ = ["Connection", "Row"]

_AT_ONCE = 500


def add(connection: Connection, values: Mapping[str, Any], instances: Sequence[Mapping[str, Any]]) -> int | None:
    """Add a request; its number, or None when its Transaction UID is taken."""
    made = connection.execute(insert_or_ignore(connection, commitment).returning(commitment.c.id), values).scalar()
    if made is None:
        return None
    for start in range(0, len(instances), _AT_ONCE):
        chunk = [{**one, "commitment_fk": made} for one in instances[start : start + _AT_ONCE]]
        connection.execute(insert(commitment_instance), chunk)
    return int(made)


def find(connection: Connection, transaction_uid: str) -> Row | None:
    """The request of this Transaction UID."""
    found = connection.execute(select(commitment).where(commitment.c.transaction_uid == transaction_uid))
    row = found.mappings().first()
    return dict(row) if row else None


def instances_of(connection: Connection, identity: int) -> list[Row]:
    """The instances of a request, in its order."""
    statement = select(commitment_instance).where(commitment_instance.c.commitment_fk == identity)
    return [dict(row) for row in connection.execute(statement.order_by(commitment_instance.c.id)).mappings()]


def pending(connection: Connection, limit: int) -> list[Row]:
    """Requests without a result, oldest first."""
    statement = select(commitment).where(commitment.c.state == "pending").order_by(commitment.c.id).limit(limit)
    return [dict(row) for row in connection.execute(statement).mappings()]


def open_instances(connection: Connection, identity: int, after: int, limit: int) -> list[Row]:
    """Instances of a request that nothing was found out about yet."""
    statement = (
        select(commitment_instance)
        .where(
            commitment_instance.c.commitment_fk == identity,
            commitment_instance.c.failure_reason.is_(None),
            commitment_instance.c.id > after,
        )
        .order_by(commitment_instance.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def kept(connection: Connection, sop_instance_uids: Iterable[str]) -> dict[str, Row]:
    """What is kept of these instances, with all that proving one takes."""
    statement = (
        select(
            instance.c.id,
            instance.c.sop_instance_uid,
            instance.c.sop_class_uid,
            instance.c.location,
            instance.c.object_key,
            instance.c.size,
            instance.c.dataset_offset,
            instance.c.dataset_sha256,
            instance.c.transfer_syntax_uid,
            series.c.series_instance_uid,
            study.c.study_instance_uid,
            study.c.facility_id,
            study.c.patient_id,
        )
        .join(series, series.c.id == instance.c.series_fk)
        .join(study, study.c.id == series.c.study_fk)
        .where(instance.c.sop_instance_uid.in_(list(sop_instance_uids)))
    )
    return {row["sop_instance_uid"]: dict(row) for row in connection.execute(statement).mappings()}


def of_study(connection: Connection, study_uid: str, series_uid: str = "") -> list[Row]:
    """The instances of a study or of one of its series, as a request names them."""
    statement = (
        select(
            study.c.study_instance_uid,
            series.c.series_instance_uid,
            instance.c.sop_class_uid,
            instance.c.sop_instance_uid,
        )
        .join(series, series.c.study_fk == study.c.id)
        .join(instance, instance.c.series_fk == series.c.id)
        .where(study.c.study_instance_uid == study_uid)
    )
    if series_uid:
        statement = statement.where(series.c.series_instance_uid == series_uid)
    return [dict(row) for row in connection.execute(statement.order_by(instance.c.id)).mappings()]


def settle(connection: Connection, reasons: Mapping[int, int]) -> None:
    """Note what was found of instances of a request: 0, or why they are not committed."""
    for identity, reason in reasons.items():
        connection.execute(
            update(commitment_instance).where(commitment_instance.c.id == identity).values(failure_reason=reason)
        )


def commit(connection: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> set[int]:
    """Say of instances that their keeping is confirmed; which of them still are what was proved."""
    done = set()
    for row in rows:
        statement = update(instance).where(
            instance.c.id == row["id"],
            instance.c.sop_instance_uid == row["sop_instance_uid"],
            instance.c.object_key == row["object_key"],
            instance.c.location == "object",
        )
        if connection.execute(statement.values(committed_at=now, verified_at=now)).rowcount:
            done.add(int(row["id"]))
    return done


def finish(connection: Connection, identity: int, now: datetime) -> bool:
    """Say that a request has its result; false if that was said before."""
    statement = update(commitment).where(commitment.c.id == identity, commitment.c.state == "pending")
    return connection.execute(statement.values(state="done", finished_at=now)).rowcount > 0


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Let go of the instances of results finished long ago; the request itself stays, and is then "gone"."""
    old = list(
        connection.execute(
            select(commitment.c.id)
            .where(commitment.c.finished_at < before, commitment.c.id.in_(select(commitment_instance.c.commitment_fk)))
            .limit(limit)
        ).scalars()
    )
    if old:
        connection.execute(delete(commitment_instance).where(commitment_instance.c.commitment_fk.in_(old)))
    return len(old)
