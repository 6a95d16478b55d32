"""How our requests to a linked site say who asks: a token of our site, exchanged for a short session (RFC 6750)."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta

import httpx
import orjson

from storage.access.refusal import Missing, VisitRefused, known
from storage.archive import Archive, outgoing_visit
from storage.archive.outgoing_visit import Errand
from storage.errors import StoreUnavailable

EXCHANGE = "/api/federation/session"
_LARGEST_ANSWER = 16 * 1024
_RENEWED_BEFORE = timedelta(seconds=30)


class SiteAuth(httpx.Auth):
    """For one person's errand at one site; safe to share between threads. Each exchange is in our audit trail.

    What the site refuses is raised as :class:`VisitRefused`, at the exchange and at any later request.
    """

    requires_request_body = False

    def __init__(self, archive: Archive, errand: Errand) -> None:
        self._archive = archive
        self._errand = errand
        self._lock = threading.Lock()
        self._secret = ""
        self._until = datetime.min.replace(tzinfo=UTC)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Exchange a token where there is no session, and once more if the site has ended it."""
        for attempt in range(2):
            secret = self._valid()
            if not secret:
                answer = yield self._exchange()
                answer.read()
                secret = self._admitted(answer)
            request.headers["Authorization"] = f"Bearer {secret}"
            answer = yield request
            if answer.status_code == httpx.codes.FORBIDDEN:
                answer.read()
                self._refused(answer)
            if answer.status_code != httpx.codes.UNAUTHORIZED or attempt:
                return
            self._forget(secret)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The same for asynchronous clients; what blocks goes to a thread."""
        for attempt in range(2):
            secret = self._valid()
            if not secret:
                answer = yield await asyncio.to_thread(self._exchange)
                await answer.aread()
                secret = await asyncio.to_thread(self._admitted, answer)
            request.headers["Authorization"] = f"Bearer {secret}"
            answer = yield request
            if answer.status_code == httpx.codes.FORBIDDEN:
                await answer.aread()
                await asyncio.to_thread(self._refused, answer)
            if answer.status_code != httpx.codes.UNAUTHORIZED or attempt:
                return
            self._forget(secret)

    def _valid(self) -> str:
        with self._lock:
            return self._secret if datetime.now(UTC) + _RENEWED_BEFORE < self._until else ""

    def _forget(self, secret: str) -> None:
        with self._lock:
            if self._secret == secret:
                self._secret = ""
                self._until = datetime.min.replace(tzinfo=UTC)

    def _exchange(self) -> httpx.Request:
        token = outgoing_visit.token(self._archive, self._errand)
        return httpx.Request("POST", self._errand.site.address + EXCHANGE, json={"token": token})

    def _admitted(self, answer: httpx.Response) -> str:
        if answer.status_code == httpx.codes.FORBIDDEN:
            self._refused(answer, "grant")
        found = _document(answer) if answer.status_code == httpx.codes.CREATED else {}
        secret, until = found.get("secret"), found.get("expires_at")
        lasting = _moment(until)
        if not isinstance(secret, str) or not secret.isascii() or lasting is None:
            raise StoreUnavailable("The other site does not answer as a Filmless does.")
        outgoing_visit.note(self._archive, self._errand, None)
        with self._lock:
            self._secret, self._until = secret, lasting
        return secret

    def _refused(self, answer: httpx.Response, otherwise: Missing | None = None) -> None:
        """Raise if the site says in our words what is missing; any other refusal is for the caller to read."""
        missing = known(_document(answer).get("missing")) or otherwise
        if missing is None:
            return
        outgoing_visit.note(self._archive, self._errand, missing)
        raise VisitRefused(missing)


def _moment(text: object) -> datetime | None:
    """A time of another site's clock, with its zone."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _document(answer: httpx.Response) -> dict[str, object]:
    if len(answer.content) > _LARGEST_ANSWER:
        return {}
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
