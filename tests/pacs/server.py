"""A web process of its own: granian on a free port around a real archive, without the rest of the tree."""

import os
import ssl
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from storage.access import accounts, credentials, facilities
from storage.access.principal import Role
from storage.archive import Archive
from storage.settings import StorageSettings
from tests.peers import free_port
from tests.wait import HUNG_S

PACS = str(Path(sys.executable).with_name("pacs"))
PASSWORD = "a long enough passphrase"


class WebServer:
    """``pacs serve web`` on an archive that the test also opens itself."""

    def __init__(self, folder: Path, database_url: str, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.settings = StorageSettings.model_validate({"data_dir": folder / "data", "database_url": database_url})
        self.environment = {"FILMLESS_DATABASE_URL": database_url, **(environment or {})}
        self.log = folder / "web.log"
        self.archive = Archive.open(self.settings)
        self.archive.index.migrate()
        facilities.get_or_create(self.archive.index, self.settings.facility)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        scheme = "https" if "FILMLESS_TLS_CERTIFICATE" in self.environment else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def trust(self) -> ssl.SSLContext | bool:
        """What a client must trust to speak with it."""
        certificate = self.environment.get("FILMLESS_TLS_CERTIFICATE")
        return ssl.create_default_context(cafile=certificate) if certificate else True

    @property
    def dicom_web(self) -> str:
        """Root of its DICOMweb services."""
        return f"{self.url}/dicom-web"

    @property
    def pid(self) -> int:
        """Process id of the parent of the workers."""
        assert self._process is not None
        return self._process.pid

    def start(self, within_s: float = 120) -> None:
        """Start and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [PACS, "serve", "web", "--data", str(self.settings.data_dir), "--http-port", str(self.port)],
                stdout=log, stderr=log, env=os.environ | self.environment,
            )  # fmt: skip
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/ready", timeout=5, verify=self.trust).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        self.stop()
        raise AssertionError("the web process did not become ready:\n" + self.log.read_text())

    def stop(self) -> int:
        """Stop politely; gives the exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.terminate()
        try:
            return process.wait(HUNG_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("the web process did not stop:\n" + self.log.read_text()) from None

    def close(self) -> None:
        """Stop, and close the test's own archive."""
        try:
            self.stop()
        finally:
            self.archive.close()

    def token(self, *roles: Role, facility: str | None = None, days: float = 1) -> str:
        """Make a bearer token."""
        if facility is not None:
            facilities.get_or_create(self.archive.index, facility)
        return credentials.issue_bearer(
            self.archive.index, roles or (Role.ADMIN,), timedelta(days=days), facility_code=facility
        ).secret

    def client(self, *roles: Role, facility: str | None = None) -> httpx.Client:
        """Make a client with a bearer token."""
        token = self.token(*roles, facility=facility)
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60, verify=self.trust
        )

    def account(self, name: str, *roles: Role, facility_codes: Collection[str] | None = None) -> None:
        """Make an account with :data:`PASSWORD`."""
        for code in facility_codes or ():
            facilities.get_or_create(self.archive.index, code)
        accounts.add(self.archive.index, name, PASSWORD, roles or (Role.RADIOLOGIST,), facility_codes=facility_codes)


@contextmanager
def serving_without_error(folder: Path) -> Iterator[WebServer]:
    """A running web process around an empty archive, in whose log no unexpected error may stand at the end."""
    server = WebServer(folder, f"sqlite:///{folder / 'index.db'}")
    try:
        server.start()
        yield server
        assert '"unexpected"' not in server.log.read_text()
    finally:
        server.close()
