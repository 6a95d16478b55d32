"""The chain of the audit trail, as SQL: what has no place in it yet, its lines in their order, its head."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from storage.index.audit_chain_schema import audit_chain
from storage.index.instances import insert_or_ignore
from storage.index.schema import audit_event

__all__ = ["Connection", "Head"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Head:
    """Where the chain ends, where what is kept of it begins, and how far it is told of outside the database."""

    id: int
    chain: str
    position: int
    hash: str
    sealed_at: datetime
    base_position: int
    base_hash: str
    anchored_position: int
    anchored_at: datetime | None
    kept_at: datetime | None


def head(connection: Connection, *, lock: bool = False) -> Head | None:
    """The head; with ``lock`` nobody else seals until the transaction ends."""
    statement = select(audit_chain).where(audit_chain.c.id == 1)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().first()
    return Head(**row) if row else None


def begin(connection: Connection, values: Mapping[str, Any]) -> None:
    """Make the head, unless there is one."""
    connection.execute(insert_or_ignore(connection, audit_chain), {"id": 1, **values})


def change(connection: Connection, **values: Any) -> None:
    """Replace columns of the head."""
    connection.execute(update(audit_chain).where(audit_chain.c.id == 1).values(**values))


def unsealed(connection: Connection, limit: int) -> list[Row]:
    """Events that have no place in the chain yet, by id."""
    statement = select(audit_event).where(audit_event.c.position.is_(None)).order_by(audit_event.c.id).limit(limit)
    return [dict(row) for row in connection.execute(statement).mappings()]


def waiting(connection: Connection) -> tuple[int, datetime | None]:
    """How many events have no place in the chain yet, and when the oldest of them happened."""
    statement = select(func.count(), func.min(audit_event.c.at)).where(audit_event.c.position.is_(None))
    number, oldest = connection.execute(statement).one()
    return int(number), oldest


def seal(connection: Connection, lines: Sequence[Mapping[str, Any]]) -> None:
    """Give events their place: each line is ``id``, ``position``, ``previous_hash``, ``hash``, ``sealed_at``."""
    names = ("position", "previous_hash", "hash", "sealed_at")
    statement = update(audit_event).where(audit_event.c.id == bindparam("line"))
    statement = statement.values({name: bindparam(f"new_{name}") for name in names})
    connection.execute(
        statement, [{"line": one["id"], **{f"new_{name}": one[name] for name in names}} for one in lines]
    )


def lines(connection: Connection, after: int, limit: int, until: int | None = None) -> list[Row]:
    """Lines after a position, in the order of the chain."""
    statement = select(audit_event).where(audit_event.c.position > after)
    if until is not None:
        statement = statement.where(audit_event.c.position <= until)
    statement = statement.order_by(audit_event.c.position).limit(limit)
    return [dict(row) for row in connection.execute(statement).mappings()]


def hashes(connection: Connection, positions: Collection[int]) -> dict[int, str]:
    """The hashes of lines by their positions; those that are not there are left out."""
    found: dict[int, str] = {}
    for some in _in_pages(sorted(positions)):
        statement = select(audit_event.c.position, audit_event.c.hash).where(audit_event.c.position.in_(some))
        found.update((row.position, row.hash) for row in connection.execute(statement))
    return found


def remove_until(connection: Connection, position: int) -> int:
    """Remove the lines up to a position; gives how many there were."""
    return connection.execute(delete(audit_event).where(audit_event.c.position <= position)).rowcount


def _in_pages(positions: Sequence[int], page: int = 500) -> Iterator[Sequence[int]]:
    for start in range(0, len(positions), page):
        yield positions[start : start + page]
