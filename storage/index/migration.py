"""Bring the tables of the index to the newest revision with alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x46494C4D  # any number that nothing else in the database locks


def upgrade(connection: Connection) -> None:
    """Upgrade within the caller's transaction; others that upgrade wait until it ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if not is_current(connection):
        command.upgrade(config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the newest revision is in place."""
    heads = set(ScriptDirectory.from_config(config(connection)).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads


def config(connection: Connection) -> Config:
    """Alembic's configuration, bound to this connection."""
    made = Config()
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def is_declared(_table: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Whether a thing of the database is one that the schema declares; the indexes of words are the database's own.

    SQLite and PostgreSQL have them in ways that have nothing in common (migration 0007). For alembic to ask.
    """
    return not (kind == "table" and name is not None and name.startswith(("study_text", "study_words")))
