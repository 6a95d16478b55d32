"""What this archive owes to other machines: claimed with a lease, put off, settled, as SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    update,
)

from storage.index.instances import insert_or_ignore
from storage.index.routing_schema import asked_commitment, delivery, delivery_instance
from storage.index.schema import damage, facility, instance, series, study

Row = dict[str, Any]

__all__ = ["Connection", "Row"]

_AT_ONCE = 500


def owe(connection: Connection, values: Mapping[str, Any]) -> Row:
    """The delivery of this kind, AE, subject and hours, locked; made if there is none, with ``values``."""
    connection.execute(insert_or_ignore(connection, delivery), values)
    statement = select(delivery).where(
        delivery.c.kind == values["kind"],
        delivery.c.ae_title == values["ae_title"],
        delivery.c.subject == values["subject"],
        delivery.c.send_hours == values.get("send_hours", ""),
    )
    return dict(connection.execute(statement.with_for_update()).mappings().one())


def change(connection: Connection, identity: int, values: Mapping[str, Any], *, owner: str | None = None) -> bool:
    """Replace columns, with ``owner`` only as long as the lease is theirs; whether it was done."""
    statement = update(delivery).where(delivery.c.id == identity)
    if owner is not None:
        statement = statement.where(delivery.c.lease_owner == owner)
    return connection.execute(statement.values(**values)).rowcount > 0


def add_instances(connection: Connection, identity: int, instances: Sequence[int]) -> int:
    """Owe these instances too; how many were not owed before."""
    added = 0
    for start in range(0, len(instances), _AT_ONCE):
        rows = [{"delivery_fk": identity, "instance_fk": one} for one in instances[start : start + _AT_ONCE]]
        statement = insert_or_ignore(connection, delivery_instance)
        before = _number(connection, identity)
        connection.execute(statement, rows)
        added += _number(connection, identity) - before
    return added


def _number(connection: Connection, identity: int) -> int:
    statement = select(func.count()).where(delivery_instance.c.delivery_fk == identity)
    return connection.execute(statement).scalar_one()


def unowed(connection: Connection, kind: str, ae_title: str, study_uid: str, since: datetime | None) -> list[Row]:
    """Instances of a study that nothing of this kind to this AE has been made of, in the order of their arrival."""
    owed = exists(
        select(delivery_instance.c.id)
        .join(delivery, delivery.c.id == delivery_instance.c.delivery_fk)
        .where(
            delivery_instance.c.instance_fk == instance.c.id,
            delivery.c.kind == kind,
            delivery.c.ae_title == ae_title,
            delivery.c.subject == study_uid,
        )
    )
    statement = (
        select(
            instance.c.id,
            instance.c.source_ae_title,
            instance.c.received_at,
            series.c.modality,
            series.c.series_description,
        )
        .join(series, series.c.id == instance.c.series_fk)
        .join(study, study.c.id == series.c.study_fk)
        .where(study.c.study_instance_uid == study_uid, not_(owed))
        .order_by(instance.c.id)
    )
    if since is not None:
        statement = statement.where(instance.c.received_at >= since)
    return [dict(row) for row in connection.execute(statement).mappings()]


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether anything can be claimed now."""
    return connection.execute(_due(now)).first() is not None


def claim(connection: Connection, now: datetime, owner: str, until: datetime) -> Row | None:
    """Take the delivery that is due first; nobody else gets it before ``until``."""
    statement = _due(now)
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update(skip_locked=True, of=delivery)
    row = connection.execute(statement).mappings().first()
    if row is None:
        return None
    change(connection, row["id"], {"lease_owner": owner, "lease_until": until})
    return dict(row) | {"lease_owner": owner, "lease_until": until}


def _due(now: datetime) -> Select[Any]:
    # Instances go to a machine one study after the other; short messages wait for nobody.
    busy = delivery.alias("busy")
    occupied = exists(
        select(busy.c.id).where(
            busy.c.ae_title == delivery.c.ae_title,
            busy.c.kind == "store",
            busy.c.lease_owner != "",
            busy.c.lease_until >= now,
        )
    )
    return (
        select(delivery)
        .where(
            delivery.c.state == "waiting",
            delivery.c.next_at <= now,
            or_(delivery.c.lease_until.is_(None), delivery.c.lease_until < now),
            or_(delivery.c.kind != "store", not_(occupied)),
        )
        .order_by(delivery.c.next_at, delivery.c.id)
        .limit(1)
    )


def free(connection: Connection, owner: str) -> int:
    """End all leases of somebody who has ended."""
    statement = update(delivery).where(delivery.c.lease_owner == owner)
    return connection.execute(statement.values(lease_owner="", lease_until=None)).rowcount


def free_all(connection: Connection, owners: str) -> int:
    """End all leases of owners whose names begin so."""
    statement = update(delivery).where(delivery.c.lease_owner.startswith(owners, autoescape=True))
    return connection.execute(statement.values(lease_owner="", lease_until=None)).rowcount


def put_off(connection: Connection, ae_title: str, until: datetime) -> None:
    """Let everything else that goes to this machine wait as long."""
    statement = update(delivery).where(
        delivery.c.ae_title == ae_title, delivery.c.state == "waiting", delivery.c.next_at < until
    )
    connection.execute(statement.values(next_at=until))


def wake(connection: Connection, kind: str, subject: str, now: datetime) -> None:
    """What this delivery waited for has happened."""
    statement = update(delivery).where(
        delivery.c.kind == kind, delivery.c.subject == subject, delivery.c.state == "waiting"
    )
    connection.execute(statement.values(next_at=now, updated_at=now))


def pending(connection: Connection, identity: int, limit: int) -> list[Row]:
    """Instances that are still owed, in the order of their arrival, with all that sending takes."""
    statement = (
        select(
            *(instance.c[name] for name in ("id", "sop_instance_uid", "sop_class_uid", "instance_number")),
            *(instance.c[name] for name in ("rows", "columns", "number_of_frames", "transfer_syntax_uid", "size")),
            *(instance.c[name] for name in ("dataset_offset", "dataset_sha256", "location", "spool_name")),
            instance.c.object_key,
            series.c.series_instance_uid,
            series.c.modality,
            study.c.study_instance_uid,
            study.c.facility_id,
            study.c.patient_id,
            damage.c.kind.label("damage"),
        )
        .select_from(delivery_instance)
        .join(instance, instance.c.id == delivery_instance.c.instance_fk)
        .join(series, series.c.id == instance.c.series_fk)
        .join(study, study.c.id == series.c.study_fk)
        .outerjoin(damage, damage.c.instance_fk == instance.c.id)
        .where(delivery_instance.c.delivery_fk == identity, delivery_instance.c.state == "waiting")
        .order_by(instance.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def note(connection: Connection, identity: int, told: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Write down what became of instances."""
    for instance_id, values in told:
        connection.execute(
            update(delivery_instance)
            .where(delivery_instance.c.delivery_fk == identity, delivery_instance.c.instance_fk == instance_id)
            .values(**values)
        )


def note_all(connection: Connection, identity: int, state: str, *, of: str) -> None:
    """Give all instances in one state another."""
    connection.execute(
        update(delivery_instance)
        .where(delivery_instance.c.delivery_fk == identity, delivery_instance.c.state == of)
        .values(state=state, error="")
    )


def tally(connection: Connection, identities: Collection[int]) -> dict[int, dict[str, int]]:
    """How many instances of each delivery are in which state."""
    statement = (
        select(delivery_instance.c.delivery_fk, delivery_instance.c.state, func.count())
        .where(delivery_instance.c.delivery_fk.in_(identities))
        .group_by(delivery_instance.c.delivery_fk, delivery_instance.c.state)
    )
    found: dict[int, dict[str, int]] = {}
    for identity, state, number in connection.execute(statement):
        found.setdefault(identity, {})[state] = number
    return found


def refused(connection: Connection, identity: int, limit: int) -> list[Row]:
    """Instances that a machine did not take, and why."""
    statement = (
        select(instance.c.sop_instance_uid, delivery_instance.c.status, delivery_instance.c.error)
        .join(instance, instance.c.id == delivery_instance.c.instance_fk)
        .where(delivery_instance.c.delivery_fk == identity, delivery_instance.c.state == "refused")
        .order_by(instance.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def find(connection: Connection, identity: int, *, lock: bool = False) -> Row | None:
    """One delivery."""
    statement = select(delivery).where(delivery.c.id == identity)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().first()
    return dict(row) if row else None


def page(
    connection: Connection, reach: Collection[int] | None, states: Sequence[str], ae_title: str, limit: int, offset: int
) -> tuple[int, list[Row]]:
    """The number of deliveries, and some of them with their studies: what waits and failed first, then the newest."""
    wanted: list[ColumnElement[bool]] = [delivery.c.state.in_(states)] if states else []
    if ae_title:
        wanted.append(delivery.c.ae_title == ae_title)
    if reach is not None:
        wanted.append(and_(study.c.facility_id.in_(reach), study.c.id.is_not(None)))
    source = delivery.outerjoin(study, study.c.study_instance_uid == delivery.c.subject).outerjoin(
        facility, facility.c.id == study.c.facility_id
    )
    total = connection.execute(select(func.count()).select_from(source).where(*wanted)).scalar_one()
    rank = case((delivery.c.state == "failed", 0), (delivery.c.state == "waiting", 1), else_=2)
    statement = (
        select(
            delivery,
            study.c.patient_name,
            study.c.patient_id,
            study.c.study_description,
            study.c.study_date,
            facility.c.code.label("facility_code"),
        )
        .select_from(source)
        .where(*wanted)
        .order_by(rank, delivery.c.updated_at.desc(), delivery.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return total, [dict(row) for row in connection.execute(statement).mappings()]


def states(connection: Connection, reach: Collection[int] | None) -> dict[str, int]:
    """How many deliveries, of some facilities or all, are in which state."""
    statement = select(delivery.c.state, func.count()).group_by(delivery.c.state)
    if reach is not None:
        reached = select(study.c.study_instance_uid).where(study.c.facility_id.in_(reach))
        statement = statement.where(delivery.c.subject.in_(reached))
    return {row[0]: row[1] for row in connection.execute(statement)}


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Let go of what was settled long ago, and of commitments asked for and never answered."""
    old = select(delivery.c.id).where(delivery.c.finished_at < before).limit(limit)
    gone = connection.execute(delete(delivery).where(delivery.c.id.in_(old.scalar_subquery()))).rowcount
    asked = select(asked_commitment.c.id).where(asked_commitment.c.asked_at < before).limit(limit)
    connection.execute(delete(asked_commitment).where(asked_commitment.c.id.in_(asked.scalar_subquery())))
    return gone


def study_is_quiet(connection: Connection, study_uid: str, since: datetime) -> bool:
    """Whether nothing was added to a study for a while."""
    changed = select(literal(1)).where(study.c.study_instance_uid == study_uid, study.c.updated_at >= since)
    return connection.execute(changed).first() is None


def held(connection: Connection, kind: str, subject: str, owner: str, now: datetime) -> Row | None:
    """A delivery that somebody holds and that is due."""
    statement = select(delivery).where(
        delivery.c.kind == kind,
        delivery.c.subject == subject,
        delivery.c.lease_owner == owner,
        delivery.c.state == "waiting",
        delivery.c.next_at <= now,
    )
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None


def extend(connection: Connection, owner: str, until: datetime) -> None:
    """Let somebody hold on to all that they hold."""
    connection.execute(update(delivery).where(delivery.c.lease_owner == owner).values(lease_until=until))
