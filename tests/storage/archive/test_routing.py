"""Rules and the queue of what is owed, on both databases: who gets what, who may work on it, and what puts it off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from storage.access import ae, facilities
from storage.access.ae_policy import Policy
from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.archive import Archive, delivery, delivery_list, hours, route, routing
from storage.archive.delivery import Delivery, LeaseLost, Outcome
from storage.archive.route import Rule
from storage.archive.routing import Router
from storage.archive.upload import upload_pending
from storage.errors import Forbidden, InvalidRequest, NotFound, WrongState
from storage.index.routing_schema import delivery as table
from storage.settings import StorageSettings
from tests.storage.generated import ct_slice, keep, local_source


@pytest.fixture
def archive(storage_settings: StorageSettings) -> Iterator[Archive]:
    """An archive that knows two machines."""
    made = Archive.open(storage_settings.model_copy(update={"minimum_free_bytes": 0}))
    made.index.migrate()
    facilities.get_or_create(made.index, made.settings.facility)
    for title in ("FAR", "NEAR"):
        ae.add(made.index, title, "127.0.0.1", 104, facility_code=made.settings.facility)
    yield made
    made.close()


def owed(archive: Archive) -> dict[str, Any]:
    """The only row of the queue."""
    (row,) = delivery_list.listed(archive, SYSTEM).rows
    return row


def taken(archive: Archive, owner: str = "a") -> Delivery:
    """What is due first, in the hands of ``owner``."""
    due = delivery.claim(archive, owner)
    assert due is not None
    return due


def test_rules_decide_by_every_condition_and_what_a_machine_sent_does_not_go_back(archive: Archive) -> None:
    rules = (
        Rule(name="ct", destinations=("FAR", "NEAR"), modalities=("ct",), description="SO  NAO"),
        Rule(name="mr", destinations=("FAR",), modalities=("MR",)),
        Rule(name="other source", destinations=("FAR",), source_ae_titles=("CT9",)),
        Rule(name="off", destinations=("FAR",), enabled=False),
    )
    for one in rules:
        route.add(archive, one, SYSTEM)
    keep(archive, ct_slice(study="1.2.3"), local_source(archive, ae_title="NEAR"))
    router = Router(archive)
    router.step()
    router.step()
    row = owed(archive)
    assert (row["ae_title"], row["kind"], row["instances"]) == ("FAR", "store", {"waiting": 1})
    # another router, as after a restart, owes nothing twice; what comes later is owed too
    Router(archive).step()
    keep(archive, ct_slice(study="1.2.3"), local_source(archive, ae_title="CT1"))
    router.step()
    rows = {row["ae_title"]: row["instances"] for row in delivery_list.listed(archive, SYSTEM).rows}
    assert rows == {"FAR": {"waiting": 2}, "NEAR": {"waiting": 1}}


def test_what_came_before_a_rule_is_none_of_its_business(archive: Archive) -> None:
    keep(archive, ct_slice(study="1.2.3"), local_source(archive))
    made = route.add(archive, Rule(name="all", destinations=("FAR",)), SYSTEM)
    Router(archive).step()
    assert delivery_list.listed(archive, SYSTEM).rows == []
    route.change(archive, made.id, Rule(name="all", destinations=("FAR",), enabled=False), SYSTEM)
    keep(archive, ct_slice(study="1.2.4"), local_source(archive))
    route.change(archive, made.id, Rule(name="all", destinations=("FAR",)), SYSTEM)
    Router(archive).step()
    assert delivery_list.listed(archive, SYSTEM).rows == []
    route.remove(archive, made.id, SYSTEM)
    assert route.listed(archive, SYSTEM) == []


def test_one_machine_is_sent_one_study_after_the_other_and_a_lease_keeps_others_away(archive: Archive) -> None:
    for study in ("1.2.3", "1.2.4"):
        keep(archive, ct_slice(study=study), local_source(archive))
        routing.send(archive, study, "FAR", SYSTEM)
    routing.send(archive, "1.2.4", "NEAR", SYSTEM)
    first, other = taken(archive, "a"), taken(archive, "b")
    assert (first.subject, first.ae_title, other.ae_title) == ("1.2.3", "FAR", "NEAR")
    assert delivery.claim(archive, "c") is None
    # whoever has died is followed by another, and what the dead does then counts for nothing
    with archive.index.write() as connection:
        connection.execute(table.update().values(lease_until=datetime.now(UTC) - timedelta(seconds=1)))
    again = taken(archive, "c")
    assert again.id == first.id
    with pytest.raises(LeaseLost):
        delivery.rest(archive, first)
    assert delivery.free_all(archive, "c") == 1


def test_failures_are_tried_again_ever_more_rarely_and_given_up_at_last(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = [delivery.pause_after(attempts).total_seconds() for attempts in (1, 2, 3, 50)]
    assert pauses == [5, 10, 20, 900]
    for study in ("1.2.3", "1.2.4"):
        keep(archive, ct_slice(study=study), local_source(archive))
        routing.send(archive, study, "FAR", SYSTEM)
    due = taken(archive)
    assert delivery.put_off(archive, due, "nobody there", everything=True) == "waiting"
    assert delivery.claim(archive, "a") is None, "the other study waits as long"
    monkeypatch.setattr(delivery, "PATIENCE", timedelta(0))
    delivery_list.retry(archive, due.id, SYSTEM)
    assert delivery.put_off(archive, taken(archive), "still nobody") == "failed"
    (row,) = delivery_list.listed(archive, SYSTEM, state="failed").rows
    assert (row["id"], row["error"], row["attempts"]) == (due.id, "still nobody", 1)


def test_what_is_done_is_noted_as_it_goes_and_what_was_refused_is_named(archive: Archive) -> None:
    uids = [keep(archive, ct_slice(study="1.2.3"), local_source(archive)).sop_instance_uid for _ in range(3)]
    number = routing.send(archive, "1.2.3", "FAR", SYSTEM)
    due = taken(archive)
    assert delivery.pending(archive, due).later == 3, "nothing is in the object store yet"
    upload_pending(archive)
    ready = delivery.pending(archive, due).ready
    assert [row.sop_instance_uid for row in ready] == uids
    outcomes = [Outcome(ready[0], "sent", 0), Outcome(ready[1], "refused", 0xC000, "no")]
    delivery.note(archive, due, outcomes, first=True)
    assert [row.sop_instance_uid for row in delivery.pending(archive, due).ready] == uids[2:]
    delivery.note(archive, due, [Outcome(ready[2], "sent", 0)], first=False)
    assert delivery.finish(archive, due) == "failed"
    shown = delivery_list.show(archive, number, SYSTEM)
    assert [one["sop_instance_uid"] for one in shown["refused"]] == [uids[1]]
    assert uids[1] in shown["error"]
    delivery_list.retry(archive, number, SYSTEM)
    again = taken(archive)
    assert [row.sop_instance_uid for row in delivery.pending(archive, again).ready] == uids[1:2]
    delivery.note(archive, again, [Outcome(ready[1], "sent", 0)], first=True)
    assert delivery.finish(archive, again) == "done"
    with pytest.raises(WrongState):
        delivery_list.cancel(archive, number, SYSTEM)
    with archive.index.read() as connection:
        assert connection.execute(select(table.c.lease_owner)).scalar_one() == ""


def test_who_was_cancelled_stops(archive: Archive) -> None:
    keep(archive, ct_slice(study="1.2.3"), local_source(archive))
    upload_pending(archive)
    number = routing.send(archive, "1.2.3", "FAR", SYSTEM)
    due = taken(archive)
    delivery_list.cancel(archive, number, SYSTEM)
    (row,) = delivery.pending(archive, due).ready
    with pytest.raises(LeaseLost):
        delivery.note(archive, due, [Outcome(row, "sent", 0)], first=True)
    assert delivery.claim(archive, "b") is None
    assert owed(archive)["state"] == "cancelled"


def test_only_who_administers_decides(archive: Archive) -> None:
    local = facilities.get_or_create(archive.index, archive.settings.facility).id
    other = facilities.get_or_create(archive.index, "OTHER").id
    keep(archive, ct_slice(study="1.2.3"), local_source(archive))
    number = routing.send(archive, "1.2.3", "FAR", SYSTEM)
    reader = Principal("user", "bs", roles=frozenset({Role.RADIOLOGIST}), facilities=None)
    of_other = Principal("user", "qt", facilities=frozenset({other}), rights=frozenset({Action.ADMINISTER}))
    of_this = Principal("user", "qt", facilities=frozenset({local}), rights=frozenset({Action.ADMINISTER}))
    with pytest.raises(Forbidden):
        route.add(archive, Rule(name="x", destinations=("FAR",)), of_this)
    for refused in (reader, of_other):
        with pytest.raises(Forbidden):
            delivery_list.retry(archive, number, refused)
    with pytest.raises(Forbidden):
        routing.send(archive, "1.2.3", "FAR", of_this)  # it may administer, not give away
    assert delivery_list.listed(archive, of_other).total == 0
    assert delivery_list.listed(archive, of_this).states == {"waiting": 1}
    with pytest.raises(NotFound):
        delivery_list.show(archive, number + 1, SYSTEM)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"destinations": ()},
        {"destinations": ("NOBODY",)},
        {"destinations": ("CLOSED",)},
        {"source_ae_titles": ("A\\B",)},
        {"received_hours": "7-9"},
        {"send_hours": "24:00-01:00"},
        {"received_days": "18"},
    ],
)
def test_a_rule_that_cannot_be_right_is_refused(archive: Archive, wrong: dict[str, Any]) -> None:
    code, closed = archive.settings.facility, Policy(may_forward=False)
    ae.add(archive.index, "CLOSED", "127.0.0.1", 104, facility_code=code, policy=closed)
    with pytest.raises(InvalidRequest):
        route.add(archive, Rule(**{"name": "x", "destinations": ("FAR",)} | wrong), SYSTEM)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone()


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    # 2026-11-20 is a Friday
    assert hours.is_open("22:00-06:00", at("2026-11-21T05:59"), "5")
    assert not hours.is_open("22:00-06:00", at("2026-11-21T05:59"), "6")
    assert not hours.is_open("22:00-06:00", at("2026-11-21T06:00"))
    assert hours.is_open("08:00-17:00", at("2026-11-21T08:00"), "67")
    assert hours.is_open("", at("2026-11-21T08:00"), "6")
    assert hours.next_opening("22:00-06:00", at("2026-11-21T07:30")) == at("2026-11-21T22:00")
    assert hours.next_opening("06:00-07:00", at("2026-11-21T07:30")) == at("2026-11-22T06:00")
    assert (hours.checked(" 22:00 - 06:00 "), hours.checked_days("7654321"), hours.checked_days("21")) == (
        "22:00-06:00",
        "",
        "12",
    )


def test_many_studies_are_looked_at_in_steps_and_none_twice(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_AT_ONCE", 2)
    route.add(archive, Rule(name="all", destinations=("FAR",)), SYSTEM)
    router = Router(archive)
    router.step()
    for number in range(5):
        keep(archive, ct_slice(study=f"1.2.{number}"), local_source(archive))
    steps = 1
    while router.step():
        steps += 1
    assert steps == 3
    looked: list[str] = []
    monkeypatch.setattr(router, "_look", lambda study, *_: looked.append(study["study_instance_uid"]))
    assert not router.step()
    assert looked == []
    assert delivery_list.listed(archive, SYSTEM).total == 5
