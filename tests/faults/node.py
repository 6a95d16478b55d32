"""A node whose processes a test starts and kills one by one, and which stop at the points it names."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx
import psutil

from pacs import presence
from storage import fault_point
from storage.fault_point import Point
from tests.peers.filmless import Filmless
from tests.wait import HUNG_S, until

Kind = Literal["dicom", "dicom-2", "web", "worker"]
KINDS: tuple[Kind, ...] = ("dicom", "web", "worker")
_STOPPING = Path(__file__).with_name("stopping")
_CHECKOUT = Path(fault_point.__file__).parents[1]


def program(kind: Kind) -> str:
    """What ``pacs.process`` calls it."""
    return kind.partition("-")[0]


class Node(Filmless):
    """The processes of ``pacs up`` without its supervisor; ``environment`` holds ``FILMLESS_…`` settings."""

    def __init__(self, data: Path, environment: dict[str, str] | None = None) -> None:
        super().__init__(data, environment)
        self.points = data.with_name(f"{data.name}-points")
        self.points.mkdir(parents=True, exist_ok=True)
        self.log = data.with_name(f"{data.name}.log")
        self.environment |= {
            "FILMLESS_DATA_DIR": str(data),
            "FILMLESS_HTTP_PORT": str(self.http_port),
            "FILMLESS_DICOM_PORT": str(self.dicom_port),
            "FILMLESS_STOP_AT": str(self.points),
            "PYTHONPATH": os.pathsep.join((str(_STOPPING), str(_CHECKOUT))),
        }
        self.processes: dict[Kind, subprocess.Popen[bytes]] = {}

    def begin(self, *kinds: Kind) -> None:
        """Start processes without waiting for them."""
        with self.log.open("ab") as log:
            for kind in kinds:
                assert kind not in self.processes, f"{kind} runs already"
                self.processes[kind] = subprocess.Popen(
                    [sys.executable, "-m", "pacs.process", program(kind)],
                    stdout=log,
                    stderr=log,
                    env=os.environ | self.environment,
                    start_new_session=True,
                )

    def serve(self, *kinds: Kind) -> None:
        """Start processes and wait until those that listen answer."""
        self.begin(*kinds)
        for kind in kinds:
            until(lambda kind=kind: self._answers(kind), within_s=60, every_s=0.02)  # type: ignore[misc]  # a default

    def _answers(self, kind: Kind) -> bool:
        running = self.processes[kind].poll() is None
        assert running, f"{kind} ended at its start:\n{self.log.read_text()[-4000:]}"
        if kind == "web":
            try:
                return httpx.get(f"{self.url}/ready", timeout=5, trust_env=False).status_code == 200
            except httpx.HTTPError:
                return False
        # Another process may answer on the same port: each says for itself that it is ready.
        said = (self.data / presence.FOLDER).glob(f"{program(kind)}-{self.processes[kind].pid}-*")
        return any(b'"ready":true' in path.read_bytes() for path in said)

    def revive(self, *kinds: Kind) -> None:
        """Start again what has ended, as a supervisor does, and wait until those that listen answer."""
        for kind in kinds:
            until(lambda kind=kind: self._lives(kind), within_s=60, every_s=0.02)  # type: ignore[misc]  # a default

    def _lives(self, kind: Kind) -> bool:
        if kind in self.processes and self.processes[kind].poll() is not None:
            del self.processes[kind]
        if kind not in self.processes:
            self.begin(kind)
        return self._answers(kind)

    def arm(self, point: Point, count: int = 1) -> None:
        """Whoever passes the point for the ``count``-th time from now on dies there."""
        draft = self.points / "draft"
        draft.write_text(str(count))
        draft.rename(self.points / point)

    def fired(self, point: Point) -> bool:
        """Whether somebody has died there."""
        return not (self.points / point).exists()

    def wait_dead(self, kind: Kind, within_s: float = 20) -> None:
        """Wait until the process has died of ``kill -9``."""
        code = self.processes[kind].wait(within_s)
        del self.processes[kind]
        assert code == -signal.SIGKILL, f"{kind} ended with {code}:\n{self.log.read_text()[-4000:]}"

    def slay(self, *kinds: Kind) -> None:
        """``kill -9`` of these processes, all at once, with the children they have."""
        doomed = [self.processes.pop(kind) for kind in kinds if kind in self.processes]
        for process in doomed:
            os.killpg(process.pid, signal.SIGKILL)
        for process in doomed:
            process.wait(HUNG_S)

    def end(self, *kinds: Kind) -> None:
        """Stop processes politely."""
        leaving = [self.processes.pop(kind) for kind in kinds if kind in self.processes]
        for process in leaving:
            process.terminate()
        for process in leaving:
            assert process.wait(HUNG_S) in (0, -signal.SIGTERM)

    def pids(self, kind: Kind) -> list[int]:
        """The process and its children."""
        process = psutil.Process(self.processes[kind].pid)
        return [process.pid, *(child.pid for child in process.children(recursive=True))]

    # What is on the disk

    def incoming(self) -> list[str]:
        """Names of files that are half written, or were; blank ones wait there for what will come."""
        return sorted(path.name for path in (self.data / "spool" / "incoming").iterdir() if size_of(path) > 0)

    def ready(self) -> list[str]:
        """Names of files that wait in the spool."""
        return sorted(path.name for path in (self.data / "spool" / "ready").iterdir())

    def quarantined(self) -> list[str]:
        """Names of files put aside."""
        return sorted(path.name for path in (self.data / "spool" / "quarantine").iterdir())

    def objects(self) -> list[Path]:
        """The files of instances in the local object store, with what is half made."""
        return [path for path in (self.data / "objects" / "instances").rglob("*") if path.is_file()]

    def wait_uploaded(self, within_s: float = 30) -> None:
        """Wait until the worker has emptied the spool."""
        until(lambda: not self.ready(), within_s=within_s)


def size_of(path: Path) -> int:
    """Bytes in a file that others may take away."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def node(data: Path, kinds: Iterable[Kind] = KINDS, **environment: str) -> Iterator[Node]:
    """A node for a while."""
    made = Node(data, environment)
    try:
        made.serve(*kinds)
        yield made
    finally:
        made.slay(*made.processes)
        shutil.rmtree(made.points)
