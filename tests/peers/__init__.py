"""The real programs the tests talk to: how each is started, on loopback and free ports, and stopped."""

import os
import shutil
import socket
from pathlib import Path

import pytest


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require(program: str) -> str:
    """The path of a peer's program; without it the test is skipped, or fails where ``CI`` is set."""
    found = program if Path(program).is_file() else shutil.which(program)
    if found:
        return found
    message = f"the peer {program} is not installed: run make peers"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def shared_dicom() -> Path | None:
    """The folder of real DICOM files beside the checkout, where present."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "dicom"
    return folder if folder.is_dir() else None
