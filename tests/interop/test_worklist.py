"""The worklist against what is right by hand: twelve orders, all kinds of queries, three clients, two charsets."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_nodes.scu.association import associated
from storage.access import ae
from storage.access.ae_policy import Policy
from storage.settings import StorageSettings
from tests.dicom_nodes.conftest import RunningNode, opened, start
from tests.dicom_nodes.orders import make_orders
from tests.peers import postgresql, require

pytestmark = pytest.mark.interop

MODEL = "1.2.840.10008.5.1.4.31"
ALL = frozenset(f"RP{number:02d}" for number in range(1, 13))
STEP = "ScheduledProcedureStepSequence"


@dataclass(frozen=True)
class Case:
    """A query as findscu writes it, and the procedures that it must find."""

    keys: tuple[str, ...]
    expected: frozenset[str]


def case(keys: str, *expected: int) -> Case:
    """Keys separated by semicolons; ``expected`` are the numbers of the procedures."""
    return Case(tuple(part.strip() for part in keys.split(";")), frozenset(f"RP{number:02d}" for number in expected))


def step(key: str) -> str:
    return f"{STEP}[0].{key}"


CASES = {
    "everything": Case((step("Modality="),), ALL),
    "machine": case(step("ScheduledStationAETitle=CT1"), 1, 2, 4, 7, 9, 10),
    "machine and modality": case(f"{step('ScheduledStationAETitle=CT1')}; {step('Modality=CT')}", 1, 2, 7, 10),
    "second of two machines": case(f"{step('ScheduledStationAETitle=CT2')}; {step('Modality=CT')}", 2, 5),
    "two modalities": case(step(r"Modality=MR\US"), 3, 6, 8, 11, 12),
    "one day": case(step("ScheduledProcedureStepStartDate=20251123"), 8, 9, 10),
    "range of days": case(step("ScheduledProcedureStepStartDate=20251123-20251124"), 8, 9, 10, 11, 12),
    "until a day": case(step("ScheduledProcedureStepStartDate=-20251122"), 1, 2, 3, 4, 5, 6, 7),
    "from a day": case(step("ScheduledProcedureStepStartDate=20251124-"), 11, 12),
    "day and hours": case(
        f"{step('ScheduledProcedureStepStartDate=20251122')}; {step('ScheduledProcedureStepStartTime=0815-1000')}",
        *(2, 3, 4, 5),
    ),
    "hours of any day": case(step("ScheduledProcedureStepStartTime=1330-"), 6, 7, 12),
    "minute with seconds": case(step("ScheduledProcedureStepStartTime=073000"), 1, 8),
    "name in ASCII": case("PatientName=NGUYEN^VAN^DUC", 1, 8),
    "name with wildcard": case("PatientName=nguyen*", 1, 5, 8),
    "one letter": case("PatientName=TRAN^TH?^BINH", 2),
    "end of a name": case("PatientName=*binh", 2, 12),
    "letter with a stroke": case("PatientName=dang*", 6),
    "patient ID": case("PatientID=079201000003", 3),
    "patient ID wildcard": case("PatientID=0792*", 1, 3, 8, 12),
    "accession number": case("AccessionNumber=A010", 10),
    "accession wildcard": case("AccessionNumber=A00?", 1, 2, 3, 4, 5, 6, 7, 8, 9),
    "UIDs": case(r"StudyInstanceUID=1.2.826.0.1.3680043.10.1.4\1.2.826.0.1.3680043.10.1.9", 4, 9),
    "code in the step": case(step("ScheduledProtocolCodeSequence[0].CodeValue=77477000"), 1, 7),
    "code of the procedure": case("RequestedProcedureCodeSequence[0].CodeValue=169069000", 2, 10),
    "code and scheme that do not go together": case(
        "RequestedProcedureCodeSequence[0].CodeValue=169069000; "
        "RequestedProcedureCodeSequence[0].CodingSchemeDesignator=LN"
    ),
    "birth date": case("PatientBirthDate=19850101-19911231", 2, 9, 10),
    "sex and modality": case(f"PatientSex=F; {step('Modality=CT')}", 2, 5),
    "priority": case("RequestedProcedurePriority=STAT", 2),
    "status": case(step("ScheduledProcedureStepStatus=SCHEDULED"), *range(1, 13)),
    "step ID": case(step("ScheduledProcedureStepID=S06"), 6),
    "nobody": case("PatientID=0"),
    "exact case of codes": case(step("Modality=ct")),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A node with the orders and two machines that read different characters."""
    folder = tmp_path_factory.mktemp("worklist")
    settings = {"data_dir": folder / "data", "minimum_free_bytes": 0}
    if request.param == "postgresql":
        server: postgresql.PostgreSQL = request.getfixturevalue("postgres")
        settings["database_url"] = server.database()
    with opened(StorageSettings.model_validate(settings)) as archive:
        make_orders(archive)
        ae.add(archive.index, "CT1", "127.0.0.1", 104, facility_code="LOCAL")
        plain = Policy(worklist_charset="ascii")
        ae.add(archive.index, "OLDCT", "127.0.0.1", 104, facility_code="LOCAL", policy=plain)
        ae.add(archive.index, "BLIND", "127.0.0.1", 104, facility_code="LOCAL", policy=Policy(may_worklist=False))
        running = start(archive)
        yield running
        running.stop()


def findscu(node: RunningNode, folder: Path, keys: tuple[str, ...], title: str = "CT1") -> list[Dataset]:
    """What DCMTK is answered, read back from the files it writes."""
    folder.mkdir()
    asked = {"RequestedProcedureID", *keys}
    with (folder / "said").open("w") as said:
        done = subprocess.run(
            [
                *(require("/usr/bin/findscu"), "-W", "-aet", title, "-aec", "FILMLESS", "-X", "-od", str(folder)),
                *("127.0.0.1", str(node.port)),
                *(part for key in sorted(asked) for part in ("-k", key)),
            ],
            stdout=said, stderr=said, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, (folder / "said").read_text()
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]


def data_set(keys: tuple[str, ...]) -> Dataset:
    """The same query as a data set."""
    made = Dataset()
    made.RequestedProcedureID = None
    for key in keys:
        path, _, value = key.partition("=")
        *above, keyword = path.split(".")
        inside = made
        for one in above:
            name = one.partition("[")[0]
            if name not in inside:
                setattr(inside, name, Sequence([Dataset()]))
            inside = getattr(inside, name)[0]
        setattr(inside, keyword, value.split("\\") if "\\" in value else value or None)
    return made


def ask(node: RunningNode, query: Dataset) -> tuple[list[int], list[Dataset]]:
    """All statuses and all answers."""
    with associated(node.destination, [(MODEL, ["1.2.840.10008.1.2"])], node.settings) as association:
        found = list(association.send_c_find(query, MODEL))
    return [status.Status for status, _ in found], [match for _, match in found if match is not None]


def procedures(answers: list[Dataset]) -> list[str]:
    return sorted(str(answer.RequestedProcedureID) for answer in answers)


@pytest.mark.parametrize("name", CASES)
def test_findscu(node: RunningNode, tmp_path: Path, name: str) -> None:
    assert procedures(findscu(node, tmp_path / "found", CASES[name].keys)) == sorted(CASES[name].expected)


@pytest.mark.parametrize("name", CASES)
def test_pynetdicom(node: RunningNode, name: str) -> None:
    statuses, answers = ask(node, data_set(CASES[name].keys))
    assert procedures(answers) == sorted(CASES[name].expected)
    assert statuses == [0xFF00] * len(answers) + [0]


def test_odil(node: RunningNode) -> None:
    script = Path(__file__).with_name("odil_find.py")
    queries = json.dumps([data_set(one.keys).to_json_dict() for one in CASES.values()])
    done = subprocess.run(
        [require("/usr/bin/python3"), str(script), "127.0.0.1", str(node.port), "CT1", queries],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = [sorted(one["00401001"]["Value"][0] for one in found) for found in json.loads(done.stdout)]
    assert dict(zip(CASES, answers, strict=True)) == {name: sorted(one.expected) for name, one in CASES.items()}


EVERYTHING = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "AccessionNumber"),
    *("ReferringPhysicianName", "RequestingService", "RequestedProcedureDescription", "StudyInstanceUID"),
    *("RequestedProcedurePriority", "RequestedProcedureCodeSequence", "AdmissionID", "PatientWeight"),
    *(step("Modality"), step("ScheduledStationAETitle"), step("ScheduledProcedureStepStartDate")),
    *(step("ScheduledProcedureStepStartTime"), step("ScheduledPerformingPhysicianName")),
    *(step("ScheduledProcedureStepDescription"), step("ScheduledProtocolCodeSequence")),
    *(step("ScheduledProcedureStepID"), step("ScheduledProcedureStepStatus"), step("ScheduledStationName")),
)


def test_two_machines_of_different_charsets_get_the_same_patient(node: RunningNode, tmp_path: Path) -> None:
    (modern,) = findscu(node, tmp_path / "modern", (*EVERYTHING, "AccessionNumber=A006"), "CT1")
    (old,) = findscu(node, tmp_path / "old", (*EVERYTHING, "AccessionNumber=A006"), "OLDCT")
    assert modern.SpecificCharacterSet == "ISO_IR 192"
    assert modern.PatientName == "ĐẶNG^QUỐC^KHÁNH"
    assert modern.RequestedProcedureDescription == "Siêu âm bụng tổng quát"
    assert modern.ScheduledProcedureStepSequence[0].ScheduledPerformingPhysicianName == "KTV^ĐỖ"
    assert "SpecificCharacterSet" not in old
    assert old.PatientName == "DANG^QUOC^KHANH"
    assert old.RequestedProcedureDescription == "Sieu am bung tong quat"
    assert old.RequestingService == "Khoa Cap cuu"
    assert old.ScheduledProcedureStepSequence[0].ScheduledPerformingPhysicianName == "KTV^DO"
    unspoken = ("PatientID", "PatientBirthDate", "StudyInstanceUID", "AccessionNumber", "PatientSex")
    assert [old[name].value for name in unspoken] == [modern[name].value for name in unspoken]


@pytest.mark.parametrize("name", ["Sieu am*", "Siêu âm*"])
def test_an_old_machine_finds_by_what_it_is_told(node: RunningNode, name: str) -> None:
    query = data_set((f"RequestedProcedureDescription={name}",))
    query.SpecificCharacterSet = "ISO_IR 192"
    for title, found in (("CT1", "Siêu"), ("OLDCT", "Sieu")):
        settings = node.settings.model_copy(update={"aet": title})
        with associated(node.destination, [(MODEL, ["1.2.840.10008.1.2.1"])], settings) as association:
            answers = [match for _, match in association.send_c_find(query, MODEL) if match is not None]
        assert procedures(answers) == (["RP06", "RP12"] if name.startswith(found) else [])


def test_what_is_asked_for_is_told_and_nothing_else(node: RunningNode) -> None:
    _, (answer,) = ask(node, data_set((*EVERYTHING, "AccessionNumber=A002")))
    expected = {name.split(".")[0].partition("[")[0] for name in EVERYTHING} | {"RequestedProcedureID"}
    assert {element.keyword for element in answer} == expected | {"SpecificCharacterSet"}
    (inside,) = answer.ScheduledProcedureStepSequence
    assert {element.keyword for element in inside} == {name.split(".")[1] for name in EVERYTHING if "." in name}
    assert list(inside.ScheduledStationAETitle) == ["CT1", "CT2"]
    assert (inside.ScheduledProcedureStepStartDate, inside.ScheduledProcedureStepStartTime) == ("20251122", "0815")
    (code,) = inside.ScheduledProtocolCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning) == ("169069000", "SCT", "CT ngực")
    assert (answer.AdmissionID, answer.PatientWeight, inside.ScheduledStationName) == ("", None, "")


def test_a_step_of_any_machine_is_told_to_whoever_asks(node: RunningNode) -> None:
    query = data_set(("AccessionNumber=A004", step("ScheduledStationAETitle")))
    _, (answer,) = ask(node, query)
    assert answer.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "FILMLESS"
    query.ScheduledProcedureStepSequence[0].ScheduledStationAETitle = "CR7"
    _, (answer,) = ask(node, query)
    assert answer.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "CR7"


def test_a_key_that_no_item_has_is_said_and_left_out(node: RunningNode) -> None:
    statuses, (answer,) = ask(node, data_set(("AccessionNumber=A001", "EthnicGroup=X")))
    assert statuses == [0xFF01, 0]
    assert "EthnicGroup" not in answer


@pytest.mark.parametrize(
    "keys",
    [
        ("PatientBirthDate=yesterday",),
        (step("ScheduledProcedureStepStartDate=20251124-20251122"),),
        (step("ScheduledProcedureStepStartTime=1700-0800"),),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(node: RunningNode, keys: tuple[str, ...]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pydicom.config.settings.writing_validation_mode", 0)
        statuses, answers = ask(node, data_set(keys))
    assert (statuses, answers) == ([0xA900], [])


def test_a_machine_without_the_right_is_refused(node: RunningNode) -> None:
    settings = node.settings.model_copy(update={"aet": "BLIND"})
    with associated(node.destination, [(MODEL, ["1.2.840.10008.1.2"])], settings) as association:
        ((status, _),) = association.send_c_find(data_set((step("Modality"),)), MODEL)
    assert status.Status == 0x0124
