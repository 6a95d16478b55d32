"""Rows of what is taken over from another archive's server."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from storage.index.import_schema import server_import, server_import_problem
from storage.index.instances import insert_or_ignore
from storage.index.schema import facility, instance

Row = dict[str, Any]

__all__ = ["Connection", "Row"]

_AT_ONCE = 500


def begin(connection: Connection, address: str, values: Mapping[str, Any]) -> Row:
    """The row of this server, made if there is none, locked."""
    connection.execute(insert_or_ignore(connection, server_import), {"address": address, **values})
    statement = select(server_import).where(server_import.c.address == address).with_for_update()
    return dict(connection.execute(statement).mappings().one())


def find(connection: Connection, identity: int, *, lock: bool = False) -> Row | None:
    """One of them."""
    statement = select(server_import).where(server_import.c.id == identity)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().first()
    return dict(row) if row else None


def change(
    connection: Connection, identity: int, values: Mapping[str, Any], added: Mapping[str, int] | None = None
) -> None:
    """Replace columns, and count others up."""
    counted = {name: server_import.c[name] + number for name, number in (added or {}).items()}
    connection.execute(update(server_import).where(server_import.c.id == identity).values(**values, **counted))


def everything(connection: Connection, limit: int) -> list[Row]:
    """All of them with their facilities, the newest first."""
    statement = (
        select(server_import, facility.c.code.label("facility_code"))
        .join(facility, facility.c.id == server_import.c.facility_id)
        .order_by(server_import.c.updated_at.desc(), server_import.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def note_problem(connection: Connection, identity: int, kind: str, subject: str, reason: str, at: datetime) -> None:
    """Write down what could not be had; what was said of it before is replaced."""
    settle_problem(connection, identity, kind, subject)
    row = {"server_import_fk": identity, "kind": kind, "subject": subject, "reason": reason, "noted_at": at}
    connection.execute(insert_or_ignore(connection, server_import_problem), row)


def settle_problem(connection: Connection, identity: int, kind: str, subject: str) -> None:
    """It could be had after all."""
    connection.execute(
        delete(server_import_problem).where(
            server_import_problem.c.server_import_fk == identity,
            server_import_problem.c.kind == kind,
            server_import_problem.c.subject == subject,
        )
    )


def problems(connection: Connection, identity: int, limit: int) -> list[Row]:
    """What could not be had, the oldest first."""
    statement = (
        select(server_import_problem)
        .where(server_import_problem.c.server_import_fk == identity)
        .order_by(server_import_problem.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def problem_counts(connection: Connection) -> dict[tuple[int, str], int]:
    """How many of each kind there are, by server."""
    columns = (server_import_problem.c.server_import_fk, server_import_problem.c.kind)
    statement = select(*columns, func.count()).group_by(*columns)
    return {(row[0], row[1]): row[2] for row in connection.execute(statement)}


def present(connection: Connection, sop_instance_uids: Sequence[str]) -> set[str]:
    """Which of these instances are kept here."""
    found: set[str] = set()
    for start in range(0, len(sop_instance_uids), _AT_ONCE):
        some = sop_instance_uids[start : start + _AT_ONCE]
        found.update(
            connection.execute(
                select(instance.c.sop_instance_uid).where(instance.c.sop_instance_uid.in_(some))
            ).scalars()
        )
    return found
