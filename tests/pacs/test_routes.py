"""``/api/routes`` and ``/api/deliveries``: rules and the queue as an administrator's page uses them."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import instances
from tests.pacs.message import store
from tests.peers import free_port
from tests.peers.filmless import Filmless
from tests.wait import HUNG_S


@pytest.fixture(scope="module")
def destination(running_pacs: Filmless) -> str:
    """A machine that is registered and never there."""
    running_pacs.cli("ae", "add", f"NOBODY@127.0.0.1:{free_port()}")
    return "NOBODY"


@pytest.fixture
def admin(running_pacs: Filmless) -> Iterator[httpx.Client]:
    with running_pacs.client() as client:
        yield client


def owed(client: httpx.Client, study: str) -> dict[str, Any] | None:
    page = client.get("/api/deliveries", params={"limit": 200, "ae_title": "NOBODY"}).json()
    assert set(page["states"]) == {"waiting", "done", "failed", "cancelled"}
    return next((one for one in page["deliveries"] if one["subject"] == study), None)


def test_a_rule_is_made_changed_and_removed_and_fills_the_queue(admin: httpx.Client, destination: str) -> None:
    rule = {"name": "Tuyến trên", "destinations": [destination], "modalities": ["CT"], "send_hours": ""}
    made = admin.post("/api/routes", json=rule)
    assert made.status_code == 201
    assert made.json() | rule == made.json()
    address = f"/api/routes/{made.json()['id']}"
    try:
        assert admin.post("/api/routes", json=rule).status_code == 400, "the name is taken"
        assert admin.put(address, json=rule | {"description": "sọ"}).json()["description"] == "sọ"
        listed = admin.get("/api/routes").json()
        assert [one["name"] for one in listed["routes"]] == ["Tuyến trên"]
        assert destination in [one["ae_title"] for one in listed["machines"]]
        sent = instances.study(2)
        store(admin, sent)
        study = str(sent[0].StudyInstanceUID)
        deadline = time.monotonic() + HUNG_S
        while not ((row := owed(admin, study)) and row["error"]):
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        assert admin.delete(address).status_code == 204
    assert (row["kind"], row["state"], row["instances"]["waiting"]) == ("store", "waiting", 2)
    assert "cannot be reached" in row["error"]
    assert row["study"]["patient_name"] == "NGUYỄN^VĂN^ĐỨC"
    of_queue = f"/api/deliveries/{row['id']}"
    assert admin.post(f"{of_queue}/retry").status_code == 204
    assert admin.delete(of_queue).status_code == 204
    assert admin.get(of_queue).json()["state"] == "cancelled"
    assert admin.delete(of_queue).status_code == 409
    again = admin.post("/api/deliveries", json={"study_instance_uid": study, "ae_title": destination})
    assert (again.status_code, again.json()["id"]) == (202, row["id"])
    assert admin.delete(of_queue).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "destinations": ["UNKNOWN"]},
        {"name": "x", "destinations": "NOBODY"},
        {"name": 7, "destinations": ["NOBODY"]},
        {"name": "x", "destinations": ["NOBODY"], "enabled": "yes"},
        {"name": "x", "destinations": ["NOBODY"], "colour": "red"},
        {"name": "x", "destinations": ["NOBODY"], "received_hours": "9-5"},
        {"destinations": ["NOBODY"]},
    ],
)
def test_what_is_no_rule(admin: httpx.Client, destination: str, body: dict[str, Any]) -> None:
    answer = admin.post("/api/routes", json=body)
    assert answer.status_code == 400, destination
    assert answer.json()["detail"]


def test_what_does_not_exist_and_who_may_not(running_pacs: Filmless, admin: httpx.Client) -> None:
    assert admin.delete("/api/routes/999").status_code == 404
    assert admin.get("/api/deliveries/999999").status_code == 404
    assert admin.post("/api/deliveries/x/retry").status_code == 404
    assert admin.get("/api/deliveries", params={"state": "lost"}).status_code == 400
    with running_pacs.client("radiologist") as reader:
        assert reader.get("/api/routes").status_code == 403
        assert reader.get("/api/deliveries").status_code == 403
