"""DCMTK as modality, workstation and archive."""

import hashlib
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dicom_nodes.scu.store import store
from storage.access import ae
from storage.access.principal import SYSTEM
from storage.archive import Archive, retrieve
from storage.archive.query import Query, search
from storage.archive.retrieve import InstanceRow
from storage.dicom.part10 import read_meta
from storage.errors import ArchiveError
from storage.settings import StorageSettings
from tests.dicom_nodes.conftest import RunningNode, archive, node, opened, start, start_node
from tests.dicom_nodes.instance_bytes import ct, data_set_of, write
from tests.peers import free_port, require
from tests.wait import HUNG_S

pytestmark = pytest.mark.interop
__all__ = ["archive", "node", "start_node"]


def run(program: str, *arguments: str, check: bool = True, nagle: bool = False) -> str:
    """Run a DCMTK tool; what it said."""
    environment = dict(os.environ) if nagle else os.environ | {"TCP_NODELAY": "1"}
    done = subprocess.run(
        [require(f"/usr/bin/{program}"), *arguments], capture_output=True, check=False, timeout=120, env=environment
    )
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert not check or done.returncode == 0, said
    return said


class StoreSCP:
    """DCMTK's storescp, which writes data sets as they come."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = free_port()
        folder.mkdir()
        self._process = subprocess.Popen(
            [
                require("/usr/bin/storescp"),
                *("-aet", "STORESCP", "--output-directory", str(folder), "--bit-preserving", *options),
                str(self.port),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + HUNG_S
        while "Echo" not in run("echoscu", "-v", "127.0.0.1", str(self.port), check=False):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def data_sets(self) -> Counter[str]:
        """SHA-256 of each data set that arrived."""
        return Counter(digest(path) for path in self.folder.iterdir())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def store_scp(tmp_path: Path) -> Iterator[Callable[..., StoreSCP]]:
    """Start storescp with options."""
    running: list[StoreSCP] = []

    def start(*options: str) -> StoreSCP:
        running.append(StoreSCP(tmp_path / f"storescp{len(running)}", *options))
        return running[-1]

    yield start
    for one in running:
        one.close()


def digest(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha256(content[read_meta(content)[1] :]).hexdigest()


def rows(archive: Archive) -> list[InstanceRow]:
    """Everything that is kept."""
    studies = search(archive, Query(level="STUDY", defaults=False), SYSTEM).rows
    uids = [str(study["0020000D"]["Value"][0]) for study in studies]
    return [row for uid in uids for row in retrieve.instances(archive, uid)]


def readable(folder: Path) -> list[Path]:
    """Files that DCMTK can send: Part 10 with its UIDs."""
    found = []
    for path in sorted(folder.rglob("*.dcm")):
        try:
            meta, _ = read_meta(path.read_bytes())
        except ArchiveError:
            continue
        if meta.sop_class_uid and meta.sop_instance_uid:
            found.append(path)
    return found


def test_echo(node: RunningNode) -> None:
    assert "Received Echo Response (Success)" in run("echoscu", "-d", "-aec", "FILMLESS", "127.0.0.1", str(node.port))


def test_a_wrong_title_and_a_foreign_ae_are_told_which(start_node: Callable[..., RunningNode]) -> None:
    node = start_node(trust_loopback=False)
    wrong = run("echoscu", "-aec", "OTHER", "127.0.0.1", str(node.port), check=False)
    assert "Called AE Title Not Recognized" in wrong
    foreign = run("echoscu", "-aet", "FOREIGN", "-aec", "FILMLESS", "127.0.0.1", str(node.port), check=False)
    assert "Calling AE Title Not Recognized" in foreign


def test_every_file_is_accepted_or_refused_with_a_reason_and_kept_as_sent(
    node: RunningNode, archive: Archive, store_scp: Callable[..., StoreSCP], dicom_files: Path
) -> None:
    """The oracle is what the same dcmsend delivers to DCMTK's own receiver."""
    # The 13 syntaxes of one slice share one SOP Instance UID: the others have a test of their own.
    files = [path for path in readable(dicom_files) if path.parent.name != "ctimage"]
    oracle = store_scp("+xa", "--unique-filenames", "--promiscuous")
    arguments = ["-v", "--no-halt", "--decompress-never", "-aec"]
    names = [str(path) for path in files]
    run("dcmsend", *arguments, "STORESCP", "127.0.0.1", str(oracle.port), *names, check=False)
    said = run("dcmsend", *arguments, "FILMLESS", "127.0.0.1", str(node.port), *names, check=False)
    kept = {row.dataset_sha256 for row in rows(archive)}
    assert kept <= set(oracle.data_sets())
    assert len(kept) > 150
    accepted = int(re.search(r"with status SUCCESS\s*: (\d+)", said)[1])  # type: ignore[index]  # fails the test if absent
    assert accepted >= len(kept)
    for row in rows(archive):
        stored = retrieve.open_instance(archive, row).read(row.dataset_offset)
        assert hashlib.sha256(stored).hexdigest() == row.dataset_sha256


def test_one_slice_in_every_syntax(tmp_path: Path, dicom_files: Path) -> None:
    """Most of the thirteen name the same SOP Instance, so each goes into an archive of its own.

    Sent by ourselves, because dcmsend re-encodes: uncompressed syntaxes, deflated streams, group lengths.
    """
    files = sorted((dicom_files / "syntaxes" / "ctimage").glob("*.dcm"))
    for path in files:
        folder = tmp_path / path.stem
        with opened(StorageSettings.model_validate({"data_dir": folder, "minimum_free_bytes": 0})) as archive:
            node = start(archive)
            try:
                assert store([path], node.destination, node.settings)[0].status == 0
            finally:
                node.stop()
            (row,) = rows(archive)
            assert row.transfer_syntax_uid == read_meta(path.read_bytes())[0].transfer_syntax_uid
            sent = data_set_of(path)
            # A deflated stream of odd length travels with the padding of PS3.5 §A.5.
            stored = retrieve.open_instance(archive, row).read(row.dataset_offset)
            assert stored == sent + bytes(len(sent) % 2)
    assert len(files) == 13


def test_storescu_with_an_extended_negotiation(node: RunningNode, archive: Archive, tmp_path: Path) -> None:
    path = write(tmp_path, ct())
    run("storescu", "-aec", "FILMLESS", "--max-pdu", "4096", "127.0.0.1", str(node.port), str(path))
    (row,) = rows(archive)
    assert row.dataset_sha256 == digest(path)


def test_findscu(node: RunningNode, tmp_path: Path) -> None:
    dataset = ct()
    run("storescu", "-aec", "FILMLESS", "127.0.0.1", str(node.port), str(write(tmp_path, dataset)))
    for model, level in (("-P", "PATIENT"), ("-P", "STUDY"), ("-S", "STUDY")):
        said = run(
            "findscu", model, "-aec", "FILMLESS", "127.0.0.1", str(node.port),
            *("-k", f"QueryRetrieveLevel={level}", "-k", "PatientName=NGUYEN^VAN*", "-k", "PatientID"),
        )  # fmt: skip
        assert "NGUYỄN^VĂN^ĐỨC" in said
        assert "079201000001" in said


def test_movescu_and_getscu(
    node: RunningNode, archive: Archive, store_scp: Callable[..., StoreSCP], tmp_path: Path, dicom_files: Path
) -> None:
    study = dicom_files / "studies" / "mr-brain-2-series"
    files = readable(study)
    run("dcmsend", "-aec", "FILMLESS", "127.0.0.1", str(node.port), *map(str, files))
    uid = rows(archive)[0].study_instance_uid
    destination = store_scp("+xa")
    ae.add(archive.index, "STORESCP", "127.0.0.1", destination.port, facility_code="LOCAL")
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={uid}")
    run("movescu", "-S", "-aec", "FILMLESS", "-aem", "STORESCP", "127.0.0.1", str(node.port), *keys)
    kept = Counter(row.dataset_sha256 for row in rows(archive) if row.study_instance_uid == uid)
    assert destination.data_sets() == kept
    got = tmp_path / "got"
    got.mkdir()
    run("getscu", "-S", "-aec", "FILMLESS", "-od", str(got), "--bit-preserving", "127.0.0.1", str(node.port), *keys)
    assert Counter(digest(path) for path in got.iterdir()) == kept


def test_a_receiver_of_plain_syntaxes_only_gets_converted_images(
    node: RunningNode, archive: Archive, store_scp: Callable[..., StoreSCP], dicom_files: Path
) -> None:
    source = dicom_files / "syntaxes" / "ctimage" / "JPEGLSLossless_1.2.4.80.dcm"
    run("dcmsend", "--decompress-never", "-aec", "FILMLESS", "127.0.0.1", str(node.port), str(source))
    destination = store_scp("+xi")  # Implicit VR only
    ae.add(archive.index, "STORESCP", "127.0.0.1", destination.port, facility_code="LOCAL")
    (row,) = rows(archive)
    run(
        "movescu", "-S", "-aec", "FILMLESS", "-aem", "STORESCP", "127.0.0.1", str(node.port),
        *("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={row.study_instance_uid}"),
    )  # fmt: skip
    (arrived,) = destination.folder.iterdir()
    plain = dicom_files / "syntaxes" / "ctimage" / "LittleEndianExplicit_1.2.1.dcm"
    assert data_set_of(plain)[-524288:] == data_set_of(arrived)[-524288:]
