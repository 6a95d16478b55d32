"""Removing, undoing and erasing: who may, what is told afterwards, and that no byte in use is lost."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from storage.access import audit
from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.archive import Archive, hold, retrieve
from storage.archive.reconcile import reconcile
from storage.archive.removal import Removal, Target, erase_due, newest, remove, undo
from storage.archive.scrub import Scrub, scrub
from storage.archive.series_document import document
from storage.archive.upload import upload_pending
from storage.errors import Forbidden, Gone, InvalidRequest, NotFound, WrongState
from storage.index import schema, work_schema
from tests.storage.samples import ct, keep, uid

ADMIN = Principal("user", "an", frozenset({Role.ADMIN}), frozenset({1}))
READER = Principal("user", "binh", frozenset({Role.RADIOLOGIST}), None)
STUDY, SERIES, INSTANCE = uid("a"), uid("a", 1), uid("a", 1, 1)


@pytest.fixture
def stocked(archive: Archive) -> Archive:
    """Two series of study a, two slices each, and one of study b; all in the object store; deleting is allowed."""
    archive.settings.deletion = "administrators"
    for series in (1, 2):
        for number in (1, 2):
            keep(archive, ct("a", series, number, Modality="CT" if series == 1 else "MR"))
    keep(archive, ct("b"))
    assert upload_pending(archive) == 5
    return archive


def keys(archive: Archive) -> set[str]:
    return {head.key for head in archive.objects.keys("instances/")}


def study_row(archive: Archive, study: str = STUDY) -> tuple[int, int, str] | None:
    with archive.index.read() as connection:
        row = connection.execute(
            select(
                schema.study.c.number_of_series, schema.study.c.number_of_instances, schema.study.c.modalities_in_study
            ).where(schema.study.c.study_instance_uid == study)
        ).first()
    return tuple(row) if row else None


def pass_time(archive: Archive) -> None:
    """Let every grace period end."""
    with archive.index.write() as connection:
        table = work_schema.removed_object
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(update(table).where(table.c.erase_after.is_not(None)).values(erase_after=past))
        connection.execute(update(work_schema.removal).values(erase_after=past))


def erase_all(archive: Archive) -> None:
    while erase_due(archive):
        pass


def gone(archive: Archive, study: str, series: str | None = None, instance: str | None = None) -> bool:
    with pytest.raises(NotFound) as told:
        retrieve.instances(archive, study, series, instance)
    return isinstance(told.value, Gone)


def test_a_study_is_gone_and_the_others_stay(stocked: Archive) -> None:
    before = keys(stocked)
    made = remove(stocked, Target(STUDY), ADMIN, "wrong-patient", "ticket 7")
    assert (made.instances, made.bytes > 0) == (4, True)
    assert study_row(stocked) is None
    assert study_row(stocked, uid("b")) == (1, 1, "CT")
    assert gone(stocked, STUDY)
    assert gone(stocked, STUDY, SERIES)
    assert gone(stocked, STUDY, SERIES, INSTANCE)
    assert not gone(stocked, STUDY, SERIES, uid("never"))
    assert not gone(stocked, uid("never"))
    with pytest.raises(Gone, match=r"deleted on \d{4}-\d\d-\d\d because it was of another patient"):
        document(stocked, STUDY, SERIES)
    assert keys(stocked) == before, "objects stay until the grace period is over"
    with pytest.raises(Gone):
        remove(stocked, Target(STUDY), ADMIN)


def test_a_series_and_an_instance_are_counted_out(stocked: Archive) -> None:
    document(stocked, STUDY, SERIES)
    remove(stocked, Target(STUDY, SERIES, INSTANCE), ADMIN)
    assert study_row(stocked) == (2, 3, "CT\\MR")
    assert gone(stocked, STUDY, SERIES, INSTANCE)
    assert len(retrieve.instances(stocked, STUDY, SERIES)) == 1
    assert INSTANCE.encode() not in gzip.decompress(document(stocked, STUDY, SERIES).gzip_body)
    remove(stocked, Target(STUDY, uid("a", 2)), ADMIN)
    assert study_row(stocked) == (1, 1, "CT")
    assert gone(stocked, STUDY, uid("a", 2))
    remove(stocked, Target(STUDY, SERIES, uid("a", 1, 2)), ADMIN)
    assert study_row(stocked) is None


def test_bytes_are_erased_after_the_grace_period_and_only_those(stocked: Archive) -> None:
    document(stocked, STUDY, SERIES)
    derived = {head.key for head in stocked.objects.keys("derived/")}
    remove(stocked, Target(STUDY), ADMIN)
    erase_all(stocked)
    assert len(keys(stocked)) == 5
    assert not derived & {head.key for head in stocked.objects.keys("derived/")}, "what is derived goes at once"
    pass_time(stocked)
    erase_all(stocked)
    assert len(keys(stocked)) == 1
    assert gone(stocked, STUDY), "it is gone for good"
    with pytest.raises(WrongState):
        undo(stocked, newest(stocked, ADMIN)[0]["id"], ADMIN)


def test_undone_it_is_there_as_it_was(stocked: Archive) -> None:
    before = {row.sop_instance_uid: row.dataset_sha256 for row in retrieve.instances(stocked, STUDY)}
    made = remove(stocked, Target(STUDY), ADMIN)
    assert undo(stocked, made.number, ADMIN) == 4
    assert {row.sop_instance_uid: row.dataset_sha256 for row in retrieve.instances(stocked, STUDY)} == before
    assert study_row(stocked) == (2, 4, "CT\\MR")
    pass_time(stocked)
    erase_all(stocked)
    assert len(keys(stocked)) == 5
    with pytest.raises(WrongState):
        undo(stocked, made.number, ADMIN)


def test_received_again_it_is_kept_and_its_bytes_are_not_erased(stocked: Archive) -> None:
    remove(stocked, Target(STUDY), ADMIN)
    assert not keep(stocked, ct("a")).duplicate
    upload_pending(stocked)
    pass_time(stocked)
    erase_all(stocked)
    (row,) = retrieve.instances(stocked, STUDY)
    assert row.location == "object"
    assert len(retrieve.open_instance(stocked, row).read()) == row.size
    assert gone(stocked, STUDY, uid("a", 2)), "what did not come again stays gone"
    assert gone(stocked, STUDY, SERIES, uid("a", 1, 2))


def test_nobody_deletes_by_default_and_administrators_where_it_is_allowed(stocked: Archive) -> None:
    for principal, policy in (
        (ADMIN, "deny"),
        (READER, "administrators"),
        (Principal("user", "c", frozenset({Role.ADMIN}), frozenset({2})), "administrators"),
    ):
        stocked.settings.deletion = policy  # type: ignore[assignment]
        with pytest.raises(Forbidden):
            remove(stocked, Target(STUDY), principal)
    with stocked.index.read() as connection:
        told = audit.events(connection, study_instance_uid=STUDY)
    assert [(event.action, event.outcome) for event in told if event.action == Action.DELETE] == [
        ("delete", "refused")
    ] * 3
    assert study_row(stocked) == (2, 4, "CT\\MR")


def test_a_hold_overrides_everybody_until_it_is_released(stocked: Archive) -> None:
    number = hold.place(stocked, STUDY, "court case", ADMIN)
    assert [row["reason"] for row in hold.in_force(stocked, STUDY)] == ["court case"]
    for target in (Target(STUDY), Target(STUDY, SERIES), Target(STUDY, SERIES, INSTANCE)):
        with pytest.raises(WrongState, match="hold"):
            remove(stocked, target, SYSTEM)
    hold.release(stocked, number, SYSTEM)
    with pytest.raises(NotFound):
        hold.release(stocked, number, SYSTEM)
    assert remove(stocked, Target(STUDY), ADMIN).instances == 4


def test_who_may_hold(stocked: Archive) -> None:
    with pytest.raises(Forbidden):
        hold.place(stocked, STUDY, "why not", READER)
    with pytest.raises(InvalidRequest):
        hold.place(stocked, STUDY, " ", ADMIN)
    with pytest.raises(NotFound):
        hold.place(stocked, uid("never"), "court case", ADMIN)


def test_what_is_on_its_way_to_the_store_cannot_be_removed_yet(stocked: Archive) -> None:
    keep(stocked, ct("a", 1, 3))
    with pytest.raises(WrongState, match="on their way"):
        remove(stocked, Target(STUDY), ADMIN)
    assert remove(stocked, Target(STUDY, uid("a", 2)), ADMIN).instances == 2


def test_a_spool_file_that_was_left_behind_does_not_bring_it_back(stocked: Archive) -> None:
    keep(stocked, ct("c"))
    (file,) = stocked.spool.ready.iterdir()
    left = file.read_bytes()
    upload_pending(stocked)
    remove(stocked, Target(uid("c")), ADMIN)
    file.write_bytes(left)
    reconcile(stocked)
    assert gone(stocked, uid("c"))
    assert not list(stocked.spool.ready.iterdir())


def test_a_scrub_neither_reports_nor_adopts_what_was_removed(stocked: Archive) -> None:
    remove(stocked, Target(STUDY), ADMIN)
    report = scrub(stocked, Scrub(repair=True), SYSTEM)
    assert [finding for finding in report.findings if finding.kind == "orphan"] == []
    assert gone(stocked, STUDY)


def test_the_act_is_audited_with_its_reason_and_the_record_stays(stocked: Archive) -> None:
    made: Removal = remove(stocked, Target(STUDY), ADMIN, "patient-request", "letter of 3 May")
    with stocked.index.read() as connection:
        event = audit.events(connection, study_instance_uid=STUDY)[0]
    assert (event.action, event.actor, event.outcome) == ("delete", "an", "success")
    assert '"reason": "patient-request"' in event.detail
    (row,) = newest(stocked, ADMIN)
    assert (row["id"], row["note"], row["number_of_instances"]) == (made.number, "letter of 3 May", 4)
    with pytest.raises(Forbidden):
        newest(stocked, READER)
    with pytest.raises(InvalidRequest):
        remove(stocked, Target(uid("b")), ADMIN, "because")
