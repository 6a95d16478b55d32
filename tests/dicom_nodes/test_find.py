"""C-FIND: hierarchical, by the archive's one query engine, in the asker's character set."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made by the module when it is loaded
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
)

from dicom_nodes.command import encode
from dicom_nodes.scu.association import AssociationFailed, associated
from dicom_nodes.scu.find import find, identifier
from dicom_nodes.scu.store import store
from storage.access import ae, facilities
from storage.access.ae_policy import Policy
from storage.archive import Archive
from tests.dicom_nodes.conftest import RunningNode
from tests.dicom_nodes.instance_bytes import ct, write

STUDY_ROOT = StudyRootQueryRetrieveInformationModelFind
PATIENT_ROOT = PatientRootQueryRetrieveInformationModelFind


@pytest.fixture
def study(node: RunningNode, tmp_path: Path) -> str:
    """A study of two series with three slices, and another of somebody else."""
    uid, first, second = generate_uid(), generate_uid(), generate_uid()
    slices = [
        ct(study=uid, series=first, number=1),
        ct(study=uid, series=first, number=2),
        ct(study=uid, series=second),
    ]
    other = ct(patient_name="LE^THI^MAI", patient_id="2")
    results = store([write(tmp_path, one) for one in (*slices, other)], node.destination, node.settings)
    assert all(sent.status == 0 for sent in results)
    return str(uid)


def ask(node: RunningNode, query: Dataset, model: str = STUDY_ROOT) -> tuple[list[Dataset], list[Dataset]]:
    """All statuses and all matches of a query."""
    proposal = [(model, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]
    with associated(node.destination, proposal, node.settings) as association:
        answers = list(association.send_c_find(query, model))
    return [status for status, _ in answers], [match for _, match in answers if match is not None]


def test_studies(node: RunningNode, study: str) -> None:
    keys = {"PatientName": "nguyen*", "StudyInstanceUID": "", "ModalitiesInStudy": "", "StudyDescription": ""}
    (match,) = find(node.destination, "STUDY", keys | {"NumberOfStudyRelatedInstances": ""}, node.settings)
    assert match.StudyInstanceUID == study
    assert match.SpecificCharacterSet == "ISO_IR 192"
    assert (match.PatientName, match.StudyDescription) == ("NGUYỄN^VĂN^ĐỨC", "CT sọ não")
    assert (match.ModalitiesInStudy, match.NumberOfStudyRelatedInstances) == ("CT", 3)
    (match_with_classes,) = find(
        node.destination, "STUDY", {"StudyInstanceUID": study, "SOPClassesInStudy": ""}, node.settings
    )
    assert match_with_classes.SOPClassesInStudy == "1.2.840.10008.5.1.4.1.1.2"
    assert (match.QueryRetrieveLevel, match.RetrieveAETitle) == ("STUDY", "FILMLESS")


def test_series_and_images(node: RunningNode, study: str) -> None:
    series = list(find(node.destination, "SERIES", {"StudyInstanceUID": study, "Modality": ""}, node.settings))
    assert {(match.StudyInstanceUID, match.Modality) for match in series} == {(study, "CT")}
    assert len(series) == 2
    keys = {"StudyInstanceUID": study, "SeriesInstanceUID": "", "SOPInstanceUID": "", "InstanceNumber": ""}
    images = [
        match.InstanceNumber
        for one in series
        for match in find(node.destination, "IMAGE", keys | {"SeriesInstanceUID": one.SeriesInstanceUID}, node.settings)
    ]
    assert sorted(images) == [1, 1, 2]


def test_patients(node: RunningNode, study: str) -> None:
    _, matches = ask(node, identifier("PATIENT", {"PatientID": "", "PatientName": ""}), PATIENT_ROOT)
    assert {match.PatientID for match in matches} == {"079201000001", "2"}


def test_the_asker_gets_its_character_set_if_it_has_all_characters(node: RunningNode, tmp_path: Path) -> None:
    store([write(tmp_path, ct(patient_name="Müller^Jörg"))], node.destination, node.settings)
    query = identifier("STUDY", {"PatientName": "M*", "StudyInstanceUID": ""})
    query.SpecificCharacterSet = "ISO_IR 100"
    _, (match,) = ask(node, query)
    assert (match.SpecificCharacterSet, match.PatientName) == ("ISO_IR 100", "Müller^Jörg")
    query.StudyDescription = None
    _, (match,) = ask(node, query)
    assert (match.SpecificCharacterSet, match.PatientName) == ("ISO_IR 192", "Müller^Jörg")


@pytest.mark.parametrize(
    ("level", "keys", "model"),
    [
        ("", {"PatientID": "2"}, STUDY_ROOT),
        ("PATIENT", {"PatientID": "2"}, STUDY_ROOT),
        ("FRAME", {"PatientID": "2"}, STUDY_ROOT),
        ("STUDY", {}, STUDY_ROOT),
        ("SERIES", {"SeriesInstanceUID": ""}, STUDY_ROOT),
        ("SERIES", {"StudyInstanceUID": "1.2\\1.3"}, STUDY_ROOT),
        ("IMAGE", {"StudyInstanceUID": "1.2", "SOPInstanceUID": ""}, PATIENT_ROOT),
        ("STUDY", {"StudyDate": "yesterday"}, STUDY_ROOT),
        ("STUDY", {"EthnicGroup": "X"}, STUDY_ROOT),
    ],
)
def test_a_query_that_is_none_is_refused_and_never_unrestricted(
    node: RunningNode, study: str, level: str, keys: dict[str, str], model: str
) -> None:
    (status,), matches = ask(node, identifier(level, keys), model)
    assert status.Status == 0xA900
    assert status.ErrorComment
    assert not matches


def test_a_key_that_cannot_be_matched_is_said_with_each_answer(node: RunningNode, study: str) -> None:
    statuses, matches = ask(node, identifier("STUDY", {"PatientID": "2", "EthnicGroup": "X", "StudyInstanceUID": ""}))
    assert [status.Status for status in statuses] == [0xFF01, 0x0000]
    assert len(matches) == 1


def test_keys_in_the_item_of_a_sequence(node: RunningNode, tmp_path: Path) -> None:
    study = generate_uid()
    kept = []
    for number, requests in enumerate([[("S1", "P1"), ("S2", "P2")], [("S1", "P2")], []], 1):
        made = ct(study=study, number=number)
        made.SeriesNumber = number
        made.RequestAttributesSequence = []
        for step, procedure in requests:
            request = Dataset()
            request.ScheduledProcedureStepID, request.RequestedProcedureID = step, procedure
            request.ScheduledProcedureStepDescription = "Sọ não"
            made.RequestAttributesSequence.append(request)
        kept.append(made)
    assert all(sent.status == 0 for sent in store([write(tmp_path, x) for x in kept], node.destination, node.settings))
    query = identifier("SERIES", {"StudyInstanceUID": study, "SeriesInstanceUID": "", "SeriesNumber": ""})
    wanted = Dataset()
    wanted.ScheduledProcedureStepID, wanted.RequestedProcedureID = "S1", "P1"
    wanted.ScheduledProcedureStepDescription = ""
    query.RequestAttributesSequence = [wanted]
    statuses, (match,) = ask(node, query)
    assert [status.Status for status in statuses] == [0xFF00, 0x0000]
    assert match.SeriesNumber == 1
    (item,) = match.RequestAttributesSequence
    assert (item.ScheduledProcedureStepID, item.RequestedProcedureID) == ("S1", "P1")
    assert item.ScheduledProcedureStepDescription == "Sọ não"
    query.RequestAttributesSequence = []
    _, matches = ask(node, query)
    assert sorted(len(match.RequestAttributesSequence) for match in matches) == [0, 1, 2]
    wanted.RequestedProcedurePriority = "HIGH"
    query.RequestAttributesSequence = [wanted]
    statuses, matches = ask(node, query)
    assert [status.Status for status in statuses] == [0xFF01, 0x0000]


def test_a_broad_query_is_cut_and_says_so(
    start_node: Callable[..., RunningNode], node: RunningNode, study: str
) -> None:
    narrow = start_node(maximum_query_results=1)
    statuses, matches = ask(narrow, identifier("STUDY", {"StudyInstanceUID": ""}))
    assert len(matches) == 1
    assert statuses[-1].Status == 0xA700
    assert "2 matches" in statuses[-1].ErrorComment


def test_cancel(node: RunningNode, tmp_path: Path) -> None:
    files = [write(tmp_path, ct(patient_id=str(number))) for number in range(60)]
    assert all(sent.status == 0 for sent in store(files, node.destination, node.settings))
    proposal = [(STUDY_ROOT, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]
    with associated(node.destination, proposal, node.settings) as association:
        answers = association.send_c_find(identifier("STUDY", {"StudyInstanceUID": ""}), STUDY_ROOT, msg_id=7)
        next(answers)
        association.send_c_cancel(7, query_model=STUDY_ROOT)
        statuses = [status.Status for status, _ in answers]
    assert statuses[-1] in (0xFE00, 0x0000)  # a cancel may come too late
    assert not association.is_aborted


def test_nobody_sees_the_studies_of_another_facility(
    start_node: Callable[..., RunningNode], node: RunningNode, archive: Archive, study: str
) -> None:
    facilities.get_or_create(archive.index, "D1")
    ae.add(archive.index, "FILMLESS", "127.0.0.1", 104, facility_code="D1")
    assert list(find(node.destination, "STUDY", {"StudyInstanceUID": study}, node.settings)) == []
    ae.remove(archive.index, "FILMLESS")
    ae.add(archive.index, "FILMLESS", "127.0.0.1", 104, facility_code="D1", policy=Policy(may_query=False))
    with pytest.raises(AssociationFailed, match="0124"):
        list(find(node.destination, "STUDY", {"StudyInstanceUID": study}, node.settings))


def test_a_request_without_its_identifier_gets_an_answer_too(node: RunningNode) -> None:
    number = b"\x01\0"
    request = {0x0002: STUDY_ROOT.encode(), 0x0100: b"\x20\0", 0x0110: number, 0x0700: b"\0\0", 0x0800: b"\x01\x01"}
    with associated(node.destination, [(STUDY_ROOT, [ExplicitVRLittleEndian])], node.settings) as association:
        association.send_command(1, encode(request))
        answer: Any = association.dimse.get_msg(block=True)[1]
        assert answer.Status == 0xA900


@pytest.mark.parametrize(("field", "status"), [(0x30, 0x0122), (0x0130, 0x0122)])
def test_a_service_that_is_not_of_the_context_is_refused(node: RunningNode, field: int, status: int) -> None:
    """C-ECHO and N-ACTION in a query context."""
    sop_class = 0x0002 if field == 0x30 else 0x0003
    request = {
        sop_class: STUDY_ROOT.encode(),
        0x0100: field.to_bytes(2, "little"),
        0x0110: b"\x01\0",
        0x0800: b"\x01\x01",
        **({} if field == 0x30 else {0x1001: b"1.2", 0x1008: b"\x01\0"}),
    }
    with associated(node.destination, [(STUDY_ROOT, [ExplicitVRLittleEndian])], node.settings) as association:
        association.send_command(1, encode(request))
        answer: Any = association.dimse.get_msg(block=True)[1]
        assert answer.Status == status
