"""Rows of the accounts, with the count of failed sign-ins."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.index.schema import account, account_facility, facility


def by_name(connection: Connection, name: str) -> dict[str, Any] | None:
    """The account of this name."""
    row = connection.execute(select(account).where(account.c.name == name)).mappings().first()
    return dict(row) if row else None


def everything(connection: Connection) -> list[dict[str, Any]]:
    """All accounts, by name."""
    return [dict(row) for row in connection.execute(select(account).order_by(account.c.name)).mappings()]


def facilities_of(connection: Connection, account_id: int) -> list[dict[str, Any]]:
    """The facilities an account is limited to, by code."""
    statement = (
        select(facility)
        .join(account_facility, account_facility.c.facility_id == facility.c.id)
        .where(account_facility.c.account_fk == account_id)
        .order_by(facility.c.code)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def add(connection: Connection, facility_ids: Iterable[int], **values: Any) -> bool:
    """Add an account and its facilities; false if the name is taken."""
    try:
        with connection.begin_nested():
            account_id = connection.execute(insert(account).values(**values).returning(account.c.id)).scalar_one()
            for facility_id in facility_ids:
                connection.execute(insert(account_facility).values(account_fk=account_id, facility_id=facility_id))
    except IntegrityError:
        return False
    return True


def change(connection: Connection, account_id: int, **values: Any) -> None:
    """Set columns of an account."""
    connection.execute(update(account).where(account.c.id == account_id).values(**values))


def count_attempt(
    connection: Connection, account_id: int, seen: int, failures: int, locked_until: datetime | None
) -> bool:
    """Set the count of failures; false if another attempt was counted since ``seen`` was read."""
    statement = (
        update(account)
        .where(account.c.id == account_id, account.c.failed_attempts == seen)
        .values(failed_attempts=failures, locked_until=locked_until)
    )
    return connection.execute(statement).rowcount == 1
