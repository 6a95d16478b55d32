"""Reading from an Orthanc that lies, cuts the line or is none: a server of a few lines, because a real one does not."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import orjson
import pytest

from pacs.federation.orthanc_import import OrthancImport
from pacs.federation.orthanc_source import OrthancSource, SourceAway, SourceFault, normal_address
from storage.access import facilities
from storage.access.principal import SYSTEM
from storage.archive import Archive, server_import
from storage.errors import InvalidRequest
from storage.settings import StorageSettings
from tests import instances
from tests.peers import free_port

NAMES = [f"0000000{number}-1-2-3-4".replace("-", "-0000000") for number in range(1, 6)]
Answers = dict[str, bytes | tuple[int, bytes] | Callable[[], bytes]]


@pytest.fixture
def serve() -> Iterator[Callable[[Answers], str]]:
    """Serve these answers by path; a pair is (the length that is claimed, fewer bytes)."""
    servers: list[ThreadingHTTPServer] = []

    def start(answers: Answers) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = answers.get(self.path.partition("?")[0])
                if found is None:
                    self.send_error(404)
                    return
                length, body = found if isinstance(found, tuple) else (None, found() if callable(found) else found)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def archive(storage_settings: StorageSettings) -> Iterator[Archive]:
    """An empty archive."""
    made = Archive.open(storage_settings)
    yield made
    made.close()


def orthanc(files: dict[str, bytes]) -> Answers:
    """An honest server of these files, in one study."""
    changes = [
        {"ChangeType": "NewInstance", "ID": name, "Seq": number, "ResourceType": "Instance"}
        for number, name in enumerate(files, start=1)
    ]
    answers: Answers = {
        "/system": orjson.dumps({"Version": "1.12.0"}),
        "/statistics": orjson.dumps({"CountInstances": len(files)}),
        "/changes": orjson.dumps({"Changes": changes, "Done": True, "Last": len(files)}),
        "/studies": b"[]",
    }
    for name, data in files.items():
        answers[f"/instances/{name}/file"] = data
        answers[f"/instances/{name}/attachments/dicom/md5"] = (
            hashlib.md5(data, usedforsecurity=False).hexdigest().encode()
        )
    return answers


def files(count: int) -> dict[str, bytes]:
    """Part 10 files of one study by their names there."""
    found = {}
    for name, dataset in zip(NAMES, instances.study(count, rows=8, columns=8), strict=False):
        buffer = BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        found[name] = buffer.getvalue()
    return found


def run(archive: Archive, address: str) -> OrthancImport:
    """Take over what a server has; gives the run, which may have refused files."""
    source = OrthancSource(address)
    facility = facilities.get_or_create(archive.index, "LOCAL")
    stop = threading.Event()
    made = OrthancImport(archive, source, facility_id=facility.id, principal=SYSTEM, stop=stop)
    try:
        made.run()
    finally:
        source.close()
    return made


def told(archive: Archive) -> dict[str, object]:
    (row,) = server_import.listed(archive, SYSTEM)
    return row


def test_a_file_that_is_not_the_one_it_received_is_refused_and_the_others_come(
    archive: Archive, serve: Callable[[Answers], str]
) -> None:
    there = files(3)
    answers = orthanc(there)
    damaged = bytearray(there[NAMES[1]])
    damaged[-5] ^= 1
    answers[f"/instances/{NAMES[1]}/file"] = bytes(damaged)
    made = run(archive, serve(answers))
    row = server_import.show(archive, made.running.id, SYSTEM)
    assert (row["stored"], row["refused"], row["state"]) == (2, 1, "complete")
    (problem,) = row["problems"]
    assert problem["subject"] == NAMES[1]
    assert "MD5 differ" in problem["reason"]
    answers[f"/instances/{NAMES[1]}/file"] = there[NAMES[1]]


def test_a_file_that_is_cut_each_time_is_refused_alone(
    archive: Archive, serve: Callable[[Answers], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pacs.federation.orthanc_import._PAUSES_S", (0.0,))
    there = files(2)
    answers = orthanc(there)
    answers[f"/instances/{NAMES[0]}/file"] = len(there[NAMES[0]]), there[NAMES[0]][:-20]
    row = server_import.show(archive, run(archive, serve(answers)).running.id, SYSTEM)
    assert (row["stored"], row["refused"]) == (1, 1)
    assert "cut" in row["problems"][0]["reason"]


def test_a_server_without_digests_is_taken_over_and_says_so(archive: Archive, serve: Callable[[Answers], str]) -> None:
    answers = orthanc(files(2))
    for name in NAMES:
        answers.pop(f"/instances/{name}/attachments/dicom/md5", None)
    run(archive, serve(answers))
    assert (told(archive)["stored"], told(archive)["unproven"]) == (2, 2)


def test_another_database_behind_the_same_address_is_read_from_its_beginning(
    archive: Archive, serve: Callable[[Answers], str]
) -> None:
    answers = orthanc(files(3))
    address = serve(answers)
    run(archive, address)
    answers.clear()
    answers.update(orthanc(files(2)))
    run(archive, address)
    assert (told(archive)["stored"], told(archive)["position"]) == (5, 2)


@pytest.mark.parametrize(
    "lie",
    [
        {"Changes": [{"ChangeType": "NewInstance", "ID": "../../system", "Seq": 1}], "Done": True, "Last": 1},
        {"Changes": [{"ChangeType": "NewInstance", "ID": NAMES[0], "Seq": -1}], "Done": True, "Last": 1},
        {"Changes": [], "Done": False, "Last": 0},
        {"Changes": {}, "Done": True, "Last": 3},
        ["no", "object"],
    ],
)
def test_a_log_of_changes_that_cannot_be_true_ends_the_import(
    archive: Archive, serve: Callable[[Answers], str], lie: object
) -> None:
    answers = orthanc({})
    lies = iter([orjson.dumps({"Changes": [], "Done": True, "Last": 0})])
    answers["/changes"] = lambda: next(lies, orjson.dumps(lie))
    with pytest.raises(SourceFault):
        run(archive, serve(answers))
    assert told(archive)["state"] == "failed"
    assert told(archive)["stored"] == 0


def test_what_is_no_orthanc_or_not_there_is_said_in_plain_words(serve: Callable[[Answers], str]) -> None:
    other = OrthancSource(serve({"/system": b'{"name": "another product"}'}))
    with pytest.raises(SourceFault, match="is no Orthanc"):
        other.version()
    away = OrthancSource(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SourceAway, match="nothing answers there"):
        away.version()
    other.close()
    away.close()


def test_an_answer_without_end_is_not_read_to_its_end(
    serve: Callable[[Answers], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pacs.federation.orthanc_source.MAXIMUM_ANSWER_BYTES", 1000)
    source = OrthancSource(serve({"/system": b" " * 1_000_000}))
    with pytest.raises(SourceFault, match="longer than any real one"):
        source.version()
    source.close()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://10.1.2.3:8042/", "http://10.1.2.3:8042"),
        ("https://Old-PACS/orthanc/", "https://old-pacs/orthanc"),
        ("http://[::1]:8042", "http://[::1]:8042"),
    ],
)
def test_an_address_has_one_form(given: str, kept: str) -> None:
    assert normal_address(given) == kept


@pytest.mark.parametrize(
    "given", ["10.1.2.3:8042", "ftp://a", "http://", "http://u:p@a", "http://a:99999", "http://a?b"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(InvalidRequest):
        normal_address(given)


def test_the_certificates_must_be_readable(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="certificates"):
        OrthancSource("https://a", certificates=tmp_path / "none.pem")
