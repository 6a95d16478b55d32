"""The outermost layer: an id for each request, trusted proxies, security fields, and what nobody else caught."""

import secrets
import time

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacs.web.errors import problem, problem_of
from pacs.web.headers import security
from pacs.web.journal import Journal
from pacs.web.settings import WebSettings

MOST_HEADER_BYTES = 32 * 1024
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_log = structlog.get_logger("pacs.web")


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: WebSettings, journal: Journal) -> None:
        self._app = app
        self._proxies = settings.proxies
        self._journal = journal
        self._security = security(https=settings.https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, self._security)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADER_BYTES:
            await _too_large(exchange)(scope, receive, exchange.send)
            return
        if self._proxies:
            _believe_proxy(scope, self._proxies)
        with self._journal.in_flight.track_inprogress():
            try:
                await self._app(scope, receive, exchange.send)
            except Exception as error:  # noqa: BLE001 - the last resort: a 500 with a logged id
                await _last_resort(error, exchange, scope, receive)
            finally:
                self._note(scope, exchange)

    def _note(self, scope: Scope, exchange: "_Exchange") -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        seconds = time.perf_counter() - exchange.started_at
        # 499: the client went away before an answer was started
        self._journal.note(
            exchange.identifier,
            method,
            scope["path"],
            route,
            exchange.status or 499,
            seconds,
            exchange.sent,
            client_address(scope),
        )


class _Exchange:
    """One request and how far its answer has come."""

    def __init__(self, scope: Scope, send: Send, security_fields: list[tuple[bytes, bytes]]) -> None:
        self.identifier = secrets.token_hex(8)
        self.started_at = time.perf_counter()
        self.status = 0
        self.sent = 0
        self._send = send
        self._fields = [*security_fields, (b"x-request-id", self.identifier.encode())]
        scope["filmless.id"] = self.identifier

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message.get("headers", ()))
            own = {name for name, _ in given}
            # A route may say for itself what its answer may do: a PDF may be framed by our own pages.
            message["headers"] = [*given, *(field for field in self._fields if field[0] not in own)]
        elif message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        await self._send(message)


def _too_large(exchange: _Exchange) -> Response:
    return problem(431, "Header fields too large", f"At most {MOST_HEADER_BYTES} bytes are read.", exchange.identifier)


async def _last_resort(error: Exception, exchange: _Exchange, scope: Scope, receive: Receive) -> None:
    """Answer with a problem; once bytes have gone out all that is left is to log and break off."""
    if exchange.status:
        _log.error("broken off", id=exchange.identifier, status=exchange.status, exc_info=error)
        raise error
    await problem_of(error, exchange.identifier)(scope, receive, exchange.send)


def client_address(scope: Scope) -> str:
    """Address of the client, as far as it is believed."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _believe_proxy(scope: Scope, proxies: frozenset[str]) -> None:
    """Take client and scheme from X-Forwarded-For and -Proto when the peer is a trusted proxy."""
    if client_address(scope) not in proxies:
        return
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            # The right-most address that is not itself one of our proxies was seen by one of them.
            hops = [hop.strip() for hop in value.decode("latin-1").split(",")]
            seen = next((hop for hop in reversed(hops) if hop and hop not in proxies), "")
            if seen:
                scope["client"] = (seen[:64], 0)
        elif name == b"x-forwarded-proto" and value in (b"http", b"https"):
            scope["scheme"] = value.decode()
