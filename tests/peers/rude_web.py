"""Peers over HTTP as one fears them: silent, failing, endless, lying; each under a path of one server."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MANY = 100_000


def study(number: int, **texts: str) -> dict[str, Any]:
    """One answer of QIDO-RS."""
    told: dict[str, Any] = {
        "0020000D": {"vr": "UI", "Value": [f"1.2.3.{number}"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": texts.get("name", "NGUYỄN^VĂN^ĐỨC")}]},
        "00100020": {"vr": "LO", "Value": [texts.get("patient_id", f"P{number}")]},
        "00100030": {"vr": "DA", "Value": ["19800102"]},
        "00080020": {"vr": "DA", "Value": [texts.get("date", "20261122")]},
        "00080030": {"vr": "TM", "Value": ["101500"]},
        "00080050": {"vr": "SH"},
        "00080061": {"vr": "CS", "Value": ["CT"]},
        "00201208": {"vr": "IS", "Value": [3]},
    }
    if "uid" in texts:
        told["0020000D"]["Value"] = [texts["uid"]]
    return told


class RudeWeb:
    """One server; what it answers under ``/lies`` is set by the test, and what it sent under ``/many`` is counted."""

    def __init__(self) -> None:
        self.lies: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.sent = 0
        self.let_go = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(self.path)
                getattr(self, "answer_" + self.path.split("/")[1])()

            def answer_hangs(self) -> None:
                outer.let_go.wait(300)
                self.close_connection = True

            def answer_fails(self) -> None:
                self._answer(500, b"<html>500</html>")

            def answer_refuses(self) -> None:
                self._answer(403, b"no")

            def answer_redirects(self) -> None:
                self.send_response(302)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def answer_talks(self) -> None:
                self._answer(200, b"[" + json.dumps(study(1)).encode() + b', {"0020000D": nonsense')

            def answer_lies(self) -> None:
                self._answer(200, json.dumps(outer.lies).encode())

            def answer_many(self) -> None:
                self.send_response(200)
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                try:
                    for number in range(MANY):
                        text = json.dumps(study(number)).encode()
                        outer.sent += self.wfile.write((b"," if number else b"[") + text)
                    self.wfile.write(b"]")
                except OSError:
                    return

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/dicom+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Listen."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Let go of who waits, and end."""
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running() -> Iterator[RudeWeb]:
    """Run one for a while."""
    server = RudeWeb()
    server.start()
    try:
        yield server
    finally:
        server.stop()
