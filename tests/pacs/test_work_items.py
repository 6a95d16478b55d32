"""UPS-RS: states, statuses and warnings as PS3.18 §11 words them."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydicom.uid import generate_uid

from storage.access import audit
from storage.access.principal import Role
from tests.pacs.message import parts
from tests.pacs.server import WebServer
from tests.pacs.websocket import WebSocket

JSON = "application/dicom+json"
GLOBAL, FILTERED = "1.2.840.10008.5.1.4.34.5", "1.2.840.10008.5.1.4.34.5.1"
INCONSISTENT = "The submitted request is inconsistent with the current state of the Workitem."
Item = dict[str, Any]


def item(**more: object) -> Item:
    """A new work item; ``more``: first values by tag, without the leading underscore."""
    made: Item = {
        "00080018": {"vr": "UI", "Value": [generate_uid()]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "NGUYỄN^VĂN^ĐỨC"}]},
        "00100020": {"vr": "LO", "Value": ["BN-1"]},
        "00404005": {"vr": "DT", "Value": ["20261122101500"]},
        "00404041": {"vr": "CS", "Value": ["READY"]},
        "00741200": {"vr": "CS", "Value": ["MEDIUM"]},
        "00741202": {"vr": "LO", "Value": ["reading"]},
        "00741204": {"vr": "LO", "Value": ["Read CT"]},
        "0040A370": {"vr": "SQ", "Value": [{"00080050": {"vr": "SH", "Value": ["ACC-7"]}}]},
    }
    for tag, value in more.items():
        made[tag[1:]] = {**made.get(tag[1:], {"vr": "LO"}), "Value": [value]}
    return made


def create(client: httpx.Client, made: Item | None = None) -> str:
    made = made or item()
    answer = client.post("/dicom-web/workitems", content=json.dumps([made]), headers={"Content-Type": JSON})
    assert answer.status_code == 201, answer.text
    uid: str = made["00080018"]["Value"][0]
    assert answer.headers["location"].endswith(f"/dicom-web/workitems/{uid}")
    return uid


def to(client: httpx.Client, uid: str, state: str, transaction: str = "1.2.3") -> httpx.Response:
    body: Item = {"00741000": {"vr": "CS", "Value": [state]}}
    if transaction:
        body["00081195"] = {"vr": "UI", "Value": [transaction]}
    return client.put(f"/dicom-web/workitems/{uid}/state", json=body)


def change(client: httpx.Client, uid: str, body: Item, transaction: str = "") -> httpx.Response:
    query = f"?transaction-uid={transaction}" if transaction else ""
    return client.post(f"/dicom-web/workitems/{uid}{query}", json=body, headers={"Content-Type": JSON})


def state(client: httpx.Client, uid: str) -> str:
    (found,) = client.get(f"/dicom-web/workitems/{uid}").json()
    assert "00081195" not in found
    return str(found["00741000"]["Value"][0])


def warning(answer: httpx.Response) -> str:
    return str(answer.headers.get("warning", "")).removeprefix("299 filmless: ")


PERFORMED: Item = {
    "00741216": {
        "vr": "SQ",
        "Value": [
            {
                "00404050": {"vr": "DT", "Value": ["20261122101600"]},
                "00404051": {"vr": "DT", "Value": ["20261122101700"]},
            }
        ],
    }
}


def test_a_work_item_goes_its_way_to_the_end(admin: httpx.Client) -> None:
    uid = create(admin)
    assert state(admin, uid) == "SCHEDULED"
    assert to(admin, uid, "IN PROGRESS").status_code == 200
    assert state(admin, uid) == "IN PROGRESS"
    assert change(admin, uid, PERFORMED, "1.2.3").status_code == 200
    done = to(admin, uid, "COMPLETED")
    assert (done.status_code, done.content, warning(done)) == (200, b"", "")
    assert state(admin, uid) == "COMPLETED"
    again = to(admin, uid, "COMPLETED")
    assert (again.status_code, warning(again)) == (
        200,
        "The UPS is already in the requested state of COMPLETED.",
    )


def test_each_wrong_step_has_its_status_and_warning(admin: httpx.Client) -> None:
    uid = create(admin)
    wrong = "The submitted request is inconsistent with the state of the UPS Instance."
    steps: list[tuple[Callable[[], httpx.Response], int, str]] = [
        (lambda: to(admin, uid, "COMPLETED"), 409, wrong),
        (lambda: to(admin, uid, "IN PROGRESS", ""), 400, "The Transaction UID is missing."),
        (lambda: change(admin, uid, item(), "1.2.3"), 409, INCONSISTENT),
        (lambda: to(admin, uid, "IN PROGRESS"), 200, ""),
        (lambda: to(admin, uid, "IN PROGRESS"), 409, wrong),
        (lambda: to(admin, uid, "COMPLETED", "9.9"), 400, "The Transaction UID is incorrect."),
        (lambda: to(admin, uid, "COMPLETED"), 409, wrong),  # nothing was performed
        (lambda: change(admin, uid, PERFORMED), 400, "The Transaction UID is missing."),
        (lambda: change(admin, uid, PERFORMED, "9.9"), 400, "The Transaction UID is incorrect."),
        (lambda: to(admin, uid, "CANCELED"), 200, ""),
        (lambda: to(admin, uid, "CANCELED"), 200, "The UPS is already in the requested state of CANCELED."),
        (lambda: to(admin, uid, "COMPLETED"), 409, wrong),
        (lambda: change(admin, uid, PERFORMED, "1.2.3"), 400, INCONSISTENT),
        (lambda: to(admin, uid, "SCHEDULED"), 400, ""),
        (lambda: to(admin, uid, "LATER"), 400, ""),
        (lambda: to(admin, "1.2.3.404", "CANCELED"), 404, ""),
        (lambda: change(admin, "1.2.3.404", PERFORMED), 404, ""),
    ]
    for number, (step, status, text) in enumerate(steps):
        answer = step()
        assert (answer.status_code, warning(answer)) == (status, text), number


def test_what_a_new_work_item_must_and_must_not_have(admin: httpx.Client) -> None:
    for tag in ("00404005", "00404041", "00741200", "00741204"):
        made = item()
        del made[tag]
        assert admin.post("/dicom-web/workitems", json=made).status_code == 400, tag
    for more in ({"_00741000": "IN PROGRESS"}, {"_00081195": "1.2"}, {"_00741200": "SOON"}, {"_00080018": "a b"}):
        assert admin.post("/dicom-web/workitems", json=item(**more)).status_code == 400, more
    unlabelled = item()
    del unlabelled["00741202"]
    answer = admin.post("/dicom-web/workitems", json=unlabelled)
    assert (answer.status_code, warning(answer)) == (201, "The Workitem was created with modifications.")
    assert admin.post("/dicom-web/workitems", json=unlabelled).status_code == 409
    named, bare = item(), item()
    del named["00080018"], bare["00080018"]
    for query, made in (("workitem=2.25.41", named), ("2.25.42", bare)):
        assert admin.post(f"/dicom-web/workitems?{query}", json=made).status_code == 201
    assert state(admin, "2.25.42") == "SCHEDULED"
    assert admin.post("/dicom-web/workitems?2.25.43", json=item()).status_code == 400


def test_an_update_changes_what_may_be_changed(admin: httpx.Client) -> None:
    uid = create(admin)
    assert change(admin, uid, {"00741204": {"vr": "LO", "Value": ["Read MR"]}}).status_code == 200
    (found,) = admin.get(f"/dicom-web/workitems/{uid}").json()
    assert found["00741204"]["Value"] == ["Read MR"]
    assert change(admin, uid, {"00741000": {"vr": "CS", "Value": ["COMPLETED"]}}).status_code == 400
    assert change(admin, uid, {"00100020": {"vr": "LO", "Value": ["SOMEBODY"]}}).status_code == 400


def test_who_does_not_own_it_asks_for_cancellation(admin: httpx.Client) -> None:
    uid, other = create(admin), create(admin)
    assert admin.post(f"/dicom-web/workitems/{uid}/cancelrequest").status_code == 202
    assert state(admin, uid) == "CANCELED"
    again = admin.post(f"/dicom-web/workitems/{uid}/cancelrequest")
    assert (again.status_code, warning(again)) == (202, "The UPS is already in the requested state of CANCELED.")
    to(admin, other, "IN PROGRESS")
    assert admin.post(f"/dicom-web/workitems/{other}/cancelrequest").status_code == 202
    assert state(admin, other) == "IN PROGRESS"
    change(admin, other, PERFORMED, "1.2.3")
    to(admin, other, "COMPLETED")
    refused = admin.post(f"/dicom-web/workitems/{other}/cancelrequest")
    assert (refused.status_code, warning(refused)) == (409, INCONSISTENT)
    assert admin.post("/dicom-web/workitems/1.2.3.404/cancelrequest").status_code == 404


def test_the_worklist_is_searched_like_everything_else(admin: httpx.Client) -> None:
    label = generate_uid()[-20:]
    first = create(admin, item(_00741202=label, _00404005="20261123080000"))
    second = create(admin, item(_00741202=label, _00404005="20261124", _00100020="BN-2"))

    def found(**keys: str) -> list[str]:
        answer = admin.get("/dicom-web/workitems", params={"WorklistLabel": label, **keys})
        assert answer.status_code == 200, answer.text
        return [one["00080018"]["Value"][0] for one in answer.json()]

    assert found() == [first, second]
    assert found(PatientID="BN-2") == [second]
    assert found(PatientName="nguyen*duc") == [first, second]
    assert found(ScheduledProcedureStepStartDateTime="20261123") == [first]
    assert found(ScheduledProcedureStepStartDateTime="20261123090000-") == [second]
    assert found(**{"ReferencedRequestSequence.AccessionNumber": "ACC-7"}) == [first, second]
    assert found(**{"0040A370.00080050": "ACC-8"}) == []
    to(admin, first, "IN PROGRESS")
    assert found(ProcedureStepState="SCHEDULED") == [second]
    page = admin.get("/dicom-web/workitems", params={"WorklistLabel": label, "limit": "1", "offset": "1"})
    assert [one["00080018"]["Value"][0] for one in page.json()] == [second]
    assert page.headers["x-total-count"] == "2"
    xml = admin.get(
        "/dicom-web/workitems",
        params={"WorklistLabel": label},
        headers={"Accept": 'multipart/related; type="application/dicom+xml"'},
    )
    assert len(parts(xml)) == 2
    assert admin.get("/dicom-web/workitems", params={"TransactionUID": "1.2.3"}).status_code == 400
    assert admin.get("/dicom-web/workitems", params={"NoSuchThing": "1"}).status_code == 400


def test_facilities_and_roles(web: WebServer, admin: httpx.Client) -> None:
    with web.client(Role.TECHNOLOGIST, facility="79511") as sender:
        uid = create(sender)
        assert len(sender.get("/dicom-web/workitems", params={"SOPInstanceUID": uid}).json()) == 1
    with web.client(Role.RADIOLOGIST, facility="79522") as other:
        assert other.get(f"/dicom-web/workitems/{uid}").status_code == 403
        assert to(other, uid, "IN PROGRESS").status_code == 403
        assert other.get("/dicom-web/workitems", params={"SOPInstanceUID": uid}).json() == []
    with web.client(Role.REFERRER) as reader:
        assert reader.get(f"/dicom-web/workitems/{uid}").status_code == 200
        assert reader.post("/dicom-web/workitems", json=item()).status_code == 403
    with web.archive.index.read() as connection:
        acts = [event.detail for event in audit.events(connection, patient_id="BN-1") if uid in event.detail]
    assert any("created" in act for act in acts)
    with web.archive.index.read() as connection:
        refused = [event.action for event in audit.events(connection, limit=50) if event.outcome == "refused"]
    assert {"view", "store"} <= set(refused)


def told(socket: WebSocket) -> tuple[str, int, str]:
    report = json.loads(socket.text())
    return (
        report["00001000"]["Value"][0],
        report["00001002"]["Value"][0],
        report.get("00741000", {}).get("Value", [""])[0],
    )


def test_subscribers_are_told_over_a_websocket(web: WebServer) -> None:
    token = web.token(Role.ADMIN)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=web.url, headers=headers, timeout=60) as client:
        uid = create(client)
        path = f"/dicom-web/workitems/{uid}/subscribers/READER"
        made = client.post(path)
        assert made.status_code == 201
        assert made.headers["content-location"] == f"ws://127.0.0.1:{web.port}/dicom-web/ws/subscribers/READER"
        with WebSocket(web.port, "/dicom-web/ws/subscribers/READER", headers) as socket:
            assert socket.status == 101
            assert told(socket) == (uid, 1, "SCHEDULED")
            to(client, uid, "IN PROGRESS")
            assert told(socket) == (uid, 1, "IN PROGRESS")
            change(
                client, uid, {"00741002": {"vr": "SQ", "Value": [{"00741004": {"vr": "DS", "Value": [50]}}]}}, "1.2.3"
            )
            assert told(socket)[:2] == (uid, 3)
            client.post(f"/dicom-web/workitems/{uid}/cancelrequest", json={"00741238": {"vr": "LT", "Value": ["why"]}})
            assert told(socket)[:2] == (uid, 2)
            assert client.delete(path).status_code == 200
            assert client.delete(path).status_code == 404
            to(client, uid, "CANCELED")
            with pytest.raises(TimeoutError):
                socket.text(within_s=1.5)


def test_the_worklist_whole_or_filtered_can_be_subscribed_to(web: WebServer) -> None:
    headers = {"Authorization": f"Bearer {web.token(Role.ADMIN)}"}
    label = generate_uid()[-20:]
    with httpx.Client(base_url=web.url, headers=headers, timeout=60) as client:
        filtered = f"/dicom-web/workitems/{FILTERED}/subscribers/FILTER"
        assert client.post(filtered).status_code == 400
        assert client.post(filtered, params={"filter": f"WorklistLabel={label},PatientID=BN-1"}).status_code == 201
        with WebSocket(web.port, "/dicom-web/ws/subscribers/FILTER", headers) as socket:
            create(client)
            mine = create(client, item(_00741202=label))
            assert told(socket) == (mine, 1, "SCHEDULED")
            assert client.post(f"{filtered}/suspend").status_code == 200
            create(client, item(_00741202=label))
            to(client, mine, "IN PROGRESS")
            assert told(socket) == (mine, 1, "IN PROGRESS")
        assert client.post(f"/dicom-web/workitems/{GLOBAL}/subscribers/ALL").status_code == 201
        assert client.post(f"/dicom-web/workitems/{GLOBAL}/subscribers/{'A' * 17}").status_code == 400
        assert client.post("/dicom-web/workitems/1.2.3.404/subscribers/ALL").status_code == 404
        assert client.delete(f"/dicom-web/workitems/{GLOBAL}/subscribers/ALL").status_code == 200


def test_nobody_listens_without_signing_in_or_for_somebody_else(web: WebServer) -> None:
    headers = {"Authorization": f"Bearer {web.token(Role.ADMIN)}"}
    with WebSocket(web.port, "/dicom-web/ws/subscribers/ALL", {}) as nobody:
        assert nobody.status == 403
    with httpx.Client(base_url=web.url, headers=headers, timeout=60) as client:
        uid = create(client)
        client.post(f"/dicom-web/workitems/{uid}/subscribers/SHARED")
    stranger = {"Authorization": f"Bearer {web.token(Role.REFERRER)}"}
    with WebSocket(web.port, "/dicom-web/ws/subscribers/SHARED", stranger) as socket, pytest.raises(TimeoutError):
        socket.text(within_s=1.5)
    with WebSocket(web.port, "/dicom-web/ws/subscribers/SHARED", headers) as socket:
        assert told(socket)[0] == uid
