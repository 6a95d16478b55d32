"""MPPS with pynetdicom as the machine: the states of a step, and what its order and study learn of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import generate_uid
from pynetdicom.association import Association

from dicom_nodes.scu.association import associated
from dicom_nodes.scu.store import store
from storage.access import ae
from storage.access.ae_policy import Policy
from storage.access.principal import SYSTEM
from storage.archive.order import change_state, create, order
from storage.archive.order_row import Order
from storage.index.performed_steps import in_progress
from tests.dicom_nodes.conftest import RunningNode
from tests.dicom_nodes.instance_bytes import ct, write
from tests.dicom_nodes.orders import one

MPPS = "1.2.840.10008.3.1.2.3.3"
RETRIEVE = "1.2.840.10008.3.1.2.3.4"
EXPLICIT = "1.2.840.10008.1.2.1"


@contextmanager
def machine(node: RunningNode, title: str = "CT1") -> Iterator[Association]:
    settings = node.settings.model_copy(update={"aet": title})
    with associated(node.destination, [(MPPS, [EXPLICIT]), (RETRIEVE, [EXPLICIT])], settings) as association:
        yield association


def begun(ordered: Order | None = None, *, name: str = "", study: str = "") -> Dataset:
    """What a machine sends when it begins, for an order of its worklist or for none."""
    values = ordered.values if ordered else {}
    step = ordered.steps[0].values if ordered else {}
    item = Dataset()
    item.StudyInstanceUID = study or values.get("study_instance_uid") or generate_uid()
    item.AccessionNumber = values.get("accession_number", "")
    item.RequestedProcedureID = values.get("requested_procedure_id", "")
    item.ScheduledProcedureStepID = step.get("scheduled_procedure_step_id", "")
    item.ScheduledProcedureStepDescription = item.RequestedProcedureDescription = ""
    item.ReferencedStudySequence = item.ScheduledProtocolCodeSequence = []
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.ScheduledStepAttributesSequence = [item]
    made.PatientName = name or values.get("patient_name", "")
    made.PatientID = values.get("patient_id", "")
    made.PatientBirthDate, made.PatientSex = values.get("patient_birth_date", ""), ""
    made.PerformedProcedureStepID, made.PerformedStationAETitle = "PPS1", "CT1"
    made.PerformedStationName = made.PerformedLocation = ""
    made.PerformedProcedureStepStartDate, made.PerformedProcedureStepStartTime = "20251122", "073500"
    made.PerformedProcedureStepStatus, made.Modality = "IN PROGRESS", "CT"
    made.PerformedProcedureStepEndDate = made.PerformedProcedureStepEndTime = ""
    made.PerformedSeriesSequence = []
    return made


def ended(status: str = "COMPLETED") -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID, series.ProtocolName = generate_uid(), "Sọ não"
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", generate_uid()
    series.ReferencedImageSequence = [image]
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PerformedProcedureStepStatus = status
    made.PerformedProcedureStepEndDate, made.PerformedProcedureStepEndTime = "20251122", "074500"
    made.PerformedSeriesSequence = [series]
    return made


def asked(status: Dataset | tuple[Dataset, object]) -> int:
    answer = status[0] if isinstance(status, tuple) else status
    return int(answer.Status)


def given(association: Association, uid: str, *tags: int) -> tuple[int, Dataset]:
    """Status and attributes of an N-GET."""
    status, found = association.send_n_get([Tag(tag) for tag in tags], RETRIEVE, uid)
    return int(status.Status), found if found is not None else Dataset()


def again(node: RunningNode, ordered: Order) -> Order:
    return order(node.archive, ordered.id, SYSTEM)


def test_a_step_goes_its_way_and_its_order_with_it(node: RunningNode) -> None:
    ordered = create(node.archive, one("RP01"), SYSTEM)
    uid = generate_uid()
    with machine(node) as association:
        assert asked(association.send_n_create(begun(ordered), MPPS, uid)) == 0
        now = again(node, ordered)
        assert (now.row["state"], now.steps[0].row["state"]) == ("in-progress", "in-progress")
        assert [study["found_by"] for study in now.studies] == ["report"]
        status, found = given(association, uid, 0x00100010, 0x00400252, 0x00400270)
        assert (status, found.PatientName) == (0, "NGUYỄN^VĂN^ĐỨC")
        assert found.ScheduledStepAttributesSequence[0].AccessionNumber == "A001"
        assert {element.keyword for element in found} == {
            *("SpecificCharacterSet", "PatientName", "PerformedProcedureStepStatus"),
            "ScheduledStepAttributesSequence",
        }
        described = Dataset()
        described.PerformedProcedureStepDescription = "CT brain"
        assert asked(association.send_n_set(described, MPPS, uid)) == 0
        assert asked(association.send_n_set(ended(), MPPS, uid)) == 0
        after = association.send_n_set(described, MPPS, uid)[0]
        assert (after.Status, after.ErrorID) == (0x0110, 0xA710)
        _, whole = given(association, uid)
    assert whole.PerformedProcedureStepStatus == "COMPLETED"
    assert whole.PerformedProcedureStepDescription == "CT brain"
    assert whole.PerformedSeriesSequence[0].ProtocolName == "Sọ não"
    now = again(node, ordered)
    assert (now.row["state"], now.row["final_at"] is not None) == ("completed", True)
    (performed,) = now.performed
    assert (performed["sop_instance_uid"], performed["state"]) == (uid, "COMPLETED")


def test_a_discontinued_step_can_be_scheduled_again(node: RunningNode) -> None:
    ordered = create(node.archive, one("RP01"), SYSTEM)
    with machine(node) as association:
        for status, state in (("DISCONTINUED", "discontinued"), ("COMPLETED", "completed")):
            uid = generate_uid()
            assert asked(association.send_n_create(begun(ordered), MPPS, uid)) == 0
            assert asked(association.send_n_set(ended(status), MPPS, uid)) == 0
            assert again(node, ordered).row["state"] == state
            if state == "discontinued":
                change_state(node.archive, ordered.id, "scheduled", SYSTEM)
    assert len(again(node, ordered).performed) == 2


def test_statuses(node: RunningNode) -> None:
    with machine(node) as association:
        uid = generate_uid()
        assert asked(association.send_n_set(ended(), MPPS, uid)) == 0x0112
        assert given(association, uid, 0x00400252)[0] == 0x0112
        for keyword, value, expected in (
            ("PerformedProcedureStepStatus", "COMPLETED", 0x0106),
            ("PerformedProcedureStepStatus", "", 0x0121),
            ("PerformedProcedureStepID", None, 0x0120),
            ("ScheduledStepAttributesSequence", [], 0x0121),
            ("Modality", None, 0x0120),
        ):
            wrong = begun()
            if value is None:
                delattr(wrong, keyword)
            else:
                setattr(wrong, keyword, value)
            assert asked(association.send_n_create(wrong, MPPS, uid)) == expected, keyword
        assert asked(association.send_n_create(begun(), MPPS, uid)) == 0
        assert asked(association.send_n_create(begun(), MPPS, uid)) == 0x0111
        unfinished = ended()
        unfinished.PerformedSeriesSequence = []
        assert asked(association.send_n_set(unfinished, MPPS, uid)) == 0x0121
        odd = ended("PAUSED")
        assert asked(association.send_n_set(odd, MPPS, uid)) == 0x0106
        other = Dataset()
        other.PatientID = "SOMEBODY ELSE"
        assert asked(association.send_n_set(other, MPPS, uid)) == 0x0107
        _, found = given(association, uid, 0x00100020)
        assert not found.PatientID
        assert given(association, uid, 0x00189999)[0] == 0x0001
        assert asked(association.send_n_set(ended(), MPPS, uid)) == 0


def test_a_uid_is_made_where_none_is_given(node: RunningNode) -> None:
    with machine(node) as association:
        status, _ = association.send_n_create(begun(), MPPS, None)
    assert status.Status == 0
    with node.archive.index.read() as connection:
        (row,) = in_progress(connection, "CT1", None, datetime.now(UTC) - timedelta(minutes=1))
    assert row["sop_instance_uid"].startswith("2.25.")


def test_a_machine_without_the_right_and_one_of_another_facility(node: RunningNode) -> None:
    ae.add(node.archive.index, "SILENT", "127.0.0.1", 104, facility_code="LOCAL", policy=Policy(may_mpps=False))
    ordered = create(node.archive, one("RP01"), SYSTEM)
    with machine(node, "SILENT") as association:
        assert asked(association.send_n_create(begun(ordered), MPPS, generate_uid())) == 0x0124
    assert again(node, ordered).row["state"] == "scheduled"


@pytest.mark.parametrize(
    ("name", "patient_id", "matched"),
    [
        ("NGUYEN^VAN^DUC", "079201000001", True),
        ("Nguyen Van Duc", "", True),
        ("NGUY?N^V?N^??C", "", True),
        ("DUC NGUYEN VAN", " 079201000001", True),
        ("TRAN^THI^BINH", "", False),
        ("NGUYEN^VAN^DUC", "999", False),
    ],
)
def test_images_that_come_back_in_ascii_find_their_order(
    node: RunningNode, tmp_path: Path, name: str, patient_id: str, matched: bool
) -> None:
    ordered = create(node.archive, one("RP01"), SYSTEM)
    image = ct(patient_name=name, patient_id=patient_id)
    del image.SpecificCharacterSet
    image.StudyDescription = image.ReferringPhysicianName = ""
    image.AccessionNumber = "A001"
    image.PatientBirthDate = ""
    (sent,) = store([write(tmp_path, image)], node.destination, node.settings)
    assert sent.status == 0
    now = again(node, ordered)
    found = [(study["study_instance_uid"], study["found_by"]) for study in now.studies]
    assert found == ([(str(image.StudyInstanceUID), "accession")] if matched else [])
    assert now.row["state"] == ("in-progress" if matched else "scheduled")
