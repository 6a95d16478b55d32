"""``/api/orders``: orders as a person or the HIS makes them, changes them and sees what became of them."""

from typing import Any

import httpx
import pytest

from storage.access.principal import Role
from tests import instances
from tests.dicom_nodes.orders import one
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.wait import HUNG_S


def given(number: str, **changes: Any) -> dict[str, Any]:
    """An order whose numbers are its own."""
    made = one("RP02")
    made |= {"patient_id": f"ORDER-{number}", "accession_number": f"N{number}", "requested_procedure_id": f"P{number}"}
    made["study_instance_uid"] = ""
    made["steps"][0]["scheduled_procedure_step_id"] = f"S{number}"
    return made | changes


def create(client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/orders", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert isinstance(made, dict)
    return made


def listed(client: httpx.Client, **query: str) -> dict[str, Any]:
    answer = client.get("/api/orders", params=query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def test_created_read_changed_and_cancelled(admin: httpx.Client) -> None:
    made = create(admin, given("1"))
    assert (made["state"], made["version"], made["patient_name"]) == ("scheduled", 1, "TRẦN^THỊ^BÌNH")
    assert made["study_instance_uid"].startswith("2.25.")
    assert made["requested_procedure_code"] == {"value": "169069000", "scheme": "SCT", "meaning": "CT ngực"}
    address = f"/api/orders/{made['id']}"
    assert admin.get(address).json() == made
    changed = given("1", patient_name="TRẦN^THỊ^BẢO", version=1)
    changed["steps"].append(changed["steps"][0] | {"modality": "MR", "scheduled_procedure_step_id": ""})
    answer = admin.put(address, json=changed)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert (after["patient_name"], after["version"]) == ("TRẦN^THỊ^BẢO", 2)
    assert after["study_instance_uid"] == made["study_instance_uid"]
    assert [step["modality"] for step in after["steps"]] == ["CT", "MR"]
    assert after["steps"][1]["scheduled_procedure_step_id"]
    stale = admin.put(address, json=changed)
    assert (stale.status_code, "Somebody else" in stale.json()["detail"]) == (409, True)
    cancelled = admin.post(f"{address}/state", json={"state": "cancelled"})
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert {step["state"] for step in cancelled.json()["steps"]} == {"cancelled"}
    assert admin.put(address, json=changed | {"version": 3}).status_code == 409
    again = admin.post(f"{address}/state", json={"state": "scheduled"}).json()
    assert (again["state"], again["final_at"]) == ("scheduled", None)
    assert admin.post(f"{address}/state", json={"state": "discontinued"}).status_code == 409


def test_numbers_are_made_where_nobody_gave_them(admin: httpx.Client) -> None:
    made = [
        create(admin, given("2", patient_id=f"NUMBER-{position}", accession_number="", requested_procedure_id=""))
        for position in range(2)
    ]
    assert len({one["accession_number"] for one in made}) == 2
    assert all(0 < len(one["accession_number"]) <= 16 for one in made)
    assert len({one["study_instance_uid"] for one in made}) == 2


def test_the_list(admin: httpx.Client) -> None:
    days = ("20260105", "20260106", "20260106")
    made = []
    for position, day in enumerate(days):
        body = given(f"3{position}", patient_name=f"ĐOÀN^THỊ^SEN{position}")
        body["steps"][0] |= {"scheduled_procedure_step_start_date": day, "modality": "MG" if position else "CT"}
        made.append(create(admin, body))
    admin.post(f"/api/orders/{made[2]['id']}/state", json={"state": "cancelled"})
    found = listed(admin, q="doan sen")
    assert [order["id"] for order in found["orders"]] == [order["id"] for order in made]
    assert (found["total"], found["counts"]) == (3, {"scheduled": 2, "cancelled": 1})
    for query, expected in (
        ({"state": "scheduled"}, [0, 1]),
        ({"state": "scheduled,cancelled"}, [0, 1, 2]),
        ({"modality": "MG"}, [1, 2]),
        ({"date_from": "20260106"}, [1, 2]),
        ({"date_to": "20260105"}, [0]),
        ({"limit": "1", "offset": "1"}, [1]),
    ):
        page = listed(admin, q="doan sen", **query)
        assert [order["id"] for order in page["orders"]] == [made[number]["id"] for number in expected], query
    assert listed(admin, q="N31")["total"] == 1


def test_a_study_that_came_before_its_order_and_one_put_there_by_hand(admin: httpx.Client) -> None:
    early = instances.study(1, patient_name="TRAN^THI^BINH", patient_id="ORDER-4")
    other = instances.study(1, patient_name="SOMEBODY^ELSE", patient_id="ORDER-4-ELSE")
    early[0].AccessionNumber = "N4"
    store(admin, early)
    store(admin, other)
    made = create(admin, given("4"))
    ((found,), state) = made["studies"], made["state"]
    assert (found["study_instance_uid"], found["found_by"]) == (str(early[0].StudyInstanceUID), "accession")
    assert (found["number_of_instances"], state) == (1, "in-progress")
    address = f"/api/orders/{made['id']}/studies"
    uid = str(other[0].StudyInstanceUID)
    assigned = admin.post(address, json={"study_instance_uid": uid}).json()
    assert [study["found_by"] for study in assigned["studies"]] == ["accession", "hand"]
    assert len(admin.delete(f"{address}/{uid}").json()["studies"]) == 1
    assert admin.delete(f"{address}/{uid}").status_code == 404
    assert admin.post(address, json={"study_instance_uid": "1.2.3"}).status_code == 404


def test_who_may(web: WebServer, admin: httpx.Client) -> None:
    made = create(admin, given("5"))
    address = f"/api/orders/{made['id']}"
    with web.client(Role.TECHNOLOGIST) as technologist:
        assert create(technologist, given("5B"))["created_by"]
    with web.client(Role.REFERRER) as referrer:
        assert referrer.get("/api/orders").status_code == 403
        assert referrer.get(address).status_code == 403
        assert referrer.post("/api/orders", json=given("5C")).status_code == 403
    with web.client(Role.TECHNOLOGIST, facility="ELSEWHERE") as elsewhere:
        assert listed(elsewhere, q="ORDER-5")["total"] == 0
        assert elsewhere.get(address).status_code == 403
        assert elsewhere.post(f"{address}/state", json={"state": "cancelled"}).status_code == 403
        own = create(elsewhere, given("5D"))
        assert own["facility"]["code"] == "ELSEWHERE"
        assert elsewhere.post("/api/orders", json=given("5E", facility="LOCAL")).status_code == 403
    assert httpx.get(f"{web.url}/api/orders", timeout=HUNG_S).status_code == 401
    assert admin.get("/api/orders/999999").status_code == 404
    assert admin.get("/api/orders/choices").json()["priorities"][0] == "STAT"


@pytest.mark.parametrize(
    "changes",
    [
        {"patient_name": ""},
        {"patient_id": "x" * 65},
        {"patient_birth_date": "20250230"},
        {"patient_sex": "X"},
        {"patient_weight": "heavy"},
        {"accession_number": "A" * 17},
        {"accession_number": "A\\B"},
        {"patient_name": "A\nB"},
        {"study_instance_uid": "no uid"},
        {"requested_procedure_code": {"value": "1"}},
        {"steps": []},
        {"steps": [{"modality": "CT"}]},
        {"steps": [{"modality": "ct", "scheduled_procedure_step_start_date": "20260101"}]},
        {"steps": [{"modality": "CT", "scheduled_procedure_step_start_date": "20260101",
                    "scheduled_procedure_step_start_time": "25"}]},
        {"steps": [{"modality": "CT", "scheduled_procedure_step_start_date": "20260101",
                    "scheduled_station_ae_titles": ["Máy CT"]}]},
        {"colour": "blue"},
        {"facility": "NOWHERE"},
    ],
)  # fmt: skip
def test_what_cannot_be_right(admin: httpx.Client, changes: dict[str, Any]) -> None:
    assert admin.post("/api/orders", json=given("6", **changes)).status_code == 400


@pytest.mark.parametrize("query", ["state=odd", "modality=c*t", "date_from=2026", "limit=x", "limit=201"])
def test_parameters(admin: httpx.Client, query: str) -> None:
    assert admin.get(f"/api/orders?{query}").status_code == 400


def test_worklist_and_performed_steps_over_the_web(admin: httpx.Client) -> None:
    made = create(admin, given("7", patient_name="QUÁCH^TUYẾT^MAI"))
    key = "ScheduledProcedureStepSequence.ScheduledProcedureStepID"
    scheduled = "/dicom-web/modality-scheduled-procedure-steps"
    (item,) = admin.get(scheduled, params={key: "S7", "PatientName": "quach*"}).json()
    assert item["00100010"]["Value"] == [{"Alphabetic": "QUÁCH^TUYẾT^MAI"}]
    (step,) = item["00400100"]["Value"]
    assert step["00400020"]["Value"] == ["SCHEDULED"]
    assert admin.get(scheduled, params={key: "S7", "PatientName": "someone*"}).json() == []
    assert admin.get(scheduled, params={"PatientBirthDate": "odd"}).status_code == 400

    def text(vr: str, value: str) -> dict[str, Any]:
        return {"vr": vr, "Value": [value]}

    begun = {
        "00400252": text("CS", "IN PROGRESS"),
        "00400253": text("SH", "P7"),
        "00400241": text("AE", "CT1"),
        "00400244": text("DA", "20260101"),
        "00400245": text("TM", "0800"),
        "00080060": text("CS", "CT"),
        "00100020": text("LO", "ORDER-7"),
        "00400270": {
            "vr": "SQ",
            "Value": [{"0020000D": text("UI", made["study_instance_uid"]), "00400009": text("SH", "S7")}],
        },
    }
    uid = f"1.2.3.{made['id']}"
    address = f"/dicom-web/modality-performed-procedure-steps/{uid}"
    assert admin.post(address, json=begun | {"00400252": text("CS", "COMPLETED")}).status_code == 400
    assert admin.post(address, json=begun | {"00400270": {"vr": "SQ", "Value": ["x"]}}).status_code == 400
    assert admin.post(f"{address}?update", json=begun).status_code == 404
    assert admin.post(address, json=begun).status_code == 201
    assert admin.post(address, json=begun).status_code == 409
    assert admin.get(f"/api/orders/{made['id']}").json()["state"] == "in-progress"
    (item,) = admin.get(scheduled, params={key: "S7"}).json()
    assert item["00400100"]["Value"][0]["00400020"]["Value"] == ["STARTED"]
    series = {"vr": "SQ", "Value": [{"0020000E": text("UI", "1.2.3.4")}]}
    ended = {"00400252": text("CS", "COMPLETED"), "00400250": text("DA", "20260101"), "00400251": text("TM", "0815")}
    assert admin.post(f"{address}?update", json=ended).status_code == 400
    assert admin.post(f"{address}?update", json=ended | {"00400340": series}).status_code == 200
    assert admin.post(f"{address}?update", json=ended).status_code == 409
    assert admin.get(address).json()[0]["00400252"]["Value"] == ["COMPLETED"]
    after = admin.get(f"/api/orders/{made['id']}").json()
    assert (after["state"], after["performed"][0]["state"]) == ("completed", "COMPLETED")
    assert admin.get(scheduled, params={key: "S7"}).json() == []
