"""DCMTK's archive ``dcmqrscp``, which matches names letter by letter."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers import dcmtk, free_port
from tests.wait import HUNG_S


class Dcmqrscp:
    """One archive with one AE, which everybody may ask."""

    aet = "DCMQRSCP"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers a C-ECHO."""
        storage = self.folder / "storage"
        storage.mkdir(parents=True)
        configuration = self.folder / "dcmqrscp.cfg"
        configuration.write_text(
            f"NetworkTCPPort = {self.port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
            "HostTable BEGIN\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
            f"AETable BEGIN\n{self.aet} {storage} RW (500, 1024mb) ANY\nAETable END\n"
        )
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [dcmtk.program("dcmqrscp"), "-c", str(configuration), str(self.port)], stdout=log, stderr=log
            )
        command = [dcmtk.program("echoscu"), "-aec", self.aet, "127.0.0.1", str(self.port)]
        deadline = time.monotonic() + HUNG_S
        while time.monotonic() < deadline:
            if subprocess.run(command, check=False, capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(HUNG_S)


@contextmanager
def running(folder: Path) -> Iterator[Dcmqrscp]:
    """Run one for a while."""
    server = Dcmqrscp(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
