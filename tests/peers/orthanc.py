"""Orthanc with its DICOMweb plugin, on loopback, with a configuration of its own."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.peers import free_port, require
from tests.wait import HUNG_S

PLUGINS = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"


class Orthanc:
    """A running Orthanc; ``configuration`` is merged into what it needs anyway."""

    def __init__(self, folder: Path, configuration: dict[str, Any]) -> None:
        self.folder = folder
        self.port = free_port()
        self.dicom_port = free_port()
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Root of its own API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start(self, within_s: float = 170) -> None:
        """Start and wait until it answers."""
        program = require("/usr/sbin/Orthanc")
        require(PLUGINS)
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = {
            "Name": "test",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "Plugins": [PLUGINS],
            "HttpPort": self.port,
            "DicomPort": self.dicom_port,
            "DicomAet": "ORTHANC",
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "CheckRevisions": False,
            **self._configuration,
        }
        path = self.folder / "orthanc.json"
        path.write_text(json.dumps(configuration))
        with (self.folder / "orthanc.log").open("wb") as log:
            self._process = subprocess.Popen([program, str(path)], stdout=log, stderr=log)
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                # one that is guarded answers 401
                if httpx.get(f"{self.url}/system", timeout=5).status_code in (200, 401):
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        self.stop()
        raise AssertionError("Orthanc did not start:\n" + (self.folder / "orthanc.log").read_text())

    def stop(self) -> None:
        """Stop."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(HUNG_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running(folder: Path, **configuration: Any) -> Iterator[Orthanc]:
    """Run an Orthanc for a while."""
    server = Orthanc(folder, configuration)
    server.start()
    try:
        yield server
    finally:
        server.stop()
