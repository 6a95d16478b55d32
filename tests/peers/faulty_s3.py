"""A loopback proxy in front of a real S3 server that does to requests what networks and servers do to them.

Requests pass unchanged, their signatures too: they are made for the proxy's address, which the server sees in ``Host``.
"""

import http.client
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

from tests.peers import free_port

Kind = Literal[
    "503",  # refused by an overloaded server; nothing is stored
    "500 after",  # stored, but the answer is an error
    "hang",  # the request is read and nothing ever happens
    "reset",  # the connection breaks; nothing is stored
    "reset after",  # stored, and the connection breaks before the answer
    "cut",  # half of the answer's body
    "wrong",  # one byte of the answer's body is another
    "damage",  # one byte of the request's body is another, and the headers that would tell are taken away
    "slow",  # the answer takes its time
]
SLOW_S = 0.4


@dataclass
class Fault:
    """What happens to the next ``times`` requests (``None``: to every one) of these methods whose key ends so."""

    kind: Kind
    times: int | None = None
    methods: tuple[str, ...] = ("GET", "PUT", "HEAD", "POST", "DELETE")
    key: str = ""
    met: int = 0
    where: Callable[[str], bool] = field(default=lambda path: True)

    def meets(self, method: str, path: str) -> bool:
        """Whether it is this request's turn."""
        matches = method in self.methods and self.key in path and self.where(path)
        return matches and (self.times is None or self.met < self.times)


class FaultyS3:
    """The proxy; ``faults`` can be changed at any time, the first that meets a request counts."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.released = threading.Event()
        self._server: _Server | None = None

    def start(self) -> None:
        """Listen."""
        self.released.clear()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Close the port and every connection: from now on connections are refused."""
        server, self._server = self._server, None
        if server is not None:
            self.released.set()
            server.shutdown()
            server.break_connections()
            server.server_close()

    def next_fault(self, method: str, path: str) -> Fault | None:
        """Note a request; gives what shall happen to it."""
        with self.lock:
            self.requests.append((method, path))
            for fault in self.faults:
                if fault.meets(method, path):
                    fault.met += 1
                    return fault
        return None

    @contextmanager
    def doing(self, *faults: Fault) -> Iterator[None]:
        """For the time of a block."""
        self.faults = list(faults)
        try:
            yield
        finally:
            self.faults = []

    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        """The storage settings of the server behind, by way of this proxy."""
        return {**settings, "s3_endpoint": self.endpoint}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, proxy: FaultyS3) -> None:
        self.proxy = proxy
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", proxy.port), _Handler)

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        self._open.discard(request)
        super().shutdown_request(request)  # type: ignore[arg-type]  # as above

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone away, or a server behind that is stopped, is part of the play."""

    def break_connections(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = proxy.next_fault(self.command, self.path)
        kind = fault.kind if fault is not None else None
        if kind == "hang":
            proxy.released.wait()
            self.close_connection = True
        elif kind == "reset":
            self._break()
        elif kind == "503":
            self._answer(503, {"Content-Type": "application/xml"}, b"<Error><Code>SlowDown</Code></Error>")
        else:
            self._pass_on(body, kind)

    do_PUT = do_POST = do_HEAD = do_DELETE = do_GET  # noqa: N815 - names that http.server calls

    def _pass_on(self, body: bytes, kind: Kind | None) -> None:
        headers = dict(self.headers.items())
        if kind == "damage" and body:
            body = _other(body)
        connection = http.client.HTTPConnection(*self.server.proxy.upstream, timeout=60)
        try:
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if kind == "slow":
            time.sleep(SLOW_S)
        if kind == "reset after":
            self._break()
        elif kind == "500 after":
            self._answer(500, {}, b"<Error><Code>InternalError</Code></Error>")
        elif kind == "cut" and data:
            self._send_head(answer.status, dict(answer.getheaders()), len(data))
            self.wfile.write(data[: len(data) // 2])
            self._break()
        else:
            found = _other(data) if kind == "wrong" and data else data
            length = int(answer.getheader("Content-Length") or 0) if self.command == "HEAD" else len(found)
            self._send_head(answer.status, dict(answer.getheaders()), length)
            self.wfile.write(found)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._send_head(status, headers, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_head(self, status: int, headers: dict[str, str], length: int) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _break(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        _reset(self.connection)


def _other(data: bytes) -> bytes:
    """The same bytes but for one, near the end."""
    at = len(data) - len(data) // 16 - 1
    return data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :]


def _reset(connection: socket.socket) -> None:
    """Break a connection without the farewell of TCP."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())
    except OSError:
        return


@contextmanager
def before(upstream: str) -> Iterator[FaultyS3]:
    """Run a proxy for a while."""
    proxy = FaultyS3(upstream)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
