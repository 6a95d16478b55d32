"""Machines that are refused: with the standard's own reason, told in plain words, no patient data in the log."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pynetdicom.ae import ApplicationEntity

from storage.access import certificates
from tests import instances
from tests.peers import dcmtk, free_port
from tests.peers.filmless import Filmless
from tests.wait import until

pytestmark = pytest.mark.interop

UNKNOWN_CLASSES = ("1.2.840.10008.5.1.4.34.6.1", "1.2.826.0.1.3680043.8.498.1")  # UPS Push, and a private one
PATIENT = "BÍ^MẬT"
PASSWORD = "a long enough passphrase"


@dataclass
class Hospital:
    """A node that trusts nobody, its TLS port and its certificates."""

    node: Filmless
    tls_port: int
    tls: Path

    def echo(self, *options: str, port: int | None = None, aet: str = "CT1", aec: str = "FILMLESS") -> str:
        """What ``echoscu`` says."""
        return run("echoscu", "-v", *options, "-aet", aet, "-aec", aec, port=port or self.node.dicom_port)

    def identity(self, name: str) -> tuple[str, ...]:
        """DCMTK's options of TLS with a certificate of ours."""
        key, certificate = (str(self.tls / f"{name}.{kind}") for kind in ("key", "crt"))
        return ("+tls", key, certificate, "+cf", str(self.tls / "authority.crt"))

    def findings(self) -> list[dict[str, Any]]:
        """What the doctor knows."""
        with self.node.client() as client:
            found: list[dict[str, Any]] = client.get("/api/network/findings").json()["findings"]
        return found

    def told(self, cause: str, **wanted: str) -> dict[str, Any]:
        """Wait until the doctor tells of a cause."""

        def matching() -> list[dict[str, Any]]:
            wanted_too = {"cause": cause, **wanted}
            return [one for one in self.findings() if all(one[name] == value for name, value in wanted_too.items())]

        until(matching, within_s=15, every_s=0.3)
        return matching()[0]


def run(program: str, *arguments: str, port: int) -> str:
    """Run a DCMTK client and give all it says."""
    done = subprocess.run(
        [dcmtk.program(program), *arguments, "127.0.0.1", str(port)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dcmtk.environment(),
        timeout=60,
    )
    return done.stdout


def alert(port: int, *options: str) -> str:
    """What OpenSSL's own client, which unlike DCMTK tells alerts, is told."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-quiet", "-ign_eof", *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, input="x", timeout=60)
    return done.stderr


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """One for the module; CT1 may do all, CT2 must use TLS, CT3 must name a user, CT4 must show its own certificate."""
    folder = tmp_path_factory.mktemp("hospital")
    port = free_port()
    settings = {"TRUST_LOOPBACK": "false", "UNKNOWN_SOP_CLASSES": "refuse", "DICOM_TLS_PORT": str(port)}
    server = Filmless(folder, {f"FILMLESS_{name}": value for name, value in settings.items()})
    tls = folder / "tls"
    certificates.make_authority(tls, "Bệnh viện")
    for name in ("node", "CT1", "CT4", "OTHER"):
        certificates.issue(tls, name, [], 30)
    own = next(one.sha256 for one in certificates.everything(tls) if one.name == "CT4")
    server.start()
    server.add_account("ktv", "technologist", PASSWORD)
    with server.client() as client:
        for title, policy in (
            ("CT1", {}),
            ("CT2", {"require_tls": True}),
            ("CT3", {"require_user": True}),
            ("CT4", {"certificate_sha256": own}),
        ):
            machine = {"ae_title": title, "host": "127.0.0.1", "port": 11190, "facility_code": "LOCAL"}
            assert client.post("/api/machines", json=machine | policy).status_code == 201
    yield Hospital(server, port, tls)
    server.stop()


def test_with_a_certificate_images_are_kept_and_without_it_tls_refuses(hospital: Hospital, tmp_path: Path) -> None:
    paths = instances.save(instances.study(3, patient_name=PATIENT, rows=512, columns=512), tmp_path)
    options = (*hospital.identity("CT1"), "-v", "-aet", "CT2", "-aec", "FILMLESS")
    done = subprocess.run(
        [dcmtk.program("storescu"), *options, "127.0.0.1", str(hospital.tls_port), *map(str, paths)],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Received Store Response (Success)") + done.stdout.count("(Success)") >= 3
    anonymous = hospital.echo("+tla", "+cf", str(hospital.tls / "authority.crt"), port=hospital.tls_port)
    assert "Association Request Failed" in anonymous
    assert "alert certificate required" in alert(hospital.tls_port)
    assert "alert handshake failure" in alert(hospital.tls_port, "-tls1_2")  # RFC 5246 has no alert of its own for it
    hospital.told("certificate-missing", address="127.0.0.1")


def test_a_certificate_of_another_authority_is_refused(hospital: Hospital, tmp_path: Path) -> None:
    certificates.make_authority(tmp_path, "Somebody else")
    certificates.issue(tmp_path, "CT1", [], 10)
    key, certificate = str(tmp_path / "CT1.key"), str(tmp_path / "CT1.crt")
    assert "Association Request Failed" in hospital.echo("+tls", key, certificate, "-ic", port=hospital.tls_port)
    assert "alert unknown ca" in alert(hospital.tls_port, "-key", key, "-cert", certificate)
    hospital.told("certificate-untrusted", address="127.0.0.1")


def test_the_port_of_tls_takes_nothing_in_the_clear_and_the_other_takes_both(hospital: Hospital) -> None:
    assert "Association Accepted" not in hospital.echo(port=hospital.tls_port)
    hospital.told("tls-not-spoken", address="127.0.0.1")
    assert "Received Echo Response (Success)" in hospital.echo(*hospital.identity("CT1"))
    assert "Received Echo Response (Success)" in hospital.echo()


def test_a_machine_that_must_use_tls_is_refused_in_the_clear(hospital: Hospital) -> None:
    said = hospital.echo(aet="CT2")
    assert "Result: Rejected Permanent, Source: Service User" in said
    assert "No Reason" in said
    hospital.told("tls-required", calling_ae_title="CT2")


def test_a_machine_bound_to_its_certificate_must_show_it(hospital: Hospital) -> None:
    assert "Calling AE Title Not Recognized" in hospital.echo(*hospital.identity("OTHER"), aet="CT4")
    hospital.told("certificate-wrong", calling_ae_title="CT4")
    assert "Received Echo Response (Success)" in hospital.echo(*hospital.identity("CT4"), aet="CT4")


def test_an_unknown_machine_and_a_wrong_name_for_us_are_refused(hospital: Hospital) -> None:
    assert "Reason: Calling AE Title Not Recognized" in hospital.echo(aet="STRANGER")
    assert "Reason: Called AE Title Not Recognized" in hospital.echo(aec="PACS")
    assert hospital.told("calling-ae")["calling_ae_title"] == "STRANGER"
    wrong = hospital.told("called-ae")
    assert (wrong["calling_ae_title"], wrong["called_ae_title"], wrong["detail"]["ours"]) == ("CT1", "PACS", "FILMLESS")
    before = wrong["times"]
    hospital.echo(aec="PACS")
    until(lambda: hospital.told("called-ae")["times"] == before + 1, within_s=10, every_s=0.3)


def test_what_is_not_provided_is_refused_as_an_abstract_syntax(hospital: Hospital) -> None:
    machine = ApplicationEntity("CT1")
    for uid in UNKNOWN_CLASSES:
        machine.add_requested_context(uid)
    machine.add_requested_context("1.2.840.10008.1.1")
    association = machine.associate("127.0.0.1", hospital.node.dicom_port, ae_title="FILMLESS")
    try:
        refused = [(context.abstract_syntax, context.result) for context in association.rejected_contexts]
        assert refused == [(uid, 3) for uid in UNKNOWN_CLASSES]
    finally:
        association.release()
    for uid in UNKNOWN_CLASSES:
        assert hospital.told("abstract-syntax", subject=uid)["calling_ae_title"] == "CT1"


def test_a_machine_that_must_name_a_user_acts_for_that_user(hospital: Hospital) -> None:
    assert "Source: Service Provider (ACSE Related)" in hospital.echo(aet="CT3")
    hospital.told("user-missing", calling_ae_title="CT3")
    wrong = ("-usr", "ktv", "-pwd", "not the right one")
    assert "Source: Service Provider (ACSE Related)" in run_with_user(hospital, *wrong)
    hospital.told("user-refused", calling_ae_title="CT3")
    assert "(Success)" in run_with_user(hospital, "-usr", "ktv", "-pwd", PASSWORD, "-rsp")


def run_with_user(hospital: Hospital, *options: str) -> str:
    """What ``storescu`` says about one instance sent for a user; it, unlike ``echoscu``, can name one."""
    with_instance = Path(hospital.tls).parent / "named"
    with_instance.mkdir(exist_ok=True)
    (path,) = instances.save(instances.study(1, patient_name=PATIENT), with_instance)
    done = subprocess.run(
        [
            *(dcmtk.program("storescu"), "-v", *options, "-aet", "CT3", "-aec", "FILMLESS"),
            *("127.0.0.1", str(hospital.node.dicom_port), str(path)),
        ],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.stdout


def test_a_right_that_was_taken_away_is_told_and_given_back_on_the_page(hospital: Hospital, tmp_path: Path) -> None:
    paths = instances.save(instances.study(1, patient_name=PATIENT), tmp_path)
    with hospital.node.client() as client:
        known = {one["ae_title"]: one for one in client.get("/api/machines").json()["machines"]}
        machine = {name: value for name, value in known["CT1"].items() if name != "created_at"}
        assert client.put("/api/machines", json=machine | {"may_store": False}).status_code == 200
        sent = dcmtk.dcmsend(paths, hospital.node.dicom_port, aet="CT1")
        assert list(sent.statuses.values()) == [0x0124]
        assert client.put("/api/machines", json=machine).status_code == 200
    finding = hospital.told("not-allowed", calling_ae_title="CT1")
    assert finding["detail"]["service"] == "C-STORE"
    assert finding["class_name"] == "CT Image Storage"


def test_an_association_is_seen_while_it_lasts(hospital: Hospital) -> None:
    machine = ApplicationEntity("CT1")
    machine.add_requested_context("1.2.840.10008.1.1")

    def live() -> list[dict[str, Any]]:
        """The associations of the machine, on the one node there is."""
        with hospital.node.client() as client:
            found = client.get("/api/network").json()
        assert [one["port"] for one in found["processes"]] == [hospital.node.dicom_port]
        assert [one["tls_port"] for one in found["processes"]] == [hospital.tls_port]
        return [one for one in found["associations"] if one["calling_ae_title"] == "CT1"]

    association = machine.associate("127.0.0.1", hospital.node.dicom_port, ae_title="FILMLESS")
    association.send_c_echo()
    until(lambda: [one["service"] for one in live()] == ["C-ECHO"], within_s=15, every_s=0.3)
    association.release()
    until(lambda: not live(), within_s=15, every_s=0.3)


def test_nothing_of_a_patient_is_in_the_log_or_in_what_the_doctor_tells(hospital: Hospital) -> None:
    told = json.dumps(hospital.findings(), ensure_ascii=False)
    logged = "".join(hospital.node.output)
    assert "association refused" in logged
    for text in (told, logged):
        assert "BÍ" not in text
        assert "M\\u1eacT" not in text
        assert PASSWORD not in text
