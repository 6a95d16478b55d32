"""The index on SQLite (WAL) or PostgreSQL: transactions to read and to write, and what happens when it is down."""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.errors import StoreUnavailable

T = TypeVar("T")

BUSY_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 5
ATTEMPTS = 5
_IMMEDIATE = "filmless_immediate"


class CommitUnknown(StoreUnavailable):
    """The index was lost during the commit: the rows may or may not be there."""


class Conflict(StoreUnavailable):
    """The engine gave up this transaction in favour of another (deadlock, serialization); a new attempt may work."""


class Index:
    """The database of the archive; safe to share between threads, not across a fork.

    Args:
        url: a SQLAlchemy address, ``sqlite:///path`` or ``postgresql+psycopg://…``.
    """

    # SQLSTATEs after which the same transaction may work: serialization failure, deadlock detected.
    RETRYABLE = frozenset({"40001", "40P01"})

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        self._turn: AbstractContextManager[Any] = Turn(self.url.database) if self.is_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the index and writes nothing.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        with _translated(), self.engine.connect() as connection:
            yield connection

    def turn(self) -> AbstractContextManager[Any]:
        """Hold while writing; a :meth:`write` does so itself."""
        return self._turn

    def driver_connection(self) -> Any:
        """A connection of the driver itself, set up as all others; its owner closes it.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        with _translated():
            pooled = self.engine.raw_connection()
            connection = pooled.driver_connection
            pooled.detach()
            return connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        On SQLite it holds the write lock from the start, so what it reads cannot change before it writes. ``durable``
        makes this commit, and with it every earlier one, survive a power cut; without it a commit of SQLite survives
        the death of the process, and the spool is the journal for the rest.

        Raises:
            StoreUnavailable: the index cannot be reached; nothing was written.
            CommitUnknown: the index was lost while it committed.
        """
        with self._turn, _translated(), self.engine.connect() as connection:
            connection.execution_options(**{_IMMEDIATE: True})
            if durable and self.is_sqlite:
                _synchronous(connection, "FULL")
            try:
                with connection.begin() as transaction:
                    yield connection
                    try:
                        transaction.commit()
                    except DBAPIError as error:
                        if _is_retryable(error):
                            raise
                        raise CommitUnknown("The index was lost while it was committing.") from error
            finally:
                if durable and self.is_sqlite and not connection.invalidated:
                    _synchronous(connection, "NORMAL")

    def read_and_note(self, read: Callable[[Connection], T], note: Callable[[Connection, T], None]) -> T:
        """What ``read`` finds, once ``note`` has written of it; in one transaction, where that keeps nobody waiting.

        SQLite has one writer at a time, who would have to wait for the reading.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        if not self.is_sqlite:
            with self.write() as connection:
                found = read(connection)
                note(connection, found)
            return found
        with self.read() as connection:
            found = read(connection)
        with self.write() as connection:
            note(connection, found)
        return found

    def in_transaction(self, work: Callable[[Connection], T], *, durable: bool = False) -> T:
        """Run ``work`` in a write transaction, again when the engine gave it up in favour of another.

        ``work`` must have no effect outside the connection.

        Raises:
            StoreUnavailable: the index cannot be reached, or five attempts met a conflict.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.write(durable=durable) as connection:
                    return work(connection)
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
                time.sleep(0.01 * 2**attempt)
        raise StoreUnavailable("The index is too busy.")  # pragma: no cover  # the loop above returns or raises

    def check(self) -> None:
        """Ask the index something trivial.

        Raises:
            StoreUnavailable: it does not answer.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def checkpoint(self) -> None:
        """Carry what SQLite's log holds into its file, beside writers and readers; PostgreSQL does so itself.

        Whoever writes would have to do it otherwise, and make a sender wait.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        if not self.is_sqlite:
            return
        with _translated():
            connection = self.driver_connection()
            try:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                connection.close()

    def migrate(self) -> None:
        """Bring the tables to the newest revision; any number of processes may do so at once.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        from storage.index import migration  # noqa: PLC0415  # alembic is slow to import and needed here alone

        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        with self.write(durable=True) as connection:
            migration.upgrade(connection)

    def is_current(self) -> bool:
        """Whether the tables are those of this version of the product."""
        from storage.index import migration  # noqa: PLC0415  # as above

        with self.read() as connection:
            return migration.is_current(connection)

    def close(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()
        if isinstance(self._turn, Turn):
            self._turn.close()


class Turn:
    """Whose turn it is to write to SQLite, which has one writer at a time, among all threads and processes.

    Waiting here wakes at once; SQLite's own busy wait polls, up to a tenth of a second at a time.
    """

    def __init__(self, database: str | None) -> None:
        self._threads = threading.Lock()
        self._path = None if database in (None, "", ":memory:") else Path(f"{database}-turn")
        self._descriptor: int | None = None

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if self._path is not None:
                if self._descriptor is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except OSError as error:
            self._threads.release()
            raise StoreUnavailable("The folder of the index cannot be used now.") from error
        except BaseException:
            self._threads.release()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            if self._descriptor is not None:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def close(self) -> None:
        """Give the file back; a later turn opens it again."""
        with self._threads:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # they are patient data, and errors are logged
        pool_size=16,
        max_overflow=48,
        pool_timeout=BUSY_TIMEOUT_S,
        # None: the driver opens no transaction of its own, `_begin` below does.
        connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None, "check_same_thread": False},
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    try:
        _enter_wal(connection)
        _set_pragmas(connection)
    except BaseException:
        connection.close()
        raise


def _set_pragmas(connection: sqlite3.Connection) -> None:
    for pragma in (
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "case_sensitive_like = ON",  # as PostgreSQL; a prefix can then use the index
        "temp_store = MEMORY",
        "cache_size = -32768",
        "mmap_size = 268435456",
        "journal_size_limit = 67108864",
        # Pages; where no worker runs :meth:`Index.checkpoint`, the writer itself does from here on.
        "wal_autocheckpoint = 16384",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _enter_wal(connection: sqlite3.Connection) -> None:
    # Changing the mode does not wait for the busy timeout when two processes meet here.
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] in ("wal", "memory"):
                return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            raise sqlite3.OperationalError("the database cannot enter WAL mode")
        time.sleep(0.01)


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_IMMEDIATE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _synchronous(connection: Connection, level: str) -> None:
    # Outside any transaction, where SQLAlchemy would begin one: on the driver's own connection.
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.execute(f"PRAGMA synchronous = {level}")


def _postgresql_engine(url: str) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=8,
        max_overflow=24,
        pool_timeout=BUSY_TIMEOUT_S,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Turn an engine that is away, locked or full into the archive's own error."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError) as error:
        if _is_retryable(error):
            raise Conflict("The index is too busy.") from error
        raise StoreUnavailable("The index cannot be reached now.") from error
    except PoolTimeout as error:
        raise StoreUnavailable("The index is too busy.") from error
    except DatabaseError as error:
        # This very class: SQLite's "file is not a database" and the like; its subclasses are faults of a statement.
        if type(error) is not DatabaseError:
            raise
        raise StoreUnavailable("The index cannot be used: its file is damaged.") from error
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable("The index cannot be reached now.") from error


def _is_retryable(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in Index.RETRYABLE
