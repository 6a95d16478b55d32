"""Storage commitment: promised is what was read from the object store and hashed, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from pydicom.uid import CTImageStorage, MRImageStorage
from sqlalchemy import select, update

from storage.access.principal import Action, Principal, Role
from storage.archive import Archive, commitment
from storage.archive.commitment import Forgotten, Reference, Result
from storage.archive.receipt import study_receipt
from storage.archive.upload import upload_pending
from storage.errors import Forbidden, InvalidRequest, NotFound, WrongState
from storage.index import schema, work_schema
from tests.storage.samples import ct, keep, uid

CT = Principal("ae", "CT1", facilities=frozenset({1}), rights=frozenset({Action.STORE}))
READER = Principal("user", "an", frozenset({Role.REFERRER}), frozenset({1}))
ADMIN = Principal("user", "binh", frozenset({Role.ADMIN}), None)


def stock(archive: Archive) -> None:
    for number in (1, 2, 3):
        keep(archive, ct("a", number=number))
    keep(archive, ct("b"), facility_id=2)
    upload_pending(archive)


def named(number: int, sop_class: str = CTImageStorage) -> Reference:
    return Reference(sop_class=sop_class, instance=uid("a", 1, number))


def ask(archive: Archive, transaction: str, *references: Reference) -> Result:
    commitment.request(archive, transaction, references, CT)
    assert not commitment.result(archive, transaction, CT).done
    commitment.work_off(archive)
    return commitment.result(archive, transaction, CT)


def committed(archive: Archive) -> int:
    return study_receipt(archive, uid("a"), ADMIN).progress.committed.instances


def test_what_is_in_the_store_is_committed_and_counted(archive: Archive) -> None:
    stock(archive)
    found = ask(archive, "1.1", named(1), named(2))
    assert (found.done, found.failed) == (True, ())
    assert [one.instance for one in found.committed] == [uid("a", 1, 1), uid("a", 1, 2)]
    assert committed(archive) == 2
    assert commitment.work_off(archive) == 0


def test_a_study_is_committed_whole(archive: Archive) -> None:
    stock(archive)
    found = ask(archive, "1.1", Reference(uid("a")))
    assert found.by_study
    assert [(one.study, one.series, one.sop_class) for one in found.committed] == [
        (uid("a"), uid("a", 1), CTImageStorage)
    ] * 3
    assert committed(archive) == 3


def test_each_failure_is_named_with_its_reason(archive: Archive) -> None:
    stock(archive)
    with archive.index.read() as connection:
        key = connection.scalar(
            select(schema.instance.c.object_key).where(schema.instance.c.sop_instance_uid == uid("a", 1, 2))
        )
    path = archive.objects.path(str(key))
    assert path is not None
    path.chmod(0o600)
    damaged = bytearray(path.read_bytes())
    damaged[-3] ^= 1
    path.write_bytes(damaged)
    found = ask(
        archive,
        "1.1",
        named(1),
        named(2),
        named(3, MRImageStorage),
        Reference(instance=uid("never")),
        Reference(instance=uid("b", 1, 1)),
        Reference(uid("other"), "", "", uid("a", 1, 1)),
    )
    assert [one.instance for one in found.committed] == [uid("a", 1, 1)]
    assert [reason for _, reason in found.failed] == [0x0110, 0x0119, 0x0112, 0x0112, 0x0112]
    with archive.index.read() as connection:
        assert connection.scalars(select(schema.damage.c.kind)).all() == ["content"]
    assert committed(archive) == 1


def test_what_waits_in_the_spool_is_waited_for(archive: Archive) -> None:
    keep(archive, ct("a"))
    assert not ask(archive, "1.1", named(1)).done
    upload_pending(archive)
    commitment.work_off(archive)
    assert len(commitment.result(archive, "1.1", CT).committed) == 1


def test_waiting_has_an_end_and_so_has_keeping_the_result(archive: Archive) -> None:
    keep(archive, ct("a"))
    commitment.request(archive, "1.1", [named(1)], CT)
    table = work_schema.commitment
    with archive.index.write() as connection:
        connection.execute(update(table).values(requested_at=datetime.now(UTC) - timedelta(hours=25)))
    commitment.work_off(archive)
    assert [reason for _, reason in commitment.result(archive, "1.1", CT).failed] == [0x0213]
    assert commitment.forget_old(archive) == 0
    with archive.index.write() as connection:
        connection.execute(update(table).values(finished_at=datetime.now(UTC) - timedelta(days=91)))
    assert (commitment.forget_old(archive), commitment.forget_old(archive)) == (1, 0)
    with pytest.raises(Forgotten):
        commitment.result(archive, "1.1", CT)


def test_who_may_ask_and_who_may_know(archive: Archive) -> None:
    stock(archive)
    with pytest.raises(Forbidden):
        commitment.request(archive, "1.1", [named(1)], READER)
    ask(archive, "1.1", named(1))
    with pytest.raises(WrongState):
        commitment.request(archive, "1.1", [named(2)], CT)
    with pytest.raises(NotFound):
        commitment.result(archive, "1.1", Principal("ae", "CT2", rights=frozenset({Action.STORE})))
    assert commitment.result(archive, "1.1", ADMIN).done


@pytest.mark.parametrize("references", [[], [Reference()], [Reference(instance="a b")]])
def test_a_request_must_name_something(archive: Archive, references: list[Reference]) -> None:
    with pytest.raises(InvalidRequest):
        commitment.request(archive, "1.1", references, CT)
