"""Storage commitment over the web: 202 until the result is there (PS3.18 §13)."""

import httpx
import pytest
from pydicom.uid import generate_uid

from storage.access.principal import Role
from storage.archive.commitment import work_off
from storage.archive.upload import upload_pending
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer


def reference(sop_class: str, instance: str) -> dict[str, object]:
    return {"00081150": {"vr": "UI", "Value": [sop_class]}, "00081155": {"vr": "UI", "Value": [instance]}}


def test_a_request_is_accepted_and_its_result_is_ready_later(web: WebServer, admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    store(admin, [ds])
    path, nobody = f"/dicom-web/commitment-requests/{generate_uid()}", generate_uid()
    body = {
        "00081199": {
            "vr": "SQ",
            "Value": [reference(ds.SOPClassUID, ds.SOPInstanceUID), reference(ds.SOPClassUID, nobody)],
        }
    }
    asked = admin.post(path, json=body, headers={"Content-Type": "application/dicom+json"})
    assert (asked.status_code, asked.content) == (202, b"")
    assert int(asked.headers["retry-after"]) > 0
    assert admin.get(path).status_code == 202
    assert admin.post(path, json=body).status_code == 409
    upload_pending(web.archive)
    work_off(web.archive)
    done = admin.get(path)
    assert done.status_code == 200
    assert done.headers["content-type"] == "application/dicom+json"
    (told,) = done.json()
    assert [item["00081155"]["Value"] for item in told["00081199"]["Value"]] == [[ds.SOPInstanceUID]]
    assert [(item["00081155"]["Value"], item["00081197"]["Value"]) for item in told["00081198"]["Value"]] == [
        ([nobody], [0x0112])
    ]
    assert nobody in admin.get(path, headers={"Accept": "application/dicom+xml"}).text
    received = admin.get(f"/api/studies/{ds.StudyInstanceUID}/receipt").json()
    assert received["committed"]["instances"] == 1


def test_a_study_is_answered_by_study(web: WebServer, admin: httpx.Client) -> None:
    made = instances.study(2)
    store(admin, made)
    path = f"/dicom-web/commitment-requests/{generate_uid()}"
    study = {"0020000D": {"vr": "UI", "Value": [made[0].StudyInstanceUID]}}
    assert admin.post(path, json={"00081110": {"vr": "SQ", "Value": [study]}}).status_code == 202
    upload_pending(web.archive)
    work_off(web.archive)
    (told,) = admin.get(path).json()
    (series,) = told["00081110"]["Value"][0]["00081115"]["Value"]
    (of_class,) = series["00081112"]["Value"]
    assert len(of_class["0008114A"]["Value"]) == 2


@pytest.mark.parametrize(
    ("body", "type_", "status"),
    [
        (b"{", "application/dicom+json", 400),
        (b"{}", "application/dicom+json", 400),
        (b'{"00081199": {"vr": "SQ", "Value": [7]}}', "application/dicom+json", 400),
        (b"<a/>", "application/dicom+xml", 400),
        (b"{}", "text/plain", 415),
    ],
)
def test_what_is_no_request(admin: httpx.Client, body: bytes, type_: str, status: int) -> None:
    path = f"/dicom-web/commitment-requests/{generate_uid()}"
    assert admin.post(path, content=body, headers={"Content-Type": type_}).status_code == status
    assert admin.get(path).status_code == 404


def test_who_may_not_store_is_promised_nothing(web: WebServer) -> None:
    with web.client(Role.REFERRER) as reader:
        body = {"00081199": {"vr": "SQ", "Value": [reference("1.2", "1.3")]}}
        assert reader.post(f"/dicom-web/commitment-requests/{generate_uid()}", json=body).status_code == 403
