"""DCMTK's programs, by full path because pynetdicom installs scripts of the same names."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers import require

_RESPONSE = re.compile(
    r"Message Type\s+: C-STORE RSP.*?Affected SOP Instance UID\s+: (?P<uid>[\d.]+)"
    r".*?DIMSE Status\s+: (?P<status>0x[0-9a-f]{4})",
    re.DOTALL,
)


@dataclass
class Sent:
    """What a sender was told: the last status per SOP Instance UID, and everything it printed."""

    statuses: dict[str, int] = field(default_factory=dict)
    output: str = ""
    exit_code: int = 0

    @property
    def acknowledged(self) -> set[str]:
        """SOP Instance UIDs answered with success or a warning."""
        return {uid for uid, status in self.statuses.items() if status == 0 or status & 0xF000 == 0xB000}


def program(name: str) -> str:
    """Path of a DCMTK program."""
    return require(f"/usr/bin/{name}")


def environment() -> dict[str, str]:
    """The environment of DCMTK's clients: Nagle's algorithm off."""
    return os.environ | {"TCP_NODELAY": "1"}


class Dcmsend:
    """A ``dcmsend`` that runs; its output goes to a file, so that a full pipe never holds it up."""

    def __init__(self, paths: Iterable[Path], port: int, *, aec: str = "FILMLESS", aet: str = "DCMSEND") -> None:
        self._output = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed in finish()
        options = [
            "--debug",
            "--no-halt",
            "--no-uid-checks",
            "--decompress-never",
            "-aec",
            aec,
            "-aet",
            aet,
            "127.0.0.1",
            str(port),
        ]
        self._process = subprocess.Popen(
            [program("dcmsend"), *options, *map(str, paths)],
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env=environment(),
        )

    @property
    def is_running(self) -> bool:
        """Whether it is still sending."""
        return self._process.poll() is None

    def finish(self, timeout_s: float = 170) -> Sent:
        """Wait for the end and read what each instance was answered."""
        exit_code = self._process.wait(timeout_s)
        with self._output:
            self._output.seek(0)
            output = self._output.read()
        found = {}
        for message in output.split("INCOMING DIMSE MESSAGE")[1:]:
            # a message is only complete when its closing line is there
            match = _RESPONSE.search(message.split("END DIMSE MESSAGE")[0])
            if match:
                found[match["uid"]] = int(match["status"], 16)
        return Sent(found, output, exit_code)


def dcmsend(paths: Iterable[Path], port: int, *, aec: str = "FILMLESS", aet: str = "DCMSEND") -> Sent:
    """Send files with ``dcmsend``."""
    return Dcmsend(paths, port, aec=aec, aet=aet).finish()
