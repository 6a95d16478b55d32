"""What can be wrong with a node, checked from outside and said in plain words with the remedy."""

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from pacs import up
from pacs.settings import Settings
from storage.archive import Archive
from storage.errors import ArchiveError

CLOCK_TOLERANCE_S = 120.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at; ``remedy`` says what to do when it is not well."""

    subject: str
    well: bool
    message: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at ports, disk, index, object store and clock, one after the other; needs no running node."""
    yield _data_folder(settings)
    yield _disk(settings)
    running = up.is_running(settings.data_dir)
    for name, host, port in (
        ("HTTP port", settings.http_host, settings.http_port),
        ("DICOM port", settings.dicom_host, settings.dicom_port),
    ):
        yield _port(name, host, port, running=running)
    if running:
        yield _answers(settings)
    yield from _archive(settings)
    yield _clock(settings)
    yield _viewer(settings)


def _data_folder(settings: Settings) -> Finding:
    folder = Path(settings.data_dir)
    if not folder.exists():
        return Finding("data folder", True, f"{folder} does not exist yet; pacs up makes it.")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding(
            "data folder", False, f"{folder} cannot be written.", f"Run as its owner, or: chown -R $USER {folder}"
        )
    return Finding("data folder", True, f"{folder} can be written.")


def _disk(settings: Settings) -> Finding:
    folder = Path(settings.data_dir).absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    message = f"{free / 1e9:.1f} GB free where the data folder is."
    if free < settings.minimum_free_bytes:
        return Finding(
            "disk",
            False,
            f"{message} Receiving is refused below {settings.minimum_free_bytes / 1e9:.1f} GB.",
            "Free some space or move the data folder to a larger disk.",
        )
    if free < 5 * settings.minimum_free_bytes:
        return Finding("disk", False, f"{message} That is soon too little.", "Plan for more space.")
    return Finding("disk", True, message)


def _port(name: str, host: str, port: int, *, running: bool) -> Finding:
    if running:
        try:
            with socket.create_connection((up.reachable(host).strip("[]"), port), 3):
                return Finding(name, True, f"{port} answers.")
        except OSError as error:
            return Finding(
                name,
                False,
                f"{port} does not answer: {error}.",
                "pacs up is running with other ports (give them here too), or it is stuck: see its output.",
            )
    try:
        up.check_port(name.split(maxsplit=1)[0], host, port)
    except up.StartError as error:
        return Finding(name, False, str(error), f"See who has it: ss -ltnp 'sport = :{port}'")
    return Finding(name, True, f"{port} is free (pacs up is not running).")


def _answers(settings: Settings) -> Finding:
    try:
        answer = httpx.get(f"{up.local_url(settings)}/ready", timeout=5, verify=False, trust_env=False)  # noqa: S501 - our own child
    except httpx.HTTPError as error:
        return Finding("web", False, f"The web does not answer: {type(error).__name__}.", "See the output of pacs up.")
    if answer.status_code != 200:
        return Finding(
            "web", False, f"The web is up but not ready: {answer.text[:300]}", "The rows below tell the cause."
        )
    return Finding("web", True, "The web is ready.")


def _archive(settings: Settings) -> Iterator[Finding]:
    try:
        archive = Archive.open(settings)
    except ArchiveError as error:
        yield Finding("archive", False, str(error), "Check FILMLESS_DATABASE_URL and FILMLESS_OBJECT_STORE.")
        return
    try:
        yield _attempt(
            "index",
            archive.index.check,
            _where_index(settings),
            "Is the database server running, and FILMLESS_DATABASE_URL right?",
        )
        yield _attempt(
            "object store",
            archive.objects.check,
            f"{settings.object_store_url} can be written and read.",
            "Is the S3 server running, and are endpoint, bucket and keys right?",
        )
    finally:
        archive.close()


def _where_index(settings: Settings) -> str:
    if settings.index_url.startswith("sqlite"):
        return f"SQLite {sqlite3.sqlite_version} answers."
    return "PostgreSQL answers."


def _attempt(subject: str, act: Callable[[], None], message: str, remedy: str) -> Finding:
    try:
        act()
    except ArchiveError as error:
        return Finding(subject, False, str(error), remedy)
    return Finding(subject, True, message)


def _clock(settings: Settings) -> Finding:
    """Compare with the S3 server, which refuses requests of a wrong clock; else ask the system whether it is set."""
    remedy = "Turn on time synchronisation: timedatectl set-ntp true"
    if settings.object_store_url.startswith("s3://") and settings.s3_endpoint:
        try:
            stamp = httpx.head(settings.s3_endpoint, timeout=5, trust_env=False).headers.get("Date", "")
        except httpx.HTTPError:
            stamp = ""
        if stamp:
            difference = abs((datetime.now(UTC) - parsedate_to_datetime(stamp)).total_seconds())
            if difference > CLOCK_TOLERANCE_S:
                return Finding(
                    "clock", False, f"This machine's clock differs {difference:.0f} s from the S3 server's.", remedy
                )
            return Finding("clock", True, "This machine's clock agrees with the S3 server's.")
    if datetime.now(UTC).year < 2025:
        return Finding("clock", False, f"The clock says {datetime.now(UTC):%Y-%m-%d}.", remedy)
    synchronised = _time_synchronised()
    if synchronised is False:
        return Finding("clock", False, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; it is not synchronised.", remedy)
    return Finding("clock", True, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC ({time.strftime('%Z')}).")


def _time_synchronised() -> bool | None:
    program = shutil.which("timedatectl")
    if program is None:
        return None
    answer = subprocess.run(
        [program, "show", "-p", "NTPSynchronized", "--value"],
        capture_output=True,
        text=True,
        check=False,
        timeout=5,
    )
    return {"yes": True, "no": False}.get(answer.stdout.strip())


def _viewer(settings: Settings) -> Finding:
    if (Path(settings.viewer_dir) / "index.html").is_file():
        return Finding("viewer", True, "The viewer is built.")
    return Finding("viewer", False, f"No viewer in {settings.viewer_dir}.", "Build it: make viewer")
