"""Query and retrieval by DCMTK, odil and PixelMed: all levels, cancel, failures, syntaxes."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import RLELossless

from dicom_nodes.scu.store import store
from storage.access import ae
from storage.archive import retrieve
from storage.settings import StorageSettings
from tests.dicom_nodes.conftest import RunningNode, opened, start
from tests.dicom_nodes.instance_bytes import ct, data_set_of, write
from tests.dicom_nodes.test_retrieve import pack
from tests.interop.test_dimse_dcmtk import StoreSCP, run, store_scp
from tests.peers import free_port, require

pytestmark = pytest.mark.interop
__all__ = ["store_scp"]

SLICES = 12
# PixelMed's own example of a query asks for these two and no others.
STUDY, SERIES = "1.2.840.113619.2.5.1762386977.1328.985934491.590", "1.2.840.113619.2.5.1762386977.1328.985934491.643"
LEVELS = (
    ("-P", "PATIENT", ("PatientID=7",), 1),
    ("-P", "STUDY", ("PatientID=7", "StudyInstanceUID"), 1),
    ("-S", "STUDY", ("StudyDate=20250301-", "AccessionNumber=A?", "StudyInstanceUID"), 2),
    ("-S", "SERIES", (f"StudyInstanceUID={STUDY}", "SeriesInstanceUID"), 1),
    ("-P", "IMAGE", ("PatientID=7", f"StudyInstanceUID={STUDY}", f"SeriesInstanceUID={SERIES}", "SOPInstanceUID"), 12),
    ("-S", "IMAGE", (f"StudyInstanceUID={STUDY}", f"SeriesInstanceUID={SERIES}", "InstanceNumber=3"), 1),
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A node with a study of one series, and another of one slice compressed without loss."""
    folder = tmp_path_factory.mktemp("retrieved")
    with opened(StorageSettings.model_validate({"data_dir": folder / "data", "minimum_free_bytes": 0})) as archive:
        running = start(archive)
        slices = [ct(study=STUDY, series=SERIES, number=at, patient_id="7", size=64) for at in range(SLICES)]
        files = [write(folder, one) for one in slices]
        packed = ct(patient_name="Müller^Jörg", patient_id="8", size=64)
        pack(packed)
        files.append(write(folder, packed, RLELossless))
        assert all(sent.status == 0 for sent in store(files, running.destination, running.settings))
        yield running
        running.stop()


def address(node: RunningNode, model: str) -> list[str]:
    """Arguments of a DCMTK tool that calls the node."""
    return [model, "-aec", "FILMLESS", "127.0.0.1", str(node.port)]


def keys(*given: str) -> list[str]:
    """Keys as DCMTK's tools take them."""
    return [part for one in given for part in ("-k", one)]


OF_STUDY = keys("QueryRetrieveLevel=STUDY", f"StudyInstanceUID={STUDY}")


def kept(node: RunningNode) -> dict[str, bytes]:
    """The data sets of the study, by SOP Instance UID."""
    return {
        row.sop_instance_uid: retrieve.open_instance(node.archive, row).read(row.dataset_offset)
        for row in retrieve.instances(node.archive, STUDY)
    }


def arrived(folder: Path) -> dict[str, bytes]:
    """The data sets of files, by SOP Instance UID."""
    return {str(dcmread(path).SOPInstanceUID): data_set_of(path) for path in folder.iterdir()}


@pytest.fixture
def registered(node: RunningNode) -> Iterator[Callable[[str, int], None]]:
    """Register destinations, until the end of the test."""
    titles: list[str] = []

    def register(title: str, port: int) -> None:
        ae.add(node.archive.index, title, "127.0.0.1", port, facility_code="LOCAL")
        titles.append(title)

    yield register
    for title in titles:
        ae.remove(node.archive.index, title)


@pytest.mark.parametrize(("model", "level", "given", "number"), LEVELS)
def test_findscu_at_every_level(node: RunningNode, model: str, level: str, given: tuple[str, ...], number: int) -> None:
    said = run("findscu", "-v", *address(node, model), *keys(f"QueryRetrieveLevel={level}", *given))
    assert said.count("(Pending)") == number
    assert "(Success)" in said


def test_findscu_gets_the_character_set_it_asks_in(node: RunningNode, tmp_path: Path) -> None:
    given = keys("QueryRetrieveLevel=STUDY", "PatientID=8", "PatientName", "SpecificCharacterSet=ISO_IR 100")
    run("findscu", "-X", "-od", str(tmp_path), *address(node, "-S"), *given)
    (answer,) = tmp_path.iterdir()
    found = dcmread(answer, force=True)
    assert (found.SpecificCharacterSet, found.PatientName) == ("ISO_IR 100", "Müller^Jörg")
    assert b"M\xfcller" in answer.read_bytes()


def test_findscu_takes_a_query_back(node: RunningNode) -> None:
    given = keys("QueryRetrieveLevel=IMAGE", f"StudyInstanceUID={STUDY}", f"SeriesInstanceUID={SERIES}")
    said = run("findscu", "-v", "--cancel", "1", *address(node, "-S"), *given, check=False)
    # What comes after the last answer was sent is too late, and still answered.
    assert "(Cancel" in said or "(Success)" in said


@pytest.mark.parametrize("associations", [1, 4])
def test_movescu_over_several_associations(
    node: RunningNode,
    store_scp: Callable[..., StoreSCP],
    registered: Callable[[str, int], None],
    associations: int,
) -> None:
    destination = store_scp("+xa", "--fork")
    registered("STORESCP", destination.port)
    node.settings.move_associations = associations
    said = run("movescu", "-d", "-aem", "STORESCP", *address(node, "-S"), *OF_STUDY)
    assert f"Completed Suboperations       : {SLICES}" in said
    assert "Failed Suboperations          : 0" in said
    assert arrived(destination.folder) == kept(node)


def test_a_destination_that_takes_one_association_gets_everything_over_it(
    node: RunningNode, store_scp: Callable[..., StoreSCP], registered: Callable[[str, int], None]
) -> None:
    destination = store_scp("+xa")  # serves one after the other
    registered("STORESCP", destination.port)
    node.settings.move_associations = 1
    run("movescu", "-aem", "STORESCP", *address(node, "-S"), *OF_STUDY)
    assert arrived(destination.folder) == kept(node)


@pytest.mark.parametrize("option", ["--abort-after", "--abort-during", "--refuse"])
def test_movescu_hears_of_a_destination_that_breaks_off(
    node: RunningNode, registered: Callable[[str, int], None], option: str
) -> None:
    port = free_port()
    command = [require("/usr/bin/storescp"), option, "--ignore", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.3)
        registered("BREAKS", port)
        node.settings.move_associations = 2
        said = run("movescu", "-d", "-aem", "BREAKS", *address(node, "-S"), *OF_STUDY, check=False)
    finally:
        process.kill()
        process.wait()
    assert "0xa702" in said
    assert f"Failed Suboperations          : {SLICES}" in said


def test_movescu_takes_a_retrieval_back(
    node: RunningNode, registered: Callable[[str, int], None], store_scp: Callable[..., StoreSCP]
) -> None:
    destination = store_scp("+xa", "--fork", "--sleep-after", "1")
    registered("STORESCP", destination.port)
    node.settings.move_associations = 2
    said = run("movescu", "-d", "--cancel", "1", "-aem", "STORESCP", *address(node, "-S"), *OF_STUDY, check=False)
    assert "0xfe00" in said.lower()
    final = said.lower().rindex("0xfe00")
    assert 0 < len(list(destination.folder.iterdir())) < SLICES
    assert "Remaining Suboperations" in said[: final + 2000]


def test_getscu_at_every_level(node: RunningNode, tmp_path: Path) -> None:
    of_series = keys("QueryRetrieveLevel=SERIES", f"StudyInstanceUID={STUDY}", f"SeriesInstanceUID={SERIES}")
    one = next(iter(kept(node)))
    of_image = keys(
        *("QueryRetrieveLevel=IMAGE", f"StudyInstanceUID={STUDY}", f"SeriesInstanceUID={SERIES}"),
        f"SOPInstanceUID={one}",
    )
    of_patient = keys("QueryRetrieveLevel=PATIENT", "PatientID=7")
    cases = (("-S", OF_STUDY, SLICES), ("-S", of_series, SLICES), ("-S", of_image, 1), ("-P", of_patient, SLICES))
    for number, (model, given, count) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        run("getscu", "-od", str(folder), "--bit-preserving", *address(node, model), *given)
        got = arrived(folder)
        assert len(got) == count
        assert got.items() <= kept(node).items()


def test_a_patient_of_another_id_is_not_mixed_in(node: RunningNode, tmp_path: Path) -> None:
    run(
        "getscu", "-od", str(tmp_path), *address(node, "-P"), *OF_STUDY, *keys("PatientID=8"),
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_termscu_stops_nobody(node: RunningNode) -> None:
    run("termscu", "-aec", "FILMLESS", "127.0.0.1", str(node.port), check=False)
    assert "Success" in run("echoscu", "-v", "-aec", "FILMLESS", "127.0.0.1", str(node.port))


def odil(command: str, node: RunningNode, *arguments: str, options: tuple[str, ...] = ()) -> str:
    """Run odil; what it said."""
    called = ("127.0.0.1", str(node.port), "ODIL", "FILMLESS")
    done = subprocess.run(
        [require("/usr/bin/odil"), command, *options, *called, *arguments],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_odil_at_both_roots(node: RunningNode, tmp_path: Path) -> None:
    found = odil("find", node, "patient", "QueryRetrieveLevel=PATIENT", "PatientID=7", "PatientName")
    assert "Patient ID" in found
    found = odil("find", node, "study", "QueryRetrieveLevel=SERIES", f"StudyInstanceUID={STUDY}", "SeriesInstanceUID")
    assert SERIES in found
    given = ("QueryRetrieveLevel=STUDY", f"StudyInstanceUID={STUDY}")
    odil("get", node, "study", *given, options=("--directory", str(tmp_path)))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {str(dcmread(path).SOPInstanceUID) for path in files} == set(kept(node))


def pixelmed(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a program of PixelMed; it says what it does on its error output."""
    jars = ":".join(str(jar) for jar in sorted(Path("/usr/share/java").glob("*.jar")) if not jar.is_symlink())
    path = f"{require('/usr/share/java/pixelmed.jar')}:{jars}"
    command = [require("java"), "-cp", path, f"com.pixelmed.network.{program}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_pixelmed_asks_and_is_moved_to(
    node: RunningNode, registered: Callable[[str, int], None], tmp_path: Path
) -> None:
    """Its C-GET proposes more presentation contexts than there are numbers for, and gives up before it calls."""
    called = ("127.0.0.1", str(node.port), "FILMLESS", "PIXELMED")
    asking = pixelmed("FindSOPClassSCU", *called)
    (tmp_path / "moved").mkdir()
    port = free_port()
    receiving = pixelmed("StorageSOPClassSCPDispatcher", str(port), "PIXELSCP", str(tmp_path / "moved"))
    try:
        said, _ = asking.communicate(timeout=90)
        assert all(uid in said.decode() for uid in kept(node))
        registered("PIXELSCP", port)
        node.settings.move_associations = 3
        moving = pixelmed("MoveSOPClassSCU", *called, "PIXELSCP", "STUDY", STUDY)
        said, _ = moving.communicate(timeout=90)
        assert b"final status = 0x0" in said, said
    finally:
        receiving.kill()
        receiving.communicate()
    moved = [path for path in (tmp_path / "moved").rglob("*") if path.is_file()]
    assert {str(dcmread(path).SOPInstanceUID) for path in moved} == set(kept(node))


def test_what_is_compressed_reaches_who_takes_it_plain_only(node: RunningNode, tmp_path: Path) -> None:
    """getscu proposes uncompressed syntaxes alone."""
    (row,) = [row for uid in studies(node) if uid != STUDY for row in retrieve.instances(node.archive, uid)]
    assert row.transfer_syntax_uid == RLELossless
    given = keys("QueryRetrieveLevel=STUDY", f"StudyInstanceUID={row.study_instance_uid}")
    run("getscu", "-od", str(tmp_path), *address(node, "-S"), *given)
    (path,) = tmp_path.iterdir()
    assert dcmread(path).PixelData == ct(size=64).PixelData


def studies(node: RunningNode) -> list[str]:
    """The studies of the node."""
    with node.archive.index.read() as connection:
        return [str(uid) for uid in connection.exec_driver_sql("SELECT study_instance_uid FROM study").scalars()]
