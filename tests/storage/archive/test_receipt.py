"""The receipt of a study: what was received, is in the object store, and was committed, and when."""

import pytest
from sqlalchemy import func, select, update

from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.archive import Archive
from storage.archive.receipt import study_receipt
from storage.archive.upload import upload_pending
from storage.errors import Forbidden, NotFound
from storage.index import receipts, schema
from tests.storage.samples import ct, keep, uid

HERE = Principal("user", "an", frozenset({Role.REFERRER}), frozenset({1}))
STRANGER = Principal("ae", "CT1", facilities=frozenset({1}), rights=frozenset({Action.STORE}))


def _stock(archive: Archive) -> None:
    for number in (1, 2, 3):
        keep(archive, ct("a", number=number))
    keep(archive, ct("a", series=2))
    keep(archive, ct("other"), facility_id=2)


def test_what_was_received_is_durable_and_waits_for_the_object_store(archive: Archive) -> None:
    _stock(archive)
    found = study_receipt(archive, uid("a"), HERE)
    with archive.index.read() as connection:
        size = connection.scalar(select(func.sum(schema.instance.c.size)).where(schema.instance.c.facility_id == 1))
    assert (found.progress.received.instances, found.progress.received.bytes) == (4, size)
    assert found.progress.durable == found.progress.received
    first, last = found.progress.received.first_at, found.progress.received.last_at
    assert first is not None
    assert last is not None
    assert first.tzinfo is not None
    assert first <= last
    assert (found.progress.stored.instances, found.progress.stored.bytes) == (0, 0)
    assert (found.progress.stored.first_at, found.progress.committed.last_at) == (None, None)
    assert not found.progress.settled
    assert [(series, part.received.instances) for series, part in found.series] == [(uid("a", 1), 3), (uid("a", 2), 1)]


def test_uploads_and_commitment_are_counted_one_by_one(archive: Archive) -> None:
    _stock(archive)
    upload_pending(archive, limit=3)
    found = study_receipt(archive, uid("a"), HERE)
    assert (found.progress.received.instances, found.progress.stored.instances) == (4, 3)
    assert {series: part.settled for series, part in found.series} == {uid("a", 1): True, uid("a", 2): False}
    upload_pending(archive)
    with archive.index.write() as connection:
        stored = select(schema.instance.c.stored_at).where(schema.instance.c.sop_instance_uid == uid("a", 2, 1))
        at = connection.scalar(stored)
        connection.execute(
            update(schema.instance).where(schema.instance.c.sop_instance_uid == uid("a", 2, 1)).values(committed_at=at)
        )
    found = study_receipt(archive, uid("a"), HERE)
    assert found.progress.settled
    assert found.progress.stored.bytes == found.progress.received.bytes
    assert (found.progress.committed.instances, found.progress.committed.last_at) == (1, at)


def test_who_sent_it(archive: Archive) -> None:
    _stock(archive)
    with archive.index.write() as connection:
        connection.execute(
            update(schema.instance)
            .where(schema.instance.c.sop_instance_uid.in_([uid("a", 1, 1), uid("a", 2, 1)]))
            .values(source_ae_title="CT_2")
        )
    found = study_receipt(archive, uid("a"), HERE)
    counts = {one.ae_title: one.instances for one in found.senders}
    assert counts["CT_2"] == 2
    assert sum(counts.values()) == 4


def test_only_who_may_view_the_study(archive: Archive) -> None:
    _stock(archive)
    with pytest.raises(NotFound):
        study_receipt(archive, "1.2.3.404", SYSTEM)
    with pytest.raises(Forbidden):
        study_receipt(archive, uid("other"), HERE)
    with pytest.raises(Forbidden):
        study_receipt(archive, uid("a"), STRANGER)
    with archive.index.read() as connection:
        audited = select(schema.audit_event.c.actor, schema.audit_event.c.outcome).where(
            schema.audit_event.c.action == "view"
        )
        noted = {(row.actor, row.outcome) for row in connection.execute(audited)}
    assert noted == {("an", "refused"), ("CT1", "refused")}


def test_what_came_of_late(archive: Archive) -> None:
    with archive.index.read() as connection:
        assert receipts.last_received_at(connection) is None
    _stock(archive)
    with archive.index.read() as connection:
        newest = receipts.last_received_at(connection)
        assert newest is not None
        assert receipts.recent(connection, newest)["instances"] == 1
        everything = receipts.recent(connection, newest.replace(year=2020))
        assert everything["instances"] == 5
        assert everything["bytes"] > 5 * 400
        assert everything["first_at"] < newest
