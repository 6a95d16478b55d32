"""Rows of what people have set for themselves."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.index.instances import insert_or_ignore
from storage.index.preference_schema import preference
from storage.index.schema import account

__all__ = ["Connection"]


def find(connection: Connection, account_name: str, name: str) -> str | None:
    """The document of an account under a name."""
    statement = (
        select(preference.c.document)
        .join(account, account.c.id == preference.c.account_fk)
        .where(account.c.name == account_name, preference.c.name == name)
    )
    found: str | None = connection.execute(statement).scalar()
    return found


def put(connection: Connection, account_name: str, name: str, document: str, now: datetime) -> bool:
    """Set the document of an account under a name; false when there is no such account."""
    account_fk = connection.execute(select(account.c.id).where(account.c.name == account_name)).scalar()
    if account_fk is None:
        return False
    mine = (preference.c.account_fk == account_fk, preference.c.name == name)
    values = {"document": document, "changed_at": now}
    if connection.execute(preference.update().where(*mine).values(**values)).rowcount == 0:
        row = {"account_fk": account_fk, "name": name, **values}
        # PostgreSQL does not always count what it inserted so: setting the same once more does no harm.
        if connection.execute(insert_or_ignore(connection, preference), row).rowcount != 1:
            connection.execute(preference.update().where(*mine).values(**values))
    return True


def remove(connection: Connection, account_name: str, name: str) -> None:
    """Forget the document of an account under a name."""
    account_fk = select(account.c.id).where(account.c.name == account_name).scalar_subquery()
    connection.execute(delete(preference).where(preference.c.account_fk == account_fk, preference.c.name == name))
