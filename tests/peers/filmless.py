"""A whole Filmless, started as a user starts it: ``pacs up``."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.peers import free_port
from tests.wait import HUNG_S

PACS = str(Path(sys.executable).with_name("pacs"))


class Filmless:
    """One process tree on free ports, with its own data folder."""

    def __init__(self, data: Path, environment: dict[str, str] | None = None) -> None:
        self.data = data
        self.http_port = free_port()
        self.dicom_port = free_port()
        self.aet = "FILMLESS"
        # One is enough where nothing is said, and every start is quicker.
        self.environment = {"FILMLESS_DICOM_PROCESSES": "1"} | (environment or {})
        self.output: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._tokens: dict[tuple[str, str], str] = {}

    @property
    def url(self) -> str:
        """Where the browser goes."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def dicom_web(self) -> str:
        """Root of the DICOMweb services."""
        return f"{self.url}/dicom-web"

    @property
    def pid(self) -> int:
        """Process id of the root of the tree, which is also its process group."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, within_s: float = 170) -> None:
        """Start and wait for the line ``Ready: URL``."""
        self._process = subprocess.Popen(
            [
                PACS,
                "up",
                "--data",
                str(self.data),
                "--http-port",
                str(self.http_port),
                "--dicom-port",
                str(self.dicom_port),
                "--aet",
                self.aet,
                "--host",
                "127.0.0.1",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | self.environment,
            start_new_session=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self._process, ready), daemon=True).start()
        deadline = time.monotonic() + within_s
        while not ready.wait(0.02):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError("pacs up did not become ready:\n" + "".join(self.output))

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.output.append(line)
                if line.startswith("Ready: "):
                    ready.set()

    def stop(self) -> int:
        """Stop as Ctrl-C does; gives the exit code."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            return process.wait(HUNG_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(HUNG_S)
            raise AssertionError("pacs up did not stop:\n" + "".join(self.output)) from None

    def kill(self) -> None:
        """``kill -9`` of the whole tree at once."""
        if self._process is not None:
            process, self._process = self._process, None
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(HUNG_S)

    def cli(self, *arguments: str, check: bool = True, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``pacs ARGUMENTS --data DIR`` beside the running tree."""
        return subprocess.run(
            [PACS, *arguments, "--data", str(self.data)],
            check=check,
            capture_output=True,
            text=True,
            input=text,
            env=os.environ | self.environment,
        )

    def token(self, role: str = "admin", facility: str = "") -> str:
        """A bearer token, made by the command line as a user would."""
        if (role, facility) not in self._tokens:
            scope = ["--facility", facility] if facility else []
            made = self.cli("token", "create", "--role", role, *scope)
            self._tokens[role, facility] = made.stdout.strip().splitlines()[-1]
        return self._tokens[role, facility]

    def client(self, role: str = "admin", facility: str = "") -> httpx.Client:
        """An HTTP client with a bearer token."""
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token(role, facility)}"}, timeout=60
        )

    def add_account(self, name: str, role: str, password: str) -> None:
        """Make an account that can sign in."""
        self.cli("user", "add", name, "--role", role, "--password-stdin", text=password + "\n")


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Filmless]:
    """Run a Filmless for a while."""
    server = Filmless(folder, environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()
