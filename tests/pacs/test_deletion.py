"""DELETE over DICOMweb, and what an address answers afterwards."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storage.access.principal import Role
from storage.archive.upload import upload_pending
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A web process that lets administrators delete."""
    folder: Path = tmp_path_factory.mktemp("web")
    started = WebServer(folder, f"sqlite:///{folder / 'index.db'}", {"FILMLESS_DELETION": "administrators"})
    try:
        started.start()
        yield started
    finally:
        started.close()


def test_what_was_deleted_is_gone_and_may_come_again(web: WebServer, admin: httpx.Client) -> None:
    first, second = instances.study(2)
    study, series = (instances.path(first).rsplit("/", count)[0] for count in (4, 2))
    store(admin, [first, second])
    assert admin.delete(study).status_code == 409, "it is not in the object store yet"
    upload_pending(web.archive)
    assert admin.delete(instances.path(first)).status_code == 204
    assert admin.get(f"{instances.path(first)}/metadata").status_code == 410
    assert len(admin.get(f"{series}/metadata").json()) == 1
    answer = admin.delete(study, params={"reason": "wrong-patient", "note": "7"})
    assert (answer.status_code, answer.content) == (204, b"")
    for path in ("", "/metadata", "/thumbnail"):
        told = admin.get(study + path)
        assert told.status_code == 410, path
        assert told.headers["content-type"] == "application/problem+json"
        assert "another patient" in told.json()["detail"]
    assert admin.get(f"{instances.path(second)}/frames/1").status_code == 410
    assert admin.get("/dicom-web/studies", params={"StudyInstanceUID": first.StudyInstanceUID}).json() == []
    assert admin.delete(study).status_code == 410
    store(admin, [second])
    assert admin.get(f"{instances.path(second)}/metadata").status_code == 200
    assert admin.get(f"{instances.path(first)}/metadata").status_code == 410


def test_who_may_not_is_refused_and_what_is_not_there_is_not_found(web: WebServer, admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    store(admin, [ds])
    upload_pending(web.archive)
    with web.client(Role.RADIOLOGIST) as reader:
        assert reader.delete(instances.path(ds)).status_code == 403
    with web.client(Role.ADMIN, facility="79444") as stranger:
        assert stranger.delete(instances.path(ds)).status_code == 403
    assert admin.get(f"{instances.path(ds)}/metadata").status_code == 200
    assert admin.delete("/dicom-web/studies/1.2.3").status_code == 404
    assert admin.delete("/dicom-web/studies/1.2.3?reason=because").status_code == 400
    assert admin.delete("/dicom-web/studies/1.2.3?resaon=test").status_code == 400
    assert admin.delete("/dicom-web/studies/1*3").status_code == 400
