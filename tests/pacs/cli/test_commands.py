"""The command line beside a running node, as an administrator uses it."""

import json
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx

from tests import instances
from tests.peers import dcmtk, free_port
from tests.peers.filmless import Filmless
from tests.wait import HUNG_S


def sign_in(server: Filmless, password: str) -> int:
    """Sign in as admin; the status of the answer."""
    account = {"account": "admin", "password": password}
    return httpx.post(f"{server.url}/api/session", json=account, timeout=HUNG_S).status_code


def test_the_second_start_is_quick_and_keeps_the_first_sign_in(
    start_pacs: Callable[..., Filmless], tmp_path: Path
) -> None:
    first = start_pacs()
    line = next(line for line in first.output if line.startswith("Sign in as admin"))
    password = line.split()[-1]
    assert len(password) >= 14
    assert sign_in(first, password) == 200
    assert first.stop() == 0
    second = start_pacs()
    assert line in second.output
    second.cli("user", "passwd", "admin", "--password-stdin", text="a much longer password\n")
    assert sign_in(second, password) == 401
    assert second.stop() == 0
    third = start_pacs()
    assert not any(line.startswith("Sign in as admin") for line in third.output)


def test_a_second_tree_on_the_same_data_is_refused(running_pacs: Filmless) -> None:
    other = Filmless(running_pacs.data)
    answer = other.cli("up", "--http-port", str(free_port()), "--dicom-port", str(free_port()), check=False)
    assert answer.returncode == 1
    assert "Another pacs up is running" in answer.stderr


def test_a_taken_port_is_said_plainly(running_pacs: Filmless, tmp_path: Path) -> None:
    other = Filmless(tmp_path / "other")
    answer = other.cli("up", "--http-port", str(running_pacs.http_port), "--dicom-port", str(free_port()), check=False)
    assert answer.returncode == 1
    assert f"The HTTP port {running_pacs.http_port}" in answer.stderr
    assert "--http-port" in answer.stderr


def test_an_attribute_is_made_searchable_while_everything_runs(running_pacs: Filmless) -> None:
    assert "00400275.00401001" in running_pacs.cli("attributes", "list").stdout
    added = running_pacs.cli("attributes", "add", "MilitaryRank")
    assert "at level patient" in added.stdout
    assert "MilitaryRank" in running_pacs.cli("attributes", "list").stdout
    again = running_pacs.cli("attributes", "add", "MilitaryRank", check=False)
    assert (again.returncode, again.stderr.strip()) == (
        1, "pacs: This attribute is searchable already, or still being removed."
    )  # fmt: skip
    assert "is removed" in running_pacs.cli("attributes", "remove", "MilitaryRank").stdout


def test_accounts_and_tokens(running_pacs: Filmless) -> None:
    running_pacs.add_account("bs.duc", "radiologist", "mật khẩu rất dài của tôi")
    assert "bs.duc" in running_pacs.cli("user", "list").stdout
    good = httpx.post(
        f"{running_pacs.url}/api/session",
        json={"account": "bs.duc", "password": "mật khẩu rất dài của tôi"},
        timeout=HUNG_S,
    )
    assert good.status_code == 200
    assert good.json()["roles"] == ["radiologist"]
    short = running_pacs.cli("user", "add", "short", "--role", "admin", "--password-stdin", text="short\n", check=False)
    assert short.returncode == 1
    assert "14" in short.stderr
    token = running_pacs.cli("token", "create", "--role", "referrer", "--days", "1").stdout.strip()
    answer = httpx.get(f"{running_pacs.url}/api/studies", headers={"Authorization": f"Bearer {token}"}, timeout=HUNG_S)
    assert answer.status_code == 200


def test_application_entities(running_pacs: Filmless) -> None:
    running_pacs.cli("ae", "add", "CT1@192.0.2.7:104", "--facility", "HN01")
    assert "CT1" in running_pacs.cli("ae", "list").stdout
    assert running_pacs.cli("ae", "add", "nonsense", check=False).returncode == 1
    running_pacs.cli("ae", "remove", "CT1")
    assert "CT1" not in running_pacs.cli("ae", "list").stdout
    assert running_pacs.cli("ae", "remove", "CT1", check=False).returncode == 1


def test_echo_and_send(running_pacs: Filmless, tmp_path: Path) -> None:
    address = f"{running_pacs.aet}@127.0.0.1:{running_pacs.dicom_port}"
    assert running_pacs.cli("echo", address).returncode == 0
    wrong = running_pacs.cli("echo", f"NOBODY@127.0.0.1:{running_pacs.dicom_port}", check=False)
    assert wrong.returncode == 1
    assert "1/1/7" in wrong.stderr
    assert running_pacs.cli("echo", f"X@127.0.0.1:{free_port()}", check=False).returncode == 1

    datasets = instances.study(5)
    instances.save(datasets, tmp_path / "files")
    (tmp_path / "files" / "letter.txt").write_text("not DICOM")
    sent = running_pacs.cli("send", str(tmp_path / "files"), address, check=False)
    assert "5 sent" in sent.stdout
    assert "letter.txt" in sent.stdout
    with running_pacs.client() as client:
        row = client.get("/dicom-web/studies", params={"StudyInstanceUID": datasets[0].StudyInstanceUID}).json()[0]
    assert row["00201208"]["Value"] == [5]


def test_status_counts(running_pacs: Filmless) -> None:
    facts = json.loads(running_pacs.cli("status", "--json").stdout)
    assert facts["running"] is True
    assert facts["studies"] >= 0


def test_the_doctor_finds_a_healthy_node_well(start_pacs: Callable[..., Filmless]) -> None:
    server = start_pacs()
    ports = ("--http-port", str(server.http_port), "--dicom-port", str(server.dicom_port))
    answer = server.cli("doctor", *ports, check=False)
    assert "BAD" not in "\n".join(line for line in answer.stdout.splitlines() if "clock" not in line), answer.stdout


def test_the_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    ill = Filmless(
        tmp_path / "ill",
        {
            "FILMLESS_DATABASE_URL": f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none?connect_timeout=2",
            "FILMLESS_MINIMUM_FREE_BYTES": str(10**18),
        },
    )
    answer = ill.cli("doctor", check=False)
    assert answer.returncode == 1
    lines = [line for line in answer.stdout.splitlines() if line.startswith("BAD")]
    assert any("disk" in line for line in lines)
    assert any("index" in line or "archive" in line for line in lines)


def test_import_of_folder_zip_and_dicomdir(running_pacs: Filmless, tmp_path: Path) -> None:
    folder, zipped, medium = instances.study(4), instances.study(3), instances.study(2)
    instances.save(folder, tmp_path / "in" / "folder")
    (tmp_path / "in" / "folder" / "notes.txt").write_text("hello")
    with zipfile.ZipFile(tmp_path / "in" / "more.zip", "w") as archive:
        for path in instances.save(zipped, tmp_path / "zipped"):
            archive.write(path, f"disc/{path.name}")
    report_file = tmp_path / "report.json"
    answer = running_pacs.cli("import", str(tmp_path / "in"), "--report", str(report_file), check=False)
    assert answer.returncode == 2, answer.stderr
    report = json.loads(report_file.read_text())
    assert report["stored"] == 7
    assert [Path(row["file"]).name for row in report["refused"]] == ["notes.txt"]
    assert report["refused"][0]["reason"]

    files = tmp_path / "disc"
    files.mkdir()
    for number, path in enumerate(instances.save(medium, tmp_path / "medium")):
        shutil.copy(path, files / f"IM{number}")
    subprocess.run(
        [dcmtk.program("dcmmkdir"), "+id", str(files), "IM0", "IM1", "+D", str(files / "DICOMDIR"), "-Pgp", "-W"],
        check=True,
        capture_output=True,
    )
    answer = running_pacs.cli("import", str(files / "DICOMDIR"))
    assert "2 stored" in answer.stdout
    again = running_pacs.cli("import", str(files))
    assert "2 already here" in again.stdout
    (files / "IM1").unlink()
    scratched = running_pacs.cli("import", str(files / "DICOMDIR"), check=False)
    assert scratched.returncode == 2
    assert "1 already here" in scratched.stdout
    assert "IM1: The file cannot be read: No such file or directory" in scratched.stdout


def test_an_import_that_was_killed_goes_on_where_it_stopped(running_pacs: Filmless, tmp_path: Path) -> None:
    datasets = instances.study(300, rows=16, columns=16)
    instances.save(datasets, tmp_path / "files")
    from tests.peers.filmless import PACS  # noqa: PLC0415

    process = subprocess.Popen(
        [PACS, "import", str(tmp_path / "files"), "--data", str(running_pacs.data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with running_pacs.client() as client:
        deadline = time.monotonic() + HUNG_S
        while time.monotonic() < deadline:
            rows = client.get("/dicom-web/studies", params={"StudyInstanceUID": datasets[0].StudyInstanceUID}).json()
            if rows and rows[0]["00201208"]["Value"][0] >= 20:
                break
            time.sleep(0.02)
        process.kill()
        process.wait()
        again = running_pacs.cli("import", str(tmp_path / "files"))
        assert "before the interruption" in again.stdout
        rows = client.get("/dicom-web/studies", params={"StudyInstanceUID": datasets[0].StudyInstanceUID}).json()
    assert rows[0]["00201208"]["Value"] == [300]
