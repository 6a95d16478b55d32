"""Rows of the studies that each person has opened."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, select

from storage.index.instances import insert_or_ignore
from storage.index.opening_schema import opened_study
from storage.index.schema import account, study

__all__ = ["Connection"]


def note(connection: Connection, account_name: str, study_id: int, at: datetime) -> None:
    """Note that somebody has opened a study; the first time counts."""
    account_fk = connection.execute(select(account.c.id).where(account.c.name == account_name)).scalar()
    if account_fk is not None:
        row = {"account_fk": account_fk, "study_fk": study_id, "opened_at": at}
        connection.execute(insert_or_ignore(connection, opened_study), row)


def of(connection: Connection, account_name: str, study_ids: Collection[int]) -> set[int]:
    """Which of these studies somebody has opened."""
    statement = (
        select(opened_study.c.study_fk)
        .join(account, account.c.id == opened_study.c.account_fk)
        .where(account.c.name == account_name, opened_study.c.study_fk.in_(study_ids))
    )
    return set(connection.execute(statement).scalars())


def opened_by(account_name: str) -> ColumnElement[bool]:
    """The condition that somebody has opened the study."""
    number = select(account.c.id).where(account.c.name == account_name).scalar_subquery()
    return exists().where(opened_study.c.study_fk == study.c.id, opened_study.c.account_fk == number)
