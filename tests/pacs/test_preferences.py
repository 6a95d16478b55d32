"""``/api/preferences``: what a person sets is theirs, wherever they sign in, and nobody else's."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from storage.access.principal import Role
from tests.pacs.server import PASSWORD, WebServer

SignIn = Callable[[str], httpx.Client]


@pytest.fixture
def sign_in(web: WebServer) -> Iterator[SignIn]:
    """Somebody's browser: the account is made when it is new."""
    known: set[str] = set()
    with ExitStack() as stack:

        def one(name: str) -> httpx.Client:
            if name not in known:
                web.account(name, Role.RADIOLOGIST)
                known.add(name)
            client = stack.enter_context(httpx.Client(base_url=web.url, timeout=60))
            assert client.post("/api/session", json={"account": name, "password": PASSWORD}).status_code == 200
            client.headers["Origin"] = web.url
            return client

        yield one


def test_what_a_person_sets_follows_them_and_stays_theirs(sign_in: SignIn) -> None:
    first, other = sign_in("pref.mai"), sign_in("pref.nam")
    assert first.get("/api/preferences/keys").json() == {}
    assert first.put("/api/preferences/keys", json={"strokes": {"invert": {"key": "đ"}}}).status_code == 204
    assert first.put("/api/preferences/keys", json={"strokes": {"invert": {"key": "y"}}}).status_code == 204
    assert sign_in("pref.mai").get("/api/preferences/keys").json() == {"strokes": {"invert": {"key": "y"}}}
    assert other.get("/api/preferences/keys").json() == {}
    assert other.delete("/api/preferences/keys").status_code == 204
    assert first.get("/api/preferences/keys").json() != {}
    assert first.delete("/api/preferences/keys").status_code == 204
    assert first.get("/api/preferences/keys").json() == {}


def test_unknown_names_long_documents_and_strangers_are_refused(web: WebServer, sign_in: SignIn) -> None:
    person = sign_in("pref.tam")
    assert person.get("/api/preferences/anything").status_code == 404
    assert person.put("/api/preferences/anything", json={}).status_code == 404
    assert person.put("/api/preferences/keys", json={"text": "a" * 70_000}).status_code == 413
    assert person.put("/api/preferences/keys", content=b"[1]").status_code == 415
    assert person.put("/api/preferences/keys", json=[1]).status_code == 400
    with httpx.Client(base_url=web.url, timeout=60) as stranger:
        assert stranger.get("/api/preferences/keys").status_code == 401
        assert stranger.put("/api/preferences/keys", json={}).status_code == 401
    with web.client() as program:
        assert program.get("/api/preferences/keys").status_code == 403
