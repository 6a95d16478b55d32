"""``/api/quarantine``: what a store request could not keep, as an administrator sees it and decides about it."""

import copy
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import httpx
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import update

from storage.access.principal import Role
from storage.index.schema import quarantine as table
from tests import instances
from tests.pacs.message import part10, store, stow
from tests.pacs.server import PASSWORD, WebServer
from tests.wait import HUNG_S


def conflict(client: httpx.Client, **attributes: Any) -> tuple[Dataset, Dataset]:
    """Store an instance, then another of its UID; gives both."""
    (kept,) = instances.study(1)
    store(client, [kept])
    other = copy.deepcopy(kept)
    for keyword, value in ({"PatientName": "TRẦN^THỊ^LÊ"} | attributes).items():
        setattr(other, keyword, value)
    refused = stow(client, [part10(other)])
    assert refused.status_code == 409
    (item,) = refused.json()["00081198"]["Value"]
    assert item["00081197"]["Value"] == [0x0111]
    assert "put aside for administrator" in item["00000902"]["Value"][0]
    return kept, other


def entry_of(client: httpx.Client, ds: Dataset) -> dict[str, Any]:
    page = client.get("/api/quarantine", params={"limit": 500}).json()
    (found,) = [one for one in page["quarantine"] if one["sop_instance_uid"] == ds.SOPInstanceUID]
    assert page["total"] >= 1
    assert page["bytes"] >= found["size"]
    assert isinstance(found, dict)
    return found


def test_an_entry_tells_all_that_is_known(web: WebServer, admin: httpx.Client) -> None:
    kept, other = conflict(admin)
    found = entry_of(admin, other)
    assert (found["kind"], found["state"], found["times_received"], found["here"]) == ("conflict", "open", 1, True)
    assert found["source"] == {"kind": "stow", "ae_title": "", "address": "127.0.0.1"}
    assert found["facility"] == {"code": "LOCAL", "name": ""}
    assert (found["study_instance_uid"], found["series_instance_uid"]) == (
        kept.StudyInstanceUID,
        kept.SeriesInstanceUID,
    )
    assert (found["patient_name"], found["patient_id"]) == ("TRẦN^THỊ^LÊ", "001")
    assert found["dataset_sha256"] != found["kept_dataset_sha256"]
    assert (found["resolved_at"], found["resolved_by"], found["note"]) == (None, "", "")
    # Again, and the original is still what everybody sees.
    assert stow(admin, [part10(other)]).status_code == 409
    assert entry_of(admin, other)["times_received"] == 2
    metadata = admin.get(f"{instances.path(kept)}/metadata").json()
    assert metadata[0]["00100010"]["Value"] == [{"Alphabetic": "NGUYỄN^VĂN^ĐỨC"}]


def test_the_comparison_and_the_file(admin: httpx.Client) -> None:
    kept, other = conflict(admin, InstanceNumber=77)
    identity = entry_of(admin, other)["id"]
    found = admin.get(f"/api/quarantine/{identity}").json()
    comparison = found["comparison"]
    assert found["comparison_note"] == ""
    assert comparison["differences"] == [
        {
            "path": "00100010",
            "keyword": "PatientName",
            "vr": "PN",
            "kept": "NGUYỄN^VĂN^ĐỨC",
            "quarantined": "TRẦN^THỊ^LÊ",
        },
        {"path": "00200013", "keyword": "InstanceNumber", "vr": "IS", "kept": "1", "quarantined": "77"},
    ]
    assert (comparison["pixel_data"], comparison["truncated"]) == ("same", False)
    assert comparison["kept"]["sop_instance_uid"] == kept.SOPInstanceUID
    file = admin.get(f"/api/quarantine/{identity}/file")
    assert (file.status_code, file.headers["content-type"]) == (200, "application/dicom")
    assert file.headers["content-disposition"] == f'attachment; filename="quarantine-{identity}.dcm"'
    assert "no-store" in file.headers["cache-control"]
    assert dcmread(BytesIO(file.content)).PatientName == "TRẦN^THỊ^LÊ"


def test_discarding(admin: httpx.Client) -> None:
    _, other = conflict(admin)
    path = f"/api/quarantine/{entry_of(admin, other)['id']}"
    for body in ({}, {"reason": ""}, {"reason": 1}):
        assert admin.request("DELETE", path, json=body).status_code == 400
    assert admin.request("DELETE", path, json={"reason": "a test"}).status_code == 204
    again = admin.request("DELETE", path, json={"reason": "a test"})
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    assert admin.get(f"{path}/file").status_code == 409
    settled = admin.get(path).json()
    assert (settled["state"], settled["note"], settled["comparison"]) == ("discarded", "a test", None)
    assert settled["resolved_at"]


def test_trying_again_is_refused_for_the_same_reason(admin: httpx.Client) -> None:
    _, other = conflict(admin)
    path = f"/api/quarantine/{entry_of(admin, other)['id']}"
    refused = admin.post(f"{path}/retry")
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    assert admin.get(path).json()["state"] == "open"


def test_only_administrators(web: WebServer, admin: httpx.Client) -> None:
    _, other = conflict(admin)
    path = f"/api/quarantine/{entry_of(admin, other)['id']}"
    with web.client(Role.RADIOLOGIST) as reader:
        for method, address in (("GET", path), ("GET", f"{path}/file"), ("POST", f"{path}/retry")):
            assert reader.request(method, address).status_code == 403, address
        assert reader.get("/api/quarantine").status_code == 403
        assert reader.request("DELETE", path, json={"reason": "x"}).status_code == 403
    with web.client(Role.ADMIN, facility="ELSEWHERE") as elsewhere:
        assert elsewhere.get(path).status_code == 403
        assert elsewhere.get("/api/quarantine").json()["total"] == 0
    assert httpx.get(f"{web.url}/api/quarantine", timeout=HUNG_S).status_code == 401
    assert admin.get(path).json()["state"] == "open"


def test_a_session_of_another_site_discards_nothing(web: WebServer, admin: httpx.Client) -> None:
    _, other = conflict(admin)
    path = f"/api/quarantine/{entry_of(admin, other)['id']}"
    web.account("admin.conflicts", Role.ADMIN)
    with httpx.Client(base_url=web.url, timeout=HUNG_S) as browser:
        signed = browser.post("/api/session", json={"account": "admin.conflicts", "password": PASSWORD})
        assert signed.status_code == 200
        assert browser.get(path).status_code == 200
        foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        assert browser.request("DELETE", path, json={"reason": "x"}, headers=foreign).status_code == 403
        own = {"Origin": web.url}
        assert browser.request("DELETE", path, json={"reason": "x"}, headers=own).status_code == 204


def test_a_file_on_another_node_is_named(web: WebServer, admin: httpx.Client) -> None:
    _, other = conflict(admin)
    identity = entry_of(admin, other)["id"]
    with web.archive.index.write() as connection:
        connection.execute(update(table).where(table.c.id == identity).values(node="0badcafe", host="pacs-2"))
    found = admin.get(f"/api/quarantine/{identity}").json()
    assert (found["here"], found["host"], found["comparison"]) == (False, "pacs-2", None)
    assert "pacs-2" in found["comparison_note"]
    refused = admin.get(f"/api/quarantine/{identity}/file")
    assert refused.status_code == 409
    assert "pacs-2" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/quarantine/999999", 404),
        ("/api/quarantine/x", 404),
        ("/api/quarantine/999999/file", 404),
        ("/api/quarantine?limit=-1", 400),
        ("/api/quarantine?limit=501", 400),
        ("/api/quarantine?kind=odd", 400),
        ("/api/quarantine?kind=damaged", 200),
    ],
)
def test_addresses_and_parameters(admin: httpx.Client, address: str, status: int) -> None:
    assert admin.get(address).status_code == status


def test_a_full_quarantine_is_out_of_resources(web: WebServer, admin: httpx.Client) -> None:
    (kept,) = instances.study(1, rows=512, columns=512)
    store(admin, [kept])
    with web.archive.index.write() as connection:
        connection.execute(
            table.insert().values(
                file_name=f"{web.archive.spool.node}-large",
                node=web.archive.spool.node,
                reason="a test",
                size=web.archive.settings.maximum_quarantine_bytes,
                received_at=datetime.now(UTC),
            )
        )
    try:
        kept.PatientName = "B"
        refused = stow(admin, [part10(kept)])
        assert refused.status_code == 503
        assert refused.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xA700]
        page = admin.get("/api/quarantine", params={"limit": 500}).json()
        assert kept.SOPInstanceUID not in [one["sop_instance_uid"] for one in page["quarantine"]]
    finally:
        with web.archive.index.write() as connection:
            connection.execute(table.delete().where(table.c.reason == "a test"))
