"""Orders and what is done for them: two steps, silent machines, late orders, other facilities, and what is let go."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from storage.access import audit
from storage.access.principal import SYSTEM, Action, Principal
from storage.archive import Archive
from storage.archive.order import change_state, create, edit, listed, order
from storage.archive.order_matching import KEPT, QUIET, complete_quiet, forget_old
from storage.archive.order_row import Order
from storage.archive.performed_step import create as begin
from storage.archive.performed_step import update as go_on
from storage.archive.worklist import search
from storage.dicom.work_item import DicomJson
from storage.errors import Forbidden, InvalidRequest, NotFound, WrongState
from storage.index import order_schema, schema
from storage.index.orders import Wanted
from tests.dicom_nodes.orders import one
from tests.storage.samples import ct, keep

MACHINE = Principal("ae", "CT1", facilities=frozenset({1}), rights=frozenset({Action.READ_WORKLIST}))
MINE = "01001"


def ordered(archive: Archive, *modalities: str, **changes: Any) -> Order:
    made = one("RP01") | {"facility": MINE} | changes
    (step,) = made["steps"]
    if modalities:
        made["steps"] = [step | {"modality": name, "scheduled_procedure_step_id": f"S{name}"} for name in modalities]
    return create(archive, made, SYSTEM)


def again(archive: Archive, made: Order) -> Order:
    return order(archive, made.id, SYSTEM)


def states(made: Order) -> tuple[str, ...]:
    return (made.row["state"], *(step.row["state"] for step in made.steps))


def begun(made: Order, *steps: str) -> DicomJson:
    def text(vr: str, value: str) -> dict[str, Any]:
        return {"vr": vr, "Value": [value]}

    study = text("UI", made.values["study_instance_uid"])
    return {
        "00080060": text("CS", "CT"),
        "00100020": text("LO", made.values["patient_id"]),
        "00400241": text("AE", "CT1"),
        "00400244": text("DA", "20251122"),
        "00400245": text("TM", "0800"),
        "00400252": text("CS", "IN PROGRESS"),
        "00400253": text("SH", "P1"),
        "00400270": {"vr": "SQ", "Value": [{"0020000D": study, "00400009": text("SH", step)} for step in steps]},
    }


def test_two_steps_done_one_after_the_other(archive: Archive) -> None:
    made = ordered(archive, "CT", "MR")
    begin(archive, begun(made, "SCT"), "1.2.3", 1, SYSTEM)
    assert states(again(archive, made)) == ("in-progress", "in-progress", "scheduled")
    go_on(archive, "1.2.3", {"00400252": {"vr": "CS", "Value": ["DISCONTINUED"]}}, SYSTEM)
    assert states(again(archive, made)) == ("scheduled", "discontinued", "scheduled")
    assert [item["00400100"]["Value"][0]["00080060"]["Value"] for item in search(archive, {}, None, SYSTEM).items] == [
        ["MR"]
    ]
    begin(archive, begun(made, "SCT", "SMR"), "1.2.4", 1, SYSTEM)
    assert states(again(archive, made)) == ("in-progress", "in-progress", "in-progress")
    go_on(archive, "1.2.4", {"00400252": {"vr": "CS", "Value": ["DISCONTINUED"]}}, SYSTEM)
    assert states(again(archive, made)) == ("discontinued", "discontinued", "discontinued")


def test_a_machine_that_only_sends_images(archive: Archive) -> None:
    made = ordered(archive)
    dataset = ct("a", PatientName="NGUYEN^VAN^DUC", PatientID="079201000001", AccessionNumber="A001")
    keep(archive, dataset)
    now = again(archive, made)
    assert (now.row["state"], now.studies[0]["number_of_instances"]) == ("in-progress", 1)
    assert complete_quiet(archive) == 0
    assert complete_quiet(archive, datetime.now(UTC) + QUIET + timedelta(minutes=1)) == 1
    assert states(again(archive, made)) == ("completed", "completed")
    assert complete_quiet(archive, datetime.now(UTC) + 2 * QUIET) == 0


def test_one_whose_machine_reports_is_not_ended_by_silence(archive: Archive) -> None:
    made = ordered(archive)
    begin(archive, begun(made, "S01"), "1.2.3", 1, SYSTEM)
    keep(archive, ct("a", PatientID="079201000001", AccessionNumber="A001"))
    assert complete_quiet(archive, datetime.now(UTC) + 2 * QUIET) == 0
    assert states(again(archive, made)) == ("in-progress", "in-progress")


def test_the_number_in_the_request_attributes_decides_between_two_orders(archive: Archive) -> None:
    first = ordered(archive)
    second = ordered(
        archive, requested_procedure_id="RP77", study_instance_uid="1.2.826.77", patient_name="NGUYỄN^VĂN^ĐỨC"
    )
    dataset = ct("a", PatientName="NGUYEN^VAN^DUC", PatientID="079201000001", AccessionNumber="A001")
    request = type(dataset)()
    request.RequestedProcedureID = "RP77"
    dataset.RequestAttributesSequence = [request]
    keep(archive, dataset)
    assert [study["found_by"] for study in again(archive, second).studies] == ["step"]
    assert not again(archive, first).studies


def test_another_facility_sees_and_changes_nothing(archive: Archive) -> None:
    made = ordered(archive)
    assert search(archive, {}, None, MACHINE).total == 1
    other = Principal("ae", "CT9", facilities=frozenset({2}), rights=frozenset({Action.READ_WORKLIST}))
    assert search(archive, {}, None, other).total == 0
    keep(archive, ct("a", PatientID="079201000001", AccessionNumber="A001"), facility_id=2)
    assert not again(archive, made).studies
    with pytest.raises(Forbidden):
        order(archive, made.id, other)
    with pytest.raises(Forbidden):
        search(archive, {}, None, Principal("ae", "CT1", facilities=frozenset({1})))


def test_a_list_that_is_read_again_and_again_is_audited_once(archive: Archive) -> None:
    ordered(archive)
    for text in ("nguyen", "nguyen", "duc"):
        assert listed(archive, Wanted(text), SYSTEM, 10, 0).total == 1
    with archive.index.read() as connection:
        assert [one.detail for one in audit.events(connection) if one.action == "search"] == [
            '{"level": "ORDER", "matches": 1}'
        ] * 2


def test_what_cannot_be_done(archive: Archive) -> None:
    made = ordered(archive)
    with pytest.raises(WrongState):
        ordered(archive)  # the same Study Instance UID
    with pytest.raises(NotFound):
        order(archive, 999, SYSTEM)
    with pytest.raises(InvalidRequest):
        change_state(archive, made.id, "odd", SYSTEM)
    with pytest.raises(InvalidRequest):
        edit(archive, made.id, one("RP01") | {"study_instance_uid": "1.2.3"}, 1, SYSTEM)
    begin(archive, begun(made, "S01"), "1.2.3", 1, SYSTEM)
    with pytest.raises(WrongState):
        edit(archive, made.id, one("RP01"), 1, SYSTEM)
    with pytest.raises(WrongState):
        change_state(archive, made.id, "cancelled", SYSTEM)


def test_what_is_old_goes_and_what_is_needed_stays(archive: Archive) -> None:
    kept, gone, waiting = (
        ordered(archive, accession_number=f"A{number}", study_instance_uid=f"1.2.3.{number}") for number in range(3)
    )
    keep(archive, ct("a", PatientID="079201000001", AccessionNumber="A0"))
    for made in (kept, gone):
        change_state(archive, made.id, "completed", SYSTEM)
    begin(archive, begun(waiting) | {"00400270": begun(waiting, "S01")["00400270"]}, "1.2.9", 1, SYSTEM)
    later = datetime.now(UTC) + KEPT + timedelta(days=1)
    assert forget_old(archive) == 0
    assert forget_old(archive, later) == 1
    for made in (kept, waiting):
        assert again(archive, made).id == made.id
    with pytest.raises(NotFound):
        again(archive, gone)
    with archive.index.write() as connection:
        connection.execute(schema.study.delete())
        connection.execute(update(order_schema.performed_step).values(updated_at=datetime.now(UTC) - 2 * KEPT))
    assert forget_old(archive, later) == 1
    assert again(archive, waiting).performed
