"""Use case: who is told of work items: of one, of all, of those that meet a filter (PS3.4 §CC.2.3, PS3.18 §11.10)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.work_item_row import decode, readable
from storage.dicom import work_item as rules
from storage.dicom.work_item import FILTERED_UID, GLOBAL_UID, DicomJson, Event, State
from storage.dicom.work_item_matching import Tree, matches, tree_of
from storage.errors import InvalidRequest, NotFound
from storage.index import work_items as rows

# An event report that nobody fetches is kept so long.
KEPT = timedelta(days=1)
_TOLD_AT_FIRST = 10_000


def subscriber_of(principal: Principal, ae_title: str) -> str:
    """The key under which a subscriber's events wait: nobody else gets them by using the same AE title.

    Raises:
        InvalidRequest: the AE title is malformed (PS3.5 §6.2, AE).
    """
    if not 0 < len(ae_title.strip()) <= 16 or not ae_title.isascii() or not ae_title.isprintable() or "\\" in ae_title:
        raise InvalidRequest("An AE title has 1 to 16 printable characters.")
    return hashlib.sha256("\0".join((principal.kind, principal.name, ae_title.strip())).encode()).hexdigest()


def subscribe(
    archive: Archive,
    target_uid: str,
    ae_title: str,
    principal: Principal,
    *,
    keys: Mapping[str, str] | None = None,
    deletion_lock: bool = False,
) -> None:
    """Subscribe to a work item, or by a well-known UID to all, or to those that meet ``keys``.

    What is there already is reported at once.

    Raises:
        NotFound: there is no such work item.
        InvalidRequest: the AE title is malformed, or a filter is missing or not expected.
        InvalidQuery: the filter cannot be understood.
        Forbidden: the principal may not search, or the work item is out of its reach.
    """
    permission.may_anywhere(principal, Action.SEARCH)
    subscriber = subscriber_of(principal, ae_title)
    if (target_uid == FILTERED_UID) != bool(keys):
        raise InvalidRequest("The filtered worklist, and it alone, is subscribed to with a filter.")
    tree = tree_of(keys or {})
    reach = permission.reach(principal)
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> None:
        if target_uid in (GLOBAL_UID, FILTERED_UID):
            found = _unfinished(connection, reach, tree)
        else:
            found = [decode(readable(connection, target_uid, principal, Action.SEARCH))]
        rows.subscribe(
            connection,
            {
                "subscriber": subscriber,
                "target_uid": target_uid,
                "deletion_lock": deletion_lock,
                "filter": json.dumps({"keys": dict(keys)}) if keys else "",
                "facilities": "" if reach is None else json.dumps(sorted(reach)),
                "created_at": now,
            },
        )
        reports = [rules.report(rules.text(one, rules.SOP_INSTANCE), Event.STATE_REPORT, one) for one in found]
        rows.post(connection, [_event(subscriber, one, now) for one in reports])
        detail: audit.Detail = {"act": "subscribed to work items", "target": target_uid, "ae_title": ae_title}
        audit.record(connection, principal, Action.SEARCH, detail=detail)

    archive.index.in_transaction(work, durable=True)


def unsubscribe(archive: Archive, target_uid: str, ae_title: str, principal: Principal) -> None:
    """End a subscription.

    Raises:
        NotFound: there is none.
    """
    subscriber = subscriber_of(principal, ae_title)

    def work(connection: rows.Connection) -> None:
        if not rows.unsubscribe(connection, subscriber, target_uid):
            raise NotFound("There is no such subscription.")

    archive.index.in_transaction(work, durable=True)


def suspend(archive: Archive, target_uid: str, ae_title: str, principal: Principal) -> None:
    """Hear no longer of new work items, but still of those that are there (PS3.18 §11.12).

    Raises:
        InvalidRequest: the target is a single work item.
        NotFound: there is no such subscription.
    """
    if target_uid not in (GLOBAL_UID, FILTERED_UID):
        raise InvalidRequest("Only a subscription to the worklist can be suspended.")
    subscriber = subscriber_of(principal, ae_title)

    def work(connection: rows.Connection) -> None:
        row = rows.subscription(connection, subscriber, target_uid)
        if row is None:
            raise NotFound("There is no such subscription.")
        condition = json.loads(row["filter"] or "{}")
        condition.setdefault("until", datetime.now(UTC).isoformat())
        rows.restrict(connection, row["id"], json.dumps(condition))

    archive.index.in_transaction(work, durable=True)


def notify(
    connection: rows.Connection,
    uid: str,
    facility_id: int,
    made: DicomJson,
    reports: Sequence[DicomJson],
    now: datetime,
) -> None:
    """Leave event reports for all who subscribed to this work item, in the transaction of what is reported."""
    told: dict[str, None] = {}
    created_at: datetime | None = None
    for row in rows.subscriptions(connection, [uid, GLOBAL_UID, FILTERED_UID]):
        if row["facilities"] and facility_id not in json.loads(row["facilities"]):
            continue
        condition = json.loads(row["filter"] or "{}")
        if "until" in condition:
            if created_at is None:
                item = rows.find(connection, uid)
                created_at = item["created_at"] if item is not None else now
            if created_at > datetime.fromisoformat(condition["until"]):
                continue
        if "keys" in condition and not _meets(made, condition["keys"]):
            continue
        told[row["subscriber"]] = None
    rows.post(connection, [_event(subscriber, one, now) for subscriber in told for one in reports])


def take(archive: Archive, subscriber: str, limit: int = 100) -> tuple[list[int], list[str]]:
    """Event reports that wait for a subscriber, oldest first: their numbers, and each as JSON text."""
    with archive.index.read() as connection:
        found = rows.waiting(connection, subscriber, limit)
    return [row["id"] for row in found], [row["report"] for row in found]


def delivered(archive: Archive, numbers: Sequence[int]) -> None:
    """Say that event reports have been sent."""
    archive.index.in_transaction(lambda connection: rows.delivered(connection, numbers))


def forget_events(archive: Archive) -> int:
    """Remove event reports that nobody has fetched for a day."""
    before = datetime.now(UTC) - KEPT
    return archive.index.in_transaction(lambda connection: rows.forget_events(connection, before))


def _unfinished(connection: rows.Connection, reach: frozenset[int] | None, tree: Tree) -> list[DicomJson]:
    """The first of the work items that are not final and meet the keys."""
    alive = {"state": [State.SCHEDULED.value, State.IN_PROGRESS.value]}
    found = (decode(row) for row in rows.walk(connection, reach, alive, None))
    return list(islice((one for one in found if matches(one, tree)), _TOLD_AT_FIRST))


def _meets(made: DicomJson, keys: Mapping[str, str]) -> bool:
    return matches(made, tree_of(keys))


def _event(subscriber: str, report: DicomJson, now: datetime) -> dict[str, Any]:
    return {"subscriber": subscriber, "at": now, "report": orjson.dumps(report).decode()}
