"""Pictures and prints are allowed and noted before a page makes them; what is fetched ahead is no view."""

import json
import uuid

import httpx
import pytest
from pydicom.dataset import Dataset

from storage.access import audit
from storage.access.principal import Role
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer


@pytest.fixture
def kept(admin: httpx.Client) -> list[Dataset]:
    """A study of two slices in the archive."""
    datasets = instances.study(2, patient_id=f"EXPORT-{uuid.uuid4().hex[:8]}", rows=32, columns=32)
    store(admin, datasets)
    return datasets


def trail(web: WebServer, study: str, action: str) -> list[audit.Event]:
    """What was noted of an action on a study, newest first."""
    with web.archive.index.read() as connection:
        return [event for event in audit.events(connection, study_instance_uid=study) if event.action == action]


def test_who_may_takes_a_picture_and_it_is_noted_each_time(web: WebServer, kept: list[Dataset]) -> None:
    study, images = str(kept[0].StudyInstanceUID), [str(ds.SOPInstanceUID) for ds in kept]
    with web.client(Role.RADIOLOGIST) as reader:
        for kind, identified in (("picture", True), ("print", False), ("print", False)):
            body = {"kind": kind, "identified": identified, "images": images}
            assert reader.post(f"/api/studies/{study}/exports", json=body).status_code == 204
    noted = trail(web, study, "export")
    assert [event.outcome for event in noted] == ["success"] * 3
    assert {event.patient_id for event in noted} == {kept[0].PatientID}
    assert [json.loads(event.detail) for event in reversed(noted)] == [
        {"kind": kind, "identified": identified, "sop_instance_uids": images}
        for kind, identified in (("picture", True), ("print", False), ("print", False))
    ]


def test_who_may_only_look_takes_nothing_out(web: WebServer, kept: list[Dataset]) -> None:
    study = str(kept[0].StudyInstanceUID)
    body = {"kind": "picture", "identified": True, "images": [str(kept[0].SOPInstanceUID)]}
    with web.client(Role.REFERRER) as referrer:
        assert referrer.get(f"/api/studies/{study}/manifest").status_code == 200
        assert referrer.post(f"/api/studies/{study}/exports", json=body).status_code == 403
    with web.client(Role.RADIOLOGIST, facility="79998") as stranger:
        assert stranger.post(f"/api/studies/{study}/exports", json=body).status_code == 403
    assert [event.outcome for event in trail(web, study, "export")] == ["refused", "refused"]
    assert httpx.post(f"{web.url}/api/studies/{study}/exports", json=body).status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"images": ["2.25.404"]}, 404),
        ({"images": []}, 400),
        ({"images": ["2.25.404"] * 65}, 400),
        ({"images": [1]}, 400),
        ({"images": ["../1"]}, 400),
        ({"kind": "film"}, 400),
        ({"identified": "yes"}, 400),
    ],
)
def test_what_is_asked_for_wrongly_is_not_noted(
    web: WebServer, kept: list[Dataset], change: dict[str, object], status: int
) -> None:
    study = str(kept[0].StudyInstanceUID)
    body = {"kind": "picture", "identified": True, "images": [str(kept[0].SOPInstanceUID)], **change}
    with web.client(Role.RADIOLOGIST) as reader:
        assert reader.post(f"/api/studies/{study}/exports", json=body).status_code == status
        assert reader.post("/api/studies/2.25.404/exports", json=body).status_code in (400, 404)
    assert trail(web, study, "export") == []


def test_what_is_fetched_ahead_is_a_view_only_when_it_is_opened(web: WebServer, kept: list[Dataset]) -> None:
    study, series, image = kept[0].StudyInstanceUID, kept[0].SeriesInstanceUID, kept[0].SOPInstanceUID
    address = f"/dicom-web/studies/{study}/series/{series}"
    ahead = {"Purpose": "prefetch"}
    asked = (
        f"/api/studies/{study}/manifest",
        f"{address}/metadata",
        f"{address}/instances/{image}/frames/1/rendered",
        f"{address}/instances/{image}/frames/1",
    )
    with web.client(Role.RADIOLOGIST) as reader:
        for path in asked:
            assert reader.get(path, headers=ahead).status_code == 200
        assert trail(web, str(study), "view") == []
        assert [event.outcome for event in trail(web, str(study), "prefetch")] == ["success"]
        assert reader.get(asked[0]).status_code == 200
        assert [event.outcome for event in trail(web, str(study), "view")] == ["success"]
    with web.client(Role.RADIOLOGIST, facility="79998") as stranger:
        for path in asked:
            assert stranger.get(path, headers=ahead).status_code == 403
    assert [event.outcome for event in trail(web, str(study), "prefetch")] == ["refused", "success"]
