"""HTTPS with HTTP/2 by the server itself, and behind a proxy that is trusted."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storage.access import audit
from storage.access.principal import Role
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import PASSWORD, WebServer
from tests.peers import require
from tests.wait import HUNG_S


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A web process with a certificate, behind a proxy on this machine."""
    folder: Path = tmp_path_factory.mktemp("https")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    server = WebServer(
        folder,
        f"sqlite:///{folder / 'index.db'}",
        {
            "FILMLESS_TLS_CERTIFICATE": str(certificate),
            "FILMLESS_TLS_KEY": str(key),
            "FILMLESS_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.9",
            "FILMLESS_PUBLIC_URL": "https://pacs.example.vn",
        },
    )
    try:
        server.start()
        yield server
    finally:
        server.close()


def test_cookies_are_secure_and_browsers_stay_on_https(secure: WebServer) -> None:
    secure.account("hoa", Role.RADIOLOGIST)
    with httpx.Client(base_url=secure.url, verify=secure.trust, timeout=HUNG_S) as client:
        answer = client.post("/api/session", json={"account": "hoa", "password": PASSWORD})
    assert answer.status_code == 200
    assert "; Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(("option", "version"), [("--http2", "2"), ("--http1.1", "1.1")])
def test_both_versions_of_http(secure: WebServer, option: str, version: str) -> None:
    certificate = secure.environment["FILMLESS_TLS_CERTIFICATE"]
    command = [require("curl"), "-s", option, "--cacert", certificate, "-w", "\n%{http_version} %{http_code}"]
    command += ["-H", f"Authorization: Bearer {secure.token()}", f"{secure.url}/dicom-web/studies"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert found.splitlines()[-1] == f"{version} 200"


def test_addresses_in_answers_are_public_whatever_host_was_asked(secure: WebServer) -> None:
    (ds,) = instances.study(1)
    with secure.client() as client:
        store(client, [ds])
        (row,) = client.get(
            "/dicom-web/studies", params={"StudyInstanceUID": ds.StudyInstanceUID}, headers={"Host": "evil.example"}
        ).json()
    assert row["00081190"]["Value"] == [f"https://pacs.example.vn/dicom-web/studies/{ds.StudyInstanceUID}"]


def test_the_client_behind_a_trusted_proxy_is_the_one_who_is_noted(secure: WebServer) -> None:
    with secure.client() as client:
        client.get("/dicom-web/studies?limit=1", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.5, 10.0.0.9"})
    with secure.archive.index.read() as connection:
        newest = audit.events(connection, limit=1)[0]
    assert newest.address == "203.0.113.5", "not what the client itself wrote before it"


def test_our_public_pages_are_our_own(secure: WebServer) -> None:
    secure.account("lan", Role.RADIOLOGIST)
    with httpx.Client(base_url=secure.url, verify=secure.trust, timeout=HUNG_S) as client:
        client.post("/api/session", json={"account": "lan", "password": PASSWORD})
        refused = client.delete("/api/session", headers={"Origin": "https://evil.example"})
        allowed = client.delete("/api/session", headers={"Origin": "https://pacs.example.vn"})
    assert (refused.status_code, allowed.status_code) == (403, 204)
