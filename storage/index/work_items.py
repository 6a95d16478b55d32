"""Work items, who subscribed to them, and event reports that wait to be fetched, as SQL."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from storage.index.instances import insert_or_ignore
from storage.index.work_schema import work_item, work_item_event, work_item_subscription

Row = dict[str, Any]

__all__ = ["Connection", "Row"]

_PAGE = 500


def add(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Add a work item; false when its UID is taken."""
    made = connection.execute(insert_or_ignore(connection, work_item).returning(work_item.c.id), values).scalar()
    return made is not None


def find(connection: Connection, uid: str, *, lock: bool = False) -> Row | None:
    """The work item of this UID; with ``lock`` nobody else changes it until the transaction ends."""
    statement = select(work_item).where(work_item.c.sop_instance_uid == uid)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().first()
    return dict(row) if row else None


def change(connection: Connection, identity: int, values: Mapping[str, Any]) -> None:
    """Replace columns of a work item."""
    connection.execute(update(work_item).where(work_item.c.id == identity).values(**values))


def walk(
    connection: Connection,
    facilities: frozenset[int] | None,
    equal: Mapping[str, Sequence[str]],
    scheduled: tuple[str, str] | None,
) -> Iterator[Row]:
    """The work items of some facilities or all, by the time they are scheduled; each is to be looked at closer.

    ``equal``: columns that must have one of some values. ``scheduled``: the earliest and latest time; empty: open.
    """
    statement = select(work_item).order_by(work_item.c.scheduled_at, work_item.c.id).limit(_PAGE)
    if facilities is not None:
        statement = statement.where(work_item.c.facility_id.in_(facilities))
    for column, values in equal.items():
        statement = statement.where(work_item.c[column].in_(values))
    if scheduled is not None:
        low, high = scheduled
        if low:
            statement = statement.where(work_item.c.scheduled_at >= low)
        if high:
            statement = statement.where(work_item.c.scheduled_at <= high)
    page = [dict(row) for row in connection.execute(statement).mappings()]
    while page:
        yield from page
        last = page[-1]
        behind = or_(
            work_item.c.scheduled_at > last["scheduled_at"],
            and_(work_item.c.scheduled_at == last["scheduled_at"], work_item.c.id > last["id"]),
        )
        page = [dict(row) for row in connection.execute(statement.where(behind)).mappings()]


def subscribe(connection: Connection, values: Mapping[str, Any]) -> None:
    """Add a subscription, or replace the one of the same subscriber and target."""
    unsubscribe(connection, values["subscriber"], values["target_uid"])
    connection.execute(insert(work_item_subscription).values(**values))


def subscription(connection: Connection, subscriber: str, target_uid: str) -> Row | None:
    """One subscription."""
    statement = select(work_item_subscription).where(
        work_item_subscription.c.subscriber == subscriber, work_item_subscription.c.target_uid == target_uid
    )
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None


def restrict(connection: Connection, identity: int, condition: str) -> None:
    """Replace the filter of a subscription."""
    statement = update(work_item_subscription).where(work_item_subscription.c.id == identity)
    connection.execute(statement.values(filter=condition))


def unsubscribe(connection: Connection, subscriber: str, target_uid: str) -> bool:
    """Remove a subscription, if there is one."""
    statement = delete(work_item_subscription).where(
        work_item_subscription.c.subscriber == subscriber, work_item_subscription.c.target_uid == target_uid
    )
    return connection.execute(statement).rowcount > 0


def subscriptions(connection: Connection, targets: Sequence[str]) -> list[Row]:
    """All subscriptions to these targets."""
    statement = select(work_item_subscription).where(work_item_subscription.c.target_uid.in_(targets))
    return [dict(row) for row in connection.execute(statement.order_by(work_item_subscription.c.id)).mappings()]


def post(connection: Connection, events: Sequence[Mapping[str, Any]]) -> None:
    """Leave event reports for their subscribers."""
    if events:
        connection.execute(insert(work_item_event), list(events))


def waiting(connection: Connection, subscriber: str, limit: int) -> list[Row]:
    """Event reports that wait for a subscriber, oldest first."""
    statement = select(work_item_event).where(work_item_event.c.subscriber == subscriber)
    return [dict(row) for row in connection.execute(statement.order_by(work_item_event.c.id).limit(limit)).mappings()]


def delivered(connection: Connection, identities: Sequence[int]) -> None:
    """Remove event reports that were sent."""
    connection.execute(delete(work_item_event).where(work_item_event.c.id.in_(identities)))


def forget_events(connection: Connection, before: datetime) -> int:
    """Remove event reports that nobody fetched."""
    return connection.execute(delete(work_item_event).where(work_item_event.c.at < before)).rowcount
