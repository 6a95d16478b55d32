"""The OpenAPI document and its page are there for whoever is signed in, and hold every route of the services."""

import re
from typing import Any

import httpx
import pytest

from tests.pacs.server import WebServer
from tests.wait import HUNG_S


@pytest.fixture(scope="module")
def document(web: WebServer) -> dict[str, Any]:
    with web.client() as client:
        answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def test_nobody_reads_them_without_a_sign_in(web: WebServer) -> None:
    for path in ("/api/openapi.json", "/api/docs"):
        assert httpx.get(f"{web.url}{path}", timeout=HUNG_S).status_code == 401


def test_the_page_shows_every_path(web: WebServer, document: dict[str, Any]) -> None:
    with web.client() as client:
        answer = client.get("/api/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert set(re.findall(r"<summary><b>\w+</b> <code>([^<]+)</code>", answer.text)) == document["paths"].keys()


def test_every_operation_says_what_it_takes_and_gives(document: dict[str, Any]) -> None:
    names = []
    for path, methods in document["paths"].items():
        for operation in methods.values():
            names.append(operation["operationId"])
            assert operation["summary"], path
            assert {"400", "401", "403"} <= operation["responses"].keys()
            parameters: list[dict[str, str]] = operation["parameters"]
            assert all(one["description"] for one in parameters), path
            assert len({(one["name"], one["in"]) for one in parameters}) == len(parameters)
    assert len(names) == len(set(names)) > 20


def test_the_answers_of_a_search_are_described(web: WebServer, document: dict[str, Any]) -> None:
    described: dict[str, Any] = document["paths"]["/dicom-web/studies"]["get"]
    with web.client() as client:
        answer = client.get("/dicom-web/studies", params={"PatientID": "nobody"})
        refused = client.get("/dicom-web/studies", params={"PatientIdd": "nobody"})
    answers: dict[str, dict[str, Any]] = described["responses"]
    assert answer.headers["content-type"] in answers["200"]["content"]
    assert refused.headers["content-type"] in answers["400"]["content"]
    schema: dict[str, Any] = document["components"]["schemas"]["Problem"]
    assert set(schema["required"]) == refused.json().keys()
