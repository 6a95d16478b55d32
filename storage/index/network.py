"""Rows of the DICOM network: processes that serve it, associations they serve now, and what went wrong on it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.index.network_schema import dicom_process, live_association, network_finding
from storage.index.schema import facility


def count_finding(
    connection: Connection, times: int, now: datetime, one: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Count a finding again, or for the first time."""
    table = network_finding
    known = update(table).where(*(table.c[name] == value for name, value in one.items()))
    again = known.values(times=table.c.times + times, last_at=now, **values)
    if connection.execute(again).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(**one, **values, times=times, first_at=now, last_at=now))
    except IntegrityError:  # another process was quicker
        connection.execute(again)


def keep_newest_findings(connection: Connection, count: int) -> None:
    """Remove all but the latest findings."""
    if connection.execute(select(func.count()).select_from(network_finding)).scalar_one() <= count:
        return
    newest = select(network_finding.c.id).order_by(network_finding.c.last_at.desc(), network_finding.c.id.desc())
    connection.execute(delete(network_finding).where(network_finding.c.id.not_in(newest.limit(count))))


def findings(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The findings, the latest first."""
    ordered = select(network_finding).order_by(network_finding.c.last_at.desc(), network_finding.c.id.desc())
    return [dict(row) for row in connection.execute(ordered.limit(limit)).mappings()]


def remove_finding(connection: Connection, identity: int) -> bool:
    """Remove a finding; false if there was none."""
    return connection.execute(delete(network_finding).where(network_finding.c.id == identity)).rowcount > 0


def add_process(connection: Connection, **values: Any) -> int:
    """Add a process; its id."""
    added = connection.execute(insert(dicom_process).values(**values).returning(dicom_process.c.id))
    return int(added.scalar_one())


def see_process(connection: Connection, identity: int, now: datetime) -> bool:
    """Note that a process lives; false if its row is gone."""
    changed = update(dicom_process).where(dicom_process.c.id == identity).values(seen_at=now)
    return connection.execute(changed).rowcount > 0


def remove_process(connection: Connection, identity: int) -> None:
    """Remove a process and its associations."""
    connection.execute(delete(dicom_process).where(dicom_process.c.id == identity))


def remove_processes_unseen_since(connection: Connection, moment: datetime) -> None:
    """Remove the processes that have died."""
    connection.execute(delete(dicom_process).where(dicom_process.c.seen_at < moment))


def processes(connection: Connection, seen_since: datetime) -> list[dict[str, Any]]:
    """The processes that live, by host, port and age."""
    table = dicom_process
    living = select(table).where(table.c.seen_at >= seen_since)
    ordered = living.order_by(table.c.host, table.c.port, table.c.began_at, table.c.id)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def end_associations(connection: Connection, names: list[str]) -> None:
    """Remove associations that have ended."""
    connection.execute(delete(live_association).where(live_association.c.association.in_(names)))


def put_association(connection: Connection, values: Mapping[str, Any]) -> None:
    """Write how an association is now."""
    table = live_association
    changed = update(table).where(table.c.association == values["association"]).values(**values)
    if not connection.execute(changed).rowcount:
        connection.execute(insert(table).values(**values))


def associations(connection: Connection, seen_since: datetime) -> list[dict[str, Any]]:
    """The associations of the processes that live, the oldest first."""
    table, process = live_association, dicom_process
    found = (
        select(
            *(column for column in table.c if column.name not in {"id", "process_fk", "facility_id"}),
            facility.c.code.label("facility_code"),
            process.c.host,
            process.c.port,
            process.c.pid,
        )
        .join(process, process.c.id == table.c.process_fk)
        .join(facility, facility.c.id == table.c.facility_id)
        .where(process.c.seen_at >= seen_since)
        .order_by(table.c.began_at, table.c.id)
    )
    return [dict(row) for row in connection.execute(found).mappings()]
