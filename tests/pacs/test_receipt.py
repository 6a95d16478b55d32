"""The receipt of a study over HTTP, and live while only uploads go on."""

import json
import re
import socket
import time
from typing import Any

import httpx

from storage.access.principal import Role
from storage.archive.upload import upload_pending
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.wait import HUNG_S

EVENT = re.compile(rb"event: receipt\ndata: ([^\n]+)\n\n")
SETTLED_WITHIN_S = HUNG_S


def receipts_until(web: WebServer, query: str, token: str, stored: int) -> dict[str, Any] | None:
    """Listen until a receipt says that so many are in the object store; nothing if none does in time."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    buffer = b""
    with socket.create_connection(("127.0.0.1", web.port), 60) as connection:
        head = f"GET /api/events{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        connection.sendall(head.encode())
        uploaded = False
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            try:
                buffer += connection.recv(65536)
            except TimeoutError:
                return None
            for found in EVENT.findall(buffer):
                receipt: dict[str, Any] = json.loads(found)
                if receipt["stored"]["instances"] >= stored:
                    return receipt
                if not uploaded:
                    uploaded = True
                    upload_pending(web.archive)
    return None


def test_the_receipt_of_a_study(web: WebServer, admin: httpx.Client) -> None:
    datasets = instances.study(3)
    store(admin, datasets)
    answer = admin.get(f"/api/studies/{datasets[0].StudyInstanceUID}/receipt")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    receipt = answer.json()
    assert receipt["received"] == receipt["durable"]
    assert receipt["received"]["instances"] == 3
    assert receipt["committed"] == {"instances": 0, "bytes": 0, "first_at": None, "last_at": None}
    assert [one["received"]["instances"] for one in receipt["series"]] == [3]
    assert sum(one["instances"] for one in receipt["sources"]) == 3
    upload_pending(web.archive)
    receipt = admin.get(f"/api/studies/{datasets[0].StudyInstanceUID}/receipt").json()
    assert receipt["stored"]["bytes"] == receipt["received"]["bytes"]


def test_it_is_refused_as_the_study_is(web: WebServer, admin: httpx.Client) -> None:
    datasets = instances.study(1)
    store(admin, datasets)
    path = f"/api/studies/{datasets[0].StudyInstanceUID}/receipt"
    with web.client(Role.REFERRER, facility="79302") as elsewhere:
        assert elsewhere.get(path).status_code == 403
    assert httpx.get(f"{web.url}{path}", timeout=HUNG_S).status_code == 401
    assert admin.get("/api/studies/1.2.3.404/receipt").status_code == 404
    assert admin.get(f"/api/studies/{'1' * 65}/receipt").status_code == 400


def test_uploads_alone_change_it_live(web: WebServer, admin: httpx.Client) -> None:
    datasets = instances.study(2)
    store(admin, datasets)
    uid = datasets[0].StudyInstanceUID
    receipt = receipts_until(web, f"?study={uid}", web.token(Role.RADIOLOGIST), stored=2)
    assert receipt is not None
    assert receipt["study_instance_uid"] == uid
    assert receipt["stored"]["instances"] == receipt["received"]["instances"] == 2


def test_nobody_hears_of_another_facilitys_receipt(web: WebServer, admin: httpx.Client) -> None:
    datasets = instances.study(1)
    store(admin, datasets)
    token = web.token(Role.REFERRER, facility="79303")
    with socket.create_connection(("127.0.0.1", web.port), 10) as connection:
        query = f"?study={datasets[0].StudyInstanceUID}"
        head = f"GET /api/events{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        connection.sendall(head.encode())
        buffer, deadline = b"", time.monotonic() + 3
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            try:
                buffer += connection.recv(65536)
            except TimeoutError:
                break
    assert b"retry:" in buffer
    assert b"event:" not in buffer
