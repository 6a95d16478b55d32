"""Live updates: who hears of which study, and how soon."""

import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from storage.access import credentials
from storage.access.principal import Role
from tests import instances
from tests.pacs.message import part10, store, stow
from tests.pacs.server import WebServer
from tests.wait import HUNG_S, until

EVENT = re.compile(rb"event: study\ndata: ([^\n]+)\n\n")


class Listener:
    """An open event stream on a bare socket, which the server closes when it ends the stream."""

    def __init__(self, web: WebServer, token: str, query: str = "") -> None:
        self._buffer = b""
        self._socket = socket.create_connection(("127.0.0.1", web.port), 60)
        head = (
            f"GET /api/events{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        )
        self._socket.sendall(head.encode())
        until(lambda: self._receive(10) and b"retry:" in self._buffer, within_s=60)

    def _receive(self, within_s: float) -> bool:
        self._socket.settimeout(max(0.01, within_s))
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return False
        self._buffer += data
        return bool(data)

    def next(self, within_s: float = HUNG_S) -> dict[str, Any] | None:
        """The next study, or nothing within the time."""
        deadline = time.monotonic() + within_s
        while True:
            match = EVENT.search(self._buffer)
            if match:
                self._buffer = self._buffer[match.end() :]
                found: dict[str, Any] = json.loads(match.group(1))
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._receive(left)

    def of(self, study_instance_uid: object, within_s: float = HUNG_S) -> dict[str, Any]:
        """The next event of a study; those of others are passed over."""
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            found = self.next(left)
            if found is not None and found["study_instance_uid"] == study_instance_uid:
                return found
        raise AssertionError("no event of the study came in time")

    def ended(self, within_s: float) -> bool:
        """Whether the server ends the stream in time."""
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            before = len(self._buffer)
            if not self._receive(left) and len(self._buffer) == before and time.monotonic() < deadline:
                return True
        return False

    def close(self) -> None:
        """Go away without a word, as a browser does."""
        self._socket.close()


@pytest.fixture
def listener(web: WebServer) -> Iterator[Listener]:
    found = Listener(web, web.token(Role.RADIOLOGIST))
    yield found
    found.close()


def subscribers(web: WebServer) -> float:
    match = re.search(r"^filmless_event_subscribers (\S+)$", httpx.get(f"{web.url}/metrics", timeout=HUNG_S).text, re.M)
    assert match is not None
    return float(match.group(1))


def test_a_study_is_told_of_while_it_arrives_and_when_it_is_quiet(listener: Listener, admin: httpx.Client) -> None:
    first, second = instances.study(2)
    store(admin, [first])
    event = listener.of(first.StudyInstanceUID)
    assert event["number_of_instances"] == 1
    assert event["arriving"] is True
    listed = admin.get("/api/studies", params={"q": str(first.PatientID)}).json()["studies"]
    assert set(event) == set(listed[0])
    store(admin, [second])
    assert listener.of(first.StudyInstanceUID)["number_of_instances"] == 2
    quiet = listener.of(first.StudyInstanceUID, within_s=30)
    assert (quiet["number_of_instances"], quiet["arriving"]) == (2, False)


def test_each_hears_of_their_own_facilities_alone(web: WebServer, admin: httpx.Client) -> None:
    mine = Listener(web, web.token(Role.REFERRER, facility="79301"))
    with web.client(Role.TECHNOLOGIST, facility="79301") as sender:
        (theirs,) = instances.study(1)
        store(admin, [theirs])
        (own,) = instances.study(1)
        assert stow(sender, [part10(own)]).status_code == 200
    first = mine.next()
    assert first is not None
    assert first["study_instance_uid"] == own.StudyInstanceUID, "the other study came earlier, and was not for us"
    assert first["facility"]["code"] == "79301"
    mine.close()


def test_one_study_alone_can_be_followed(web: WebServer, admin: httpx.Client) -> None:
    (followed,), (other,) = instances.study(1), instances.study(1)
    one = Listener(web, web.token(Role.RADIOLOGIST), f"?study={followed.StudyInstanceUID}")
    store(admin, [other])
    store(admin, [followed])
    first = one.next()
    assert first is not None
    assert first["study_instance_uid"] == followed.StudyInstanceUID
    one.close()


def test_who_goes_away_is_forgotten(web: WebServer) -> None:
    token = web.token(Role.RADIOLOGIST)
    before = subscribers(web)
    many = [Listener(web, token) for _ in range(20)]
    assert subscribers(web) == before + 20
    for one in many:
        one.close()
    until(lambda: subscribers(web) == before, within_s=30)


def test_a_revoked_token_ends_its_stream(web: WebServer) -> None:
    token = web.token(Role.RADIOLOGIST)
    one = Listener(web, token)
    credentials.revoke(web.archive.index, token)
    assert one.ended(within_s=45)
    one.close()


@pytest.mark.parametrize("query", ["?study=x/y", "?study=" + "1" * 65])
def test_odd_parameters(admin: httpx.Client, query: str) -> None:
    assert admin.get(f"/api/events{query}").status_code == 400


def test_open_streams_do_not_hold_up_a_stop(web: WebServer) -> None:
    """A process that a stream holds up is killed before it says that it has stopped.

    What the server writes of killing is no sign: it says so too of a worker that its other thread has just reaped.
    """
    stops = web.log.read_text().count("web process stopped")
    one = Listener(web, web.token(Role.RADIOLOGIST))
    try:
        web.stop()
        assert one.ended(HUNG_S)
        assert web.log.read_text().count("web process stopped") == stops + 1
    finally:
        one.close()
        web.start()
