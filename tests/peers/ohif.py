"""A prebuilt OHIF viewer: how it is fetched (``python -m tests.peers.ohif``) and served from the origin of an archive.

OHIF's pages come from here, everything below ``/dicom-web`` and ``/api`` from the archive, as behind the reverse proxy
of a hospital: to the browser it is one origin.
"""

import base64
import contextlib
import functools
import gzip
import hashlib
import http.client
import json
import mimetypes
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

PACKAGE = "@ohif/app"
VERSION = "3.13.2"
INTEGRITY = "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / f"ohif-{VERSION}"
# What a browser must not carry on to the next server (RFC 9110 §7.6.1).
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade"})

CONFIGURATION = {
    "routerBasename": "/",
    "extensions": [],
    "modes": [],
    "showStudyList": True,
    "maxNumberOfWebWorkers": 2,
    "showLoadingIndicator": True,
    "investigationalUseDialog": {"option": "never"},
    "defaultDataSourceName": "filmless",
    "dataSources": [
        {
            "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
            "sourceName": "filmless",
            "configuration": {
                "friendlyName": "Filmless",
                "name": "filmless",
                "wadoUriRoot": "/dicom-web",
                "qidoRoot": "/dicom-web",
                "wadoRoot": "/dicom-web",
                "qidoSupportsIncludeField": True,
                "supportsReject": False,
                "imageRendering": "wadors",
                "thumbnailRendering": "thumbnail",
                "thumbnailRequestStrategy": "fetch",
                "enableStudyLazyLoad": True,
                "supportsFuzzyMatching": True,
                "supportsWildcard": True,
                "staticWado": False,
                "singlepart": "bulkdata,video,pdf",
                "bulkDataURI": {"enabled": True},
            },
        }
    ],
}


def install() -> None:
    """Fetch the package as npm is configured to, check it against what is pinned here, and keep its built pages."""
    if FOLDER.is_dir():
        return
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, str(ROOT / "viewer" / "node.py"), "npm", "pack", f"{PACKAGE}@{VERSION}", "--silent"]
        subprocess.run([*command, "--pack-destination", name], check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(name).glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != INTEGRITY:
            raise SystemExit(f"{PACKAGE} {VERSION} is not what was pinned.")
        FOLDER.parent.mkdir(exist_ok=True)
        unpacked = Path(tempfile.mkdtemp(dir=FOLDER.parent))
        with tarfile.open(archive) as file:
            wanted = [one for one in file.getmembers() if not one.name.endswith(".map")]
            file.extractall(unpacked, wanted, filter="data")
        (unpacked / "package" / "dist").rename(FOLDER)
        shutil.rmtree(unpacked)


def require_pages() -> Path:
    """The folder of OHIF's pages; without it the test is skipped, or fails where ``CI`` is set."""
    if FOLDER.is_dir():
        return FOLDER.resolve()
    message = f"OHIF {VERSION} is not here: run make peers"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


class _Handler(BaseHTTPRequestHandler):
    """Give a page of OHIF, or what the archive says."""

    protocol_version = "HTTP/1.1"
    pages: Path
    archive: str

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # a browser that left
            super().handle()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith(("/dicom-web", "/api/")):
            self._pass_on()
        elif path == "/app-config.js":
            self._give(f"window.config = {json.dumps(CONFIGURATION)};".encode(), "text/javascript")
        else:
            file = (self.pages / path.lstrip("/")).resolve()
            if not file.is_relative_to(self.pages) or not file.is_file():
                file = self.pages / "index.html"  # a page of the application itself
            self._give(
                self._packed(file), mimetypes.guess_type(file.name)[0] or "application/octet-stream", packed=True
            )

    def do_POST(self) -> None:
        self._pass_on()

    @staticmethod
    @functools.cache
    def _packed(file: Path) -> bytes:
        """A page compressed, as a web server of a hospital would give it."""
        return gzip.compress(file.read_bytes())

    def _give(self, body: bytes, media_type: str, *, packed: bool = False) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _pass_on(self) -> None:
        target = http.client.HTTPConnection(self.archive, timeout=60)
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fields = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            target.request(self.command, self.path, body or None, fields)
            answer = target.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP | {"content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        finally:
            target.close()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(archive: str) -> Iterator[str]:
    """Serve OHIF and, below ``/dicom-web``, the archive at that address; gives the address of both."""
    handler = type("Handler", (_Handler,), {"pages": require_pages(), "archive": urlsplit(archive).netloc})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    install()
