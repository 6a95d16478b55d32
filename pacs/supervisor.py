"""``pacs up``: one process tree of DICOM nodes, web and worker; a child that dies is started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from pacs import lifeline

log = structlog.get_logger()

GRACE_S = 12.0  # what a child may take to stop politely
LONGEST_PAUSE_S = 10.0  # between two starts of a child that keeps dying


@dataclass
class Child:
    """One kind of process under supervision."""

    name: str
    arguments: Sequence[str]
    inherits: Mapping[str, int] = field(default_factory=dict)  # file descriptors, by the variable that names each
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = 0.0
    restart_at: float = 0.0


class Supervisor:
    """Starts the children, keeps them running and stops them in order."""

    def __init__(self, children: Sequence[Child], environment: Mapping[str, str]) -> None:
        self.children = list(children)
        self._environment = dict(environment)
        # Inherited by the children; its write end stays open exactly as long as this process lives.
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._stopping = False

    def start(self) -> None:
        """Start every child."""
        for child in self.children:
            self._start(child)

    def _start(self, child: Child) -> None:
        inherits = {lifeline.VARIABLE: self._lifeline_read, **child.inherits}
        child.process = subprocess.Popen(
            [sys.executable, "-m", "pacs.process", *child.arguments],
            env=os.environ | self._environment | {name: str(number) for name, number in inherits.items()},
            pass_fds=tuple(inherits.values()),
        )
        child.started_at = time.monotonic()

    def request_stop(self) -> None:
        """Make :meth:`run` return soon; safe in a signal handler."""
        self._stopping = True

    @property
    def stopping(self) -> bool:
        """Whether somebody asked for a stop."""
        return self._stopping

    @property
    def pids(self) -> set[int]:
        """Process ids of the children that were started last."""
        return {child.process.pid for child in self.children if child.process is not None}

    def check(self) -> None:
        """Start again what has died, with growing pauses."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                lived = now - child.started_at
                child.pause_s = 0.2 if lived > LONGEST_PAUSE_S else min(LONGEST_PAUSE_S, max(0.2, child.pause_s * 2))
                child.restart_at = now + child.pause_s
                log.error("process died and is started again", child=child.name, exit_code=child.process.returncode)
                child.process = None
            if child.process is None and now >= child.restart_at:
                self._start(child)

    def run(self, every_s: float = 0.1) -> None:
        """Supervise until a stop is requested."""
        while not self._stopping:
            self.check()
            time.sleep(every_s)

    def wait_until(self, ready: Callable[[], bool], within_s: float) -> bool:
        """Supervise until ``ready()``; False when a stop was requested or the time is over."""
        deadline = time.monotonic() + within_s
        while not self._stopping and time.monotonic() < deadline:
            self.check()
            if ready():
                return True
            time.sleep(0.05)
        return False

    def stop(self) -> None:
        """Stop the children politely, all at once; kill what does not follow in time."""
        alive = [child.process for child in self.children if child.process is not None]
        for process in alive:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        for process in alive:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("process did not stop in time and is killed", pid=process.pid)
                process.kill()
                process.wait()
        os.close(self._lifeline_write)
        os.close(self._lifeline_read)
