"""Machines of the DICOM network over the API."""

import socket

import httpx

from storage.access.principal import Role
from storage.archive.network_finding import Cause, Finding, Peer, note
from tests.pacs.server import WebServer

MACHINE = {"ae_title": "CT 1/A", "host": "10.0.0.5", "port": 104, "facility_code": "LOCAL"}


def test_a_machine_is_registered_changed_and_removed(admin: httpx.Client) -> None:
    made = admin.post("/api/machines", json=MACHINE | {"worklist_charset": "ascii", "may_print": False})
    assert made.status_code == 201
    assert (made.json()["may_print"], made.json()["may_store"], made.json()["worklist_charset"]) == (
        False,
        True,
        "ascii",
    )
    assert admin.post("/api/machines", json=MACHINE).status_code == 400
    changed = admin.put("/api/machines", json=MACHINE | {"host": "10.0.0.6", "calls_from": "10.1.0.0/16"})
    assert (changed.json()["host"], changed.json()["worklist_charset"]) == ("10.0.0.6", "utf-8")
    (found,) = [one for one in admin.get("/api/machines").json()["machines"] if one["ae_title"] == "CT 1/A"]
    assert found == changed.json()
    assert admin.delete("/api/machines", params={"ae_title": "CT 1/A"}).status_code == 204
    assert admin.put("/api/machines", json=MACHINE).status_code == 404


def test_what_cannot_be_right_is_refused_with_words(admin: httpx.Client) -> None:
    for wrong in (
        {"port": 0},
        {"port": "104"},
        {"port": True},
        {"host": "a b"},
        {"facility_code": "nowhere"},
        {"ae_title": "MÁY"},
        {"may_store": 1},
        {"worklist_charset": "latin-1"},
        {"calls_from": "10.0.0.0/99"},
        {"certificate_sha256": "abc"},
        {"sop_classes": "CT"},
        {"maximum_associations": -1},
        {"unknown": 1},
    ):
        refused = admin.post("/api/machines", json=MACHINE | wrong)
        assert refused.status_code == 400, wrong
        assert refused.json()["detail"]


def test_a_machine_is_tried(admin: httpx.Client) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))  # nothing listens: refused at once
        here = MACHINE | {"ae_title": "SILENT", "host": "127.0.0.1", "port": listening.getsockname()[1]}
        assert admin.post("/api/machines", json=here).status_code == 201
        for kind in ("echo", "find", "store"):
            tried = admin.post("/api/machines/test", json={"ae_title": "SILENT", "kind": kind}).json()
            assert tried["outcome"] == "unreachable"
            assert "nothing answers" in tried["message"]
    assert admin.post("/api/machines/test", json={"ae_title": "SILENT", "kind": "kill"}).status_code == 400
    assert admin.post("/api/machines/test", json={"ae_title": "NOBODY", "kind": "echo"}).status_code == 404


def test_findings_are_told_and_dismissed(web: WebServer, admin: httpx.Client) -> None:
    refused = Finding(Cause.ABSTRACT_SYNTAX, Peer("CT9", "FILMLESS", "10.0.0.9"), "1.2.840.10008.5.1.4.1.1.4")
    note(web.archive.index, "here", [(refused, 2)])
    (found,) = [
        one for one in admin.get("/api/network/findings").json()["findings"] if one["calling_ae_title"] == "CT9"
    ]
    assert (found["cause"], found["times"], found["class_name"]) == ("abstract-syntax", 2, "MR Image Storage")
    address = f"/api/network/findings/{found['id']}"
    assert [admin.delete(address).status_code for _ in range(2)] == [204, 404]


def test_only_administrators_are_answered(web: WebServer) -> None:
    with web.client(Role.RADIOLOGIST) as reader:
        for path in ("/api/machines", "/api/network", "/api/network/findings"):
            assert reader.get(path).status_code == 403
        assert reader.post("/api/machines", json=MACHINE).status_code == 403
        assert reader.post("/api/machines/test", json={"ae_title": "CT1", "kind": "echo"}).status_code == 403
        assert reader.delete("/api/network/findings/1").status_code == 403
