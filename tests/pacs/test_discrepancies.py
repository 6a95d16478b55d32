"""``/api/discrepancies``: what contradicts what is kept, as an administrator sees it and answers it."""

from typing import Any

import httpx
import pytest

from storage.access.principal import Role
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.wait import HUNG_S


def listed(client: httpx.Client, **query: str) -> dict[str, Any]:
    answer = client.get("/api/discrepancies", params=query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def test_a_patient_id_that_is_used_for_somebody_else(admin: httpx.Client) -> None:
    first = instances.study(1, patient_id="CONFLICT-1")
    second = instances.study(1, patient_id="CONFLICT-1", patient_name="TRẦN^THỊ^LÊ")
    store(admin, first)
    store(admin, second)
    page = listed(admin, study=first[0].StudyInstanceUID, kind="patient")
    assert page["total"] == 1
    (one,) = page["discrepancies"]
    assert (one["kind"], one["state"], one["attribute"]) == ("patient", "open", "patient_name")
    assert (one["kept"], one["arrived"]) == ("NGUYỄN^VĂN^ĐỨC", "TRẦN^THỊ^LÊ")
    assert one["study"]["study_instance_uid"] == second[0].StudyInstanceUID
    assert one["study"]["modalities"] == ["CT"]
    assert one["study"]["facility"] == {"code": "LOCAL", "name": ""}
    assert one["other_study"]["study_instance_uid"] == first[0].StudyInstanceUID
    assert one["series"] is None
    dismissed = admin.post(f"/api/discrepancies/{one['id']}", json={"state": "dismissed", "note": "married"})
    assert dismissed.status_code == 200
    assert (dismissed.json()["state"], dismissed.json()["note"]) == ("dismissed", "married")
    assert dismissed.json()["dismissed_by"]
    assert dismissed.json()["dismissed_at"]
    study = first[0].StudyInstanceUID
    assert [listed(admin, study=study, state=state)["total"] for state in ("open", "dismissed", "all")] == [0, 1, 1]
    assert admin.post(f"/api/discrepancies/{one['id']}", json={"state": "open"}).json()["dismissed_at"] is None


def test_instances_that_say_otherwise_of_their_series(admin: httpx.Client) -> None:
    datasets = instances.study(4, patient_id="CONFLICT-2")
    for ds in datasets[2:]:
        ds.SeriesDescription = "Coronal"
    store(admin, datasets)
    (one,) = listed(admin, study=datasets[0].StudyInstanceUID)["discrepancies"]
    assert (one["kind"], one["attribute"], one["kept"], one["arrived"]) == (
        "series",
        "series_description",
        "Axial",
        "Coronal",
    )
    assert one["number_of_instances"] == 2
    assert one["series"] == {
        "series_instance_uid": datasets[0].SeriesInstanceUID,
        "modality": "CT",
        "series_number": 1,
        "series_description": "Axial",
    }
    assert one["other_study"] is None


def test_only_administrators_of_the_facility(web: WebServer, admin: httpx.Client) -> None:
    datasets = instances.study(2, patient_id="CONFLICT-3")
    datasets[1].AccessionNumber = "ACC2"
    store(admin, datasets)
    study = datasets[0].StudyInstanceUID
    (one,) = listed(admin, study=study)["discrepancies"]
    with web.client(Role.RADIOLOGIST) as reader:
        assert reader.get("/api/discrepancies").status_code == 403
        assert reader.post(f"/api/discrepancies/{one['id']}", json={"state": "dismissed"}).status_code == 403
    with web.client(Role.ADMIN, facility="ELSEWHERE") as elsewhere:
        assert listed(elsewhere, study=study)["total"] == 0
        assert elsewhere.post(f"/api/discrepancies/{one['id']}", json={"state": "dismissed"}).status_code == 403
    assert httpx.get(f"{web.url}/api/discrepancies", timeout=HUNG_S).status_code == 401
    assert listed(admin, study=study)["total"] == 1


@pytest.mark.parametrize("query", ["state=odd", "kind=odd", "study=a%20b", "limit=x", "limit=501", "offset=-1"])
def test_parameters(admin: httpx.Client, query: str) -> None:
    assert admin.get(f"/api/discrepancies?{query}").status_code == 400


@pytest.mark.parametrize(
    ("identity", "body", "status"),
    [
        ("999999", {"state": "dismissed"}, 404),
        ("x", {"state": "dismissed"}, 404),
        ("1", {"state": "odd"}, 400),
        ("1", {}, 400),
        ("1", {"state": "dismissed", "note": "x" * 501}, 400),
    ],
)
def test_answers(admin: httpx.Client, identity: str, body: dict[str, str], status: int) -> None:
    assert admin.post(f"/api/discrepancies/{identity}", json=body).status_code == status
