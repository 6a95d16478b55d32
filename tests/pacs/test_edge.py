"""What every answer carries, and what happens to requests nobody expected."""

import logging
import re
import socket

import httpx
import pytest

from tests.pacs.server import WebServer
from tests.wait import HUNG_S


def test_every_answer_has_the_security_fields_and_an_id(admin: httpx.Client) -> None:
    for path in ("/health", "/", "/nowhere/at/all", "/dicom-web/studies", "/api/studies"):
        headers = admin.get(path).headers
        assert "script-src 'self' 'wasm-unsafe-eval'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])
        assert "strict-transport-security" not in headers, "this is not HTTPS"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere/at/all", 404),
        ("GET", "/dicom-web/nothing", 404),
        ("DELETE", "/dicom-web/studies", 405),
        ("PUT", "/api/session", 405),
        ("GET", "/dicom-web/studies/not%2Fa%2Fuid/metadata", 404),
        ("GET", "/dicom-web/studies/1.2.3%0d%0aX-Evil:%20yes/metadata", 400),
        ("GET", "/dicom-web/studies/" + "1" * 65 + "/metadata", 400),
    ],
)
def test_a_refusal_is_a_problem_with_an_id(admin: httpx.Client, method: str, path: str, status: int) -> None:
    answer = admin.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["id"] == answer.headers["x-request-id"]
    assert "x-evil" not in answer.headers


def test_the_id_is_in_the_log_and_query_strings_are_not(web: WebServer, admin: httpx.Client) -> None:
    answer = admin.get("/dicom-web/studies", params={"PatientName": "BÍ^MẬT", "limit": "x"})
    assert answer.status_code == 400
    log = web.log.read_text()
    assert answer.json()["id"] in log
    assert "MẬT" not in log
    assert "M%E1%BA%ACT" not in log


def test_health_and_readiness_need_no_credentials(web: WebServer) -> None:
    assert httpx.get(f"{web.url}/health", timeout=HUNG_S).json() == {"status": "live"}
    ready = httpx.get(f"{web.url}/ready", timeout=HUNG_S)
    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "checks": {"index": "ok", "object_store": "ok", "disk": "ok"}}


def test_metrics_count_requests_by_route_for_this_machine_alone(web: WebServer, admin: httpx.Client) -> None:
    admin.get("/dicom-web/studies/1.2.3.4/metadata")
    text = httpx.get(f"{web.url}/metrics", timeout=HUNG_S).text
    assert 'route="/dicom-web/studies/{study}/metadata",status="404"' in text
    assert "1.2.3.4" not in text
    forwarded = httpx.get(f"{web.url}/metrics", headers={"X-Forwarded-For": "203.0.113.9"}, timeout=HUNG_S)
    assert forwarded.status_code == 401


def test_a_host_field_that_is_no_host_does_not_reach_an_address(web: WebServer, admin: httpx.Client) -> None:
    answer = admin.get("/dicom-web/studies", headers={"Host": 'evil"><script>'})
    assert answer.status_code == 400
    assert b"evil" not in answer.content


def test_oversized_header_fields_are_refused(web: WebServer) -> None:
    answer = httpx.get(f"{web.url}/health", headers={"X-Large": "x" * 50_000}, timeout=HUNG_S)
    assert answer.status_code == 431


def test_a_stranger_cannot_claim_an_address(web: WebServer) -> None:
    httpx.post(
        f"{web.url}/api/session",
        json={"account": "spoofed", "password": "x" * 20},
        headers={"X-Forwarded-For": "203.0.113.77"},
        timeout=HUNG_S,
    )
    assert "203.0.113.77" not in web.log.read_text()


def test_nonsense_on_the_wire_does_not_stop_the_server(web: WebServer) -> None:
    for noise in (
        b"\x00" * 200,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /dicom-web/studies HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", web.port), 5) as connection:
            connection.sendall(noise)
            connection.settimeout(2)
            try:
                connection.recv(1000)
            except TimeoutError:
                logging.info("no answer to noise")
    assert httpx.get(f"{web.url}/health", timeout=HUNG_S).status_code == 200
