"""What an asker may agree on beyond hierarchical requests, and what it then may ask."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.presentation import build_role

from dicom_nodes.scp.contexts import PATIENT_ROOT_FIND, STUDY_ROOT_FIND, STUDY_ROOT_GET, STUDY_ROOT_MOVE, VERIFICATION
from dicom_nodes.scp.extended import accepted
from dicom_nodes.scu.find import identifier
from dicom_nodes.scu.store import store
from storage.archive import Archive
from storage.settings import StorageSettings
from tests.dicom_nodes.conftest import RunningNode, opened, start
from tests.dicom_nodes.instance_bytes import ct, write

STUDIES = (generate_uid(), generate_uid())
SERIES = (generate_uid(), generate_uid(), generate_uid())


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A node with two studies of two and one series, two slices each."""
    folder = tmp_path_factory.mktemp("extended")
    with opened(StorageSettings.model_validate({"data_dir": folder / "data", "minimum_free_bytes": 0})) as archive:
        node = start(archive)
        slices = [
            ct(study=STUDIES[at // 2], series=series, number=number, patient_id=str(at // 2))
            for at, series in enumerate(SERIES)
            for number in (1, 2)
        ]
        for late in slices[4:]:
            late.StudyDate, late.StudyTime = "20250315", "080000"
        results = store([write(folder, one) for one in slices], node.destination, node.settings)
        assert all(sent.status == 0 for sent in results)
        yield node
        node.stop()


def agreed(node: RunningNode, sop_class: str, information: bytes) -> Association:
    """An association of stock pynetdicom that proposes an extended negotiation."""
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid, item.service_class_application_information = UID(sop_class), information
    entity = AE("ASKER")
    entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    role = build_role(CTImageStorage, scp_role=True)
    association = entity.associate("127.0.0.1", node.port, ae_title="FILMLESS", ext_neg=[item, role])
    assert association.is_established
    return association


def ask(association: Association, query: Dataset, model: str) -> tuple[int, list[Dataset]]:
    """The final status and all matches."""
    answers = list(association.send_c_find(query, UID(model)))
    association.release()
    return int(answers[-1][0].Status), [match for _, match in answers if match is not None]


@pytest.mark.parametrize(
    ("sop_class", "information", "answer"),
    [
        (STUDY_ROOT_FIND, b"\1", b"\1"),
        (STUDY_ROOT_FIND, b"\0\1", b"\0\1"),
        (PATIENT_ROOT_FIND, b"\1\1\1\1\1", b"\1\1\1\0\0"),
        (STUDY_ROOT_MOVE, b"\1\1", b"\1\0"),
        (STUDY_ROOT_GET, b"\2", b"\0"),
        (VERIFICATION, b"\1", b""),
        (STUDY_ROOT_FIND, b"", b""),
    ],
)
def test_what_is_agreed_on(sop_class: str, information: bytes, answer: bytes) -> None:
    assert accepted(sop_class, information) == answer


def test_the_answer_travels_in_the_acceptance(asked: RunningNode) -> None:
    association = agreed(asked, STUDY_ROOT_FIND, b"\1\0\1\1")
    assert association.acceptor.sop_class_extended == {UID(STUDY_ROOT_FIND): b"\1\0\1\0"}
    association.release()


@pytest.mark.parametrize("relational", [True, False])
def test_a_relational_query_needs_no_key_of_the_levels_above(asked: RunningNode, *, relational: bool) -> None:
    query = identifier("SERIES", {"PatientID": "0", "SeriesInstanceUID": "", "Modality": "CT"})
    association = agreed(asked, STUDY_ROOT_FIND, bytes([relational]))
    status, matches = ask(association, query, STUDY_ROOT_FIND)
    if relational:
        assert status == 0
        found = {(match.StudyInstanceUID, match.SeriesInstanceUID) for match in matches}
        assert found == {(STUDIES[0], SERIES[0]), (STUDIES[0], SERIES[1])}
    else:
        assert (status, matches) == (0xA900, [])


def test_a_relational_query_at_the_lowest_level_over_several_studies(asked: RunningNode) -> None:
    query = identifier("IMAGE", {"StudyInstanceUID": "\\".join(STUDIES), "InstanceNumber": "2", "SOPInstanceUID": ""})
    status, matches = ask(agreed(asked, STUDY_ROOT_FIND, b"\1"), query, STUDY_ROOT_FIND)
    assert status == 0
    assert {match.SeriesInstanceUID for match in matches} == set(SERIES)
    assert {match.InstanceNumber for match in matches} == {2}


def test_a_date_and_its_time_are_one_range_where_that_is_agreed(asked: RunningNode) -> None:
    keys = {"StudyDate": "20250314-20250315", "StudyTime": "100000-090000", "StudyInstanceUID": ""}
    status, matches = ask(agreed(asked, STUDY_ROOT_FIND, b"\0\1"), identifier("STUDY", keys), STUDY_ROOT_FIND)
    assert (status, len(matches)) == (0, 2)
    status, _ = ask(agreed(asked, STUDY_ROOT_FIND, b"\0\0"), identifier("STUDY", keys), STUDY_ROOT_FIND)
    assert status == 0xA900


def test_names_match_in_any_order_where_that_is_agreed(asked: RunningNode) -> None:
    query = identifier("STUDY", {"PatientName": "duc nguyen", "StudyInstanceUID": ""})
    _, matches = ask(agreed(asked, STUDY_ROOT_FIND, b"\0\0\1"), query, STUDY_ROOT_FIND)
    assert {match.StudyInstanceUID for match in matches} == set(STUDIES)
    _, matches = ask(agreed(asked, STUDY_ROOT_FIND, b"\0"), query, STUDY_ROOT_FIND)
    assert not matches


@pytest.mark.parametrize("relational", [True, False])
@pytest.mark.parametrize(
    ("level", "keys", "number"),
    [("SERIES", {"SeriesInstanceUID": "\\".join(SERIES[1:])}, 4), ("IMAGE", {"StudyInstanceUID": STUDIES[0]}, 1)],
)
def test_a_relational_retrieval(
    asked: RunningNode, level: str, keys: dict[str, str], number: int, *, relational: bool
) -> None:
    if level == "IMAGE":
        keys = keys | {"SOPInstanceUID": an_image(asked.archive)}
    received: list[str] = []
    association = agreed(asked, STUDY_ROOT_GET, bytes([relational]))

    def keep(event: Any) -> int:
        received.append(str(event.request.AffectedSOPInstanceUID))
        return 0

    association.bind(evt.EVT_C_STORE, keep)
    *_, (status, _) = association.send_c_get(identifier(level, keys), UID(STUDY_ROOT_GET))
    association.release()
    assert (status.Status, len(set(received))) == ((0, number) if relational else (0xA900, 0))


def an_image(archive: Archive) -> str:
    """The UID of an instance of the first study."""
    with archive.index.read() as connection:
        statement = "SELECT sop_instance_uid FROM instance ORDER BY id LIMIT 1"
        return str(connection.exec_driver_sql(statement).scalar())
