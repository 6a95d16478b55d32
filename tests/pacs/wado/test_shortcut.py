"""Frames asked for again and again: the quick answer is the same as the slow one, and asks the same of who asks."""

from datetime import timedelta

import httpx
import pytest
from pydicom.dataset import Dataset

from storage.access import audit, credentials
from storage.access.principal import Role
from tests import instances
from tests.pacs.message import parts, store
from tests.pacs.server import WebServer
from tests.pacs.wado.resource import RAW, get
from tests.wait import HUNG_S


@pytest.fixture
def scrolled(client: httpx.Client) -> list[Dataset]:
    """A series of which every frame was looked at twice, so that all of it is at hand."""
    made = instances.study(6)
    store(client, made)
    for _ in range(2):
        for ds in made:
            assert get(client, f"{instances.path(ds)}/frames/1", RAW).status_code == 200
    return made


@pytest.mark.parametrize("accept", [RAW, "application/octet-stream", "*/*", RAW + "; transfer-syntax=*"])
def test_every_frame_is_its_own(client: httpx.Client, scrolled: list[Dataset], accept: str) -> None:
    for ds in scrolled:
        answer = get(client, f"{instances.path(ds)}/frames/1", accept)
        body = answer.content if accept == "application/octet-stream" else parts(answer)[0][1]
        assert body == ds.PixelData
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = get(client, f"{instances.path(ds)}/frames/1", accept, **{"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_pictures_of_a_cine_in_turn(client: httpx.Client, cine: Dataset) -> None:
    for _ in range(2):
        for number in range(1, 6):
            answer = get(client, f"{instances.path(cine)}/frames/{number}", "application/octet-stream")
            assert answer.content == bytes([40 * number]) * 120
    assert get(client, f"{instances.path(cine)}/frames/6", RAW).status_code == 404


def test_a_token_that_ended_gets_nothing_more(web: WebServer, scrolled: list[Dataset]) -> None:
    issued = credentials.issue_bearer(web.archive.index, [Role.ADMIN], timedelta(seconds=2))
    path = f"{instances.path(scrolled[0])}/frames/1"
    with httpx.Client(base_url=web.url, headers={"Authorization": f"Bearer {issued.secret}"}, timeout=HUNG_S) as client:
        statuses = {get(client, path, RAW).status_code}
        while statuses == {200}:
            statuses.add(get(client, path, RAW).status_code)
    assert statuses == {200, 401}


def test_who_may_not_see_it_is_refused_and_that_is_noted(web: WebServer, scrolled: list[Dataset]) -> None:
    path = f"{instances.path(scrolled[0])}/frames/1"
    with web.client(Role.RADIOLOGIST, facility="79666") as stranger:
        assert [get(stranger, path, RAW).status_code for _ in range(3)] == [403] * 3
    with httpx.Client(base_url=web.url, timeout=HUNG_S) as nobody:
        assert get(nobody, path, RAW).status_code == 401
    with web.archive.index.read() as connection:
        trail = audit.events(connection, study_instance_uid=str(scrolled[0].StudyInstanceUID))
    assert [(event.action, event.outcome) for event in trail][:2] == [("view", "refused"), ("view", "success")]


def test_what_cannot_be_had_is_refused_as_ever(client: httpx.Client, scrolled: list[Dataset]) -> None:
    path = f"{instances.path(scrolled[0])}/frames"
    assert get(client, f"{path}/1", "text/html").status_code == 406
    assert get(client, f"{path}/2", RAW).status_code == 404
    assert get(client, f"{path}/0", RAW).status_code == 400
    assert get(client, f"{path}/1", "image/jphc").headers["content-type"].startswith("image/jphc")


def test_a_series_that_grows_is_seen_whole(client: httpx.Client) -> None:
    made = instances.study(4)
    for ds in made:
        store(client, [ds])
        assert get(client, f"{instances.path(ds)}/frames/1", "application/octet-stream").content == ds.PixelData
