"""DCMTK's programs, by full path because pynetdicom installs scripts of the same names."""

import os
import re
import subprocess
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


def start_dcmsend(
    paths: Iterable[Path], port: int, *, aec: str = "FILMLESS", aet: str = "DCMSEND"
) -> subprocess.Popen[str]:
    """Start ``dcmsend`` and leave it running; read it with :func:`finish_dcmsend`."""
    return subprocess.Popen(
        [
            program("dcmsend"),
            "--debug",
            "--no-halt",
            "--no-uid-checks",
            "-aec",
            aec,
            "-aet",
            aet,
            "127.0.0.1",
            str(port),
            *map(str, paths),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment(),
    )


def finish_dcmsend(process: subprocess.Popen[str], timeout_s: float = 170) -> Sent:
    """Wait for it and read what each instance was answered."""
    output, _ = process.communicate(timeout=timeout_s)
    # a message is only complete when its closing line is there
    found = {}
    for message in output.split("INCOMING DIMSE MESSAGE")[1:]:
        match = _RESPONSE.search(message.split("END DIMSE MESSAGE")[0])
        if match:
            found[match["uid"]] = int(match["status"], 16)
    return Sent(found, output, process.returncode)


def dcmsend(paths: Iterable[Path], port: int, *, aec: str = "FILMLESS", aet: str = "DCMSEND") -> Sent:
    """Send files with ``dcmsend``."""
    return finish_dcmsend(start_dcmsend(paths, port, aec=aec, aet=aet))
