"""Sign-in, sessions, bearer tokens and requests from other sites."""

import time
import uuid
from collections.abc import Iterator

import httpx
import pytest

from storage.access import accounts, audit, credentials
from storage.access.principal import Role
from tests.pacs.server import PASSWORD, WebServer
from tests.wait import HUNG_S

COOKIE = "filmless_session"


@pytest.fixture
def browser(web: WebServer) -> Iterator[httpx.Client]:
    """A client without credentials, as a browser before sign-in."""
    with httpx.Client(base_url=web.url, timeout=60) as client:
        yield client


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return client.post("/api/session", json={"account": name, "password": password}, headers=headers)


def test_sign_in_gives_a_session_that_a_sign_out_ends(web: WebServer, browser: httpx.Client) -> None:
    web.account("hoa", Role.RADIOLOGIST)
    answer = sign_in(browser, "Hoa")
    assert answer.status_code == 200
    assert answer.json()["account"] == "hoa"
    assert answer.json()["roles"] == ["radiologist"]
    assert answer.json()["facilities"] is None
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert browser.get("/api/session").json() == answer.json()
    assert browser.get("/api/studies").status_code == 200

    secret = browser.cookies[COOKIE]
    assert browser.delete("/api/session", headers={"Origin": web.url}).status_code == 204
    assert COOKIE not in browser.cookies
    refused = httpx.get(f"{web.url}/api/session", cookies={COOKIE: secret}, timeout=HUNG_S)
    assert refused.status_code == 401


def test_a_session_shows_the_facilities_in_its_reach(web: WebServer, browser: httpx.Client) -> None:
    web.account("lan", Role.REFERRER, facility_codes=["79001"])
    assert sign_in(browser, "lan").json()["facilities"] == [{"code": "79001", "name": ""}]


def test_a_wrong_password_and_an_unknown_account_look_the_same(web: WebServer, browser: httpx.Client) -> None:
    web.account("minh")
    wrong = sign_in(browser, "minh", "not the passphrase at all")
    unknown = sign_in(browser, "nobody", "not the passphrase at all")
    for answer in (wrong, unknown):
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert "set-cookie" not in answer.headers
    assert wrong.json()["detail"] == unknown.json()["detail"]
    with web.archive.index.read() as connection:
        refused = [event for event in audit.events(connection) if event.actor == "minh"]
    assert refused[0].outcome == "refused"


def test_guessing_is_slowed_down(web: WebServer, browser: httpx.Client) -> None:
    web.account("tuan")
    statuses = [sign_in(browser, "tuan", f"guess number {n} of many").status_code for n in range(7)]
    assert statuses[:5] == [401] * 5
    assert statuses[-1] == 429
    answer = sign_in(browser, "tuan")
    assert answer.status_code == 429, "the right password too has to wait"
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"not json", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"account":"a"}', "application/json", 400),
        (b'{"account":1,"password":"x"}', "application/json", 400),
        (b'{"account":"a","password":"' + b"x" * 20_000 + b'"}', "application/json", 413),
        (b"account=a&password=b", "application/x-www-form-urlencoded", 415),
    ],
)
def test_odd_sign_in_bodies(browser: httpx.Client, body: bytes, content_type: str, status: int) -> None:
    answer = browser.post("/api/session", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/session", "/api/studies", "/api/about", "/api/events", "/dicom-web/studies"])
def test_nothing_is_given_to_strangers(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("value", ["Bearer", "Basic YTpi", "Bearer wrong", "Bearer " + "x" * 600, "nonsense"])
def test_odd_tokens(browser: httpx.Client, value: str) -> None:
    assert browser.get("/api/studies", headers={"Authorization": value}).status_code == 401


def test_an_expired_token_is_refused(web: WebServer, browser: httpx.Client) -> None:
    token = web.token(Role.ADMIN, days=3 / 86400)
    headers = {"Authorization": f"Bearer {token}"}
    assert browser.get("/api/studies", headers=headers).status_code == 200
    time.sleep(3)
    assert browser.get("/api/studies", headers=headers).status_code == 401


def test_a_closed_account_is_signed_out(web: WebServer, browser: httpx.Client) -> None:
    web.account("khoa")
    sign_in(browser, "khoa")
    accounts.set_active(web.archive.index, "khoa", False)
    credentials.forget_cached(web.archive.index)
    assert sign_in(browser, "khoa").status_code == 401


class TestOtherSites:
    """A cookie sent along by a page of another site must do nothing (OWASP CSRF)."""

    @pytest.fixture
    def signed_in(self, web: WebServer, browser: httpx.Client) -> httpx.Client:
        name = f"user-{uuid.uuid4()}"
        web.account(name)
        assert sign_in(browser, name).status_code == 200
        return browser

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-origin"},
            {},
        ],
    )
    def test_their_unsafe_requests_are_refused(self, signed_in: httpx.Client, headers: dict[str, str]) -> None:
        for method, path in (("DELETE", "/api/session"), ("POST", "/dicom-web/studies")):
            answer = signed_in.request(method, path, headers={"Content-Type": "application/dicom", **headers})
            assert answer.status_code == 403, (method, path)
        assert signed_in.get("/api/session").status_code == 200, "still signed in"

    def test_they_cannot_sign_a_browser_in(self, web: WebServer, browser: httpx.Client) -> None:
        web.account("victim")
        answer = sign_in(browser, "victim", Origin="https://evil.example")
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers

    def test_our_own_pages_may(self, web: WebServer, signed_in: httpx.Client) -> None:
        answer = signed_in.delete("/api/session", headers={"Origin": web.url, "Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 204

    def test_a_bearer_token_needs_no_origin(self, web: WebServer) -> None:
        with web.client(Role.TECHNOLOGIST) as client:
            answer = client.post("/dicom-web/studies", content=b"", headers={"Content-Type": "application/dicom"})
        assert answer.status_code == 400
