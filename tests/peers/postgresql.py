"""A PostgreSQL server on a unix socket in a temporary folder."""

import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.peers import require
from tests.wait import HUNG_S


def _program(name: str) -> str:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return require(str(versions[-1]) if versions else name)


def _as_server_user() -> list[str]:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


class PostgreSQL:
    """A running server; ``database()`` makes an empty database and gives its SQLAlchemy address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    def initialise(self) -> None:
        """Make the cluster."""
        subprocess.run(
            [
                *_as_server_user(),
                _program("initdb"),
                "-D",
                str(self.data),
                "-U",
                "filmless",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [
                *_as_server_user(),
                _program("postgres"),
                "-D",
                str(self.data),
                "-k",
                str(self.folder),
                "-h",
                "",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=200",
            ],
            stdout=log,
            stderr=log,
        )
        log.close()
        deadline = time.monotonic() + HUNG_S
        while True:
            try:
                psycopg.connect(self._address("postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server at once, as a crash would."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: immediate shutdown
            self._process.wait(HUNG_S)
            self._process = None

    def _address(self, database: str) -> str:
        return f"host={self.folder} user=filmless dbname={database}"

    def database(self, template: str = "template1") -> str:
        """Make a database, empty or as the template is; gives its SQLAlchemy address."""
        name = f"t_{uuid.uuid4().hex}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        return f"postgresql+psycopg://filmless@/{name}?host={self.folder}"

    def drop(self, address: str) -> None:
        """Remove a database that :meth:`database` made, whoever is still connected."""
        name = make_url(address).database or ""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def running() -> Iterator[PostgreSQL]:
    """Run a server for a while."""
    folder = Path(tempfile.mkdtemp(prefix="filmless-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        server = PostgreSQL(folder)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
