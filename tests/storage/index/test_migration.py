"""The migrated tables are those of the schema, on both engines, however many processes migrate."""

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from storage.index import fragments
from storage.index.engine import Index
from storage.index.migration import is_declared
from storage.index.tables import metadata
from tests.peers.postgresql import PostgreSQL

MIGRATE = "import sys; from storage.index.engine import Index; Index(sys.argv[1]).migrate()"


def test_a_migrated_database_equals_the_schema(empty_database_url: str) -> None:
    index = Index(empty_database_url)
    assert not index.is_current()
    index.migrate()
    assert index.is_current()
    with index.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_declared})
        assert compare_metadata(context, metadata) == []
    index.close()


def test_check_constraints_and_defaults_are_those_of_the_schema(empty_database_url: str) -> None:
    migrated = Index(empty_database_url)
    migrated.migrate()
    inspector = inspect(migrated.engine)
    for table in metadata.sorted_tables:
        constraints = {found["name"] for found in inspector.get_check_constraints(table.name)}
        wanted = {str(rule.name) for rule in table.constraints if type(rule).__name__ == "CheckConstraint"}
        assert wanted <= constraints, table.name
        columns = {column["name"]: column for column in inspector.get_columns(table.name)}
        for column in table.columns:
            assert (columns[column.name]["default"] is not None) >= (column.server_default is not None), column
            assert columns[column.name]["nullable"] == column.nullable, column
    migrated.close()


def test_several_processes_migrate_at_once(empty_database_url: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", MIGRATE, empty_database_url]) for _ in range(4)]
    assert [process.wait(120) for process in processes] == [0, 0, 0, 0]
    index = Index(empty_database_url)
    assert index.is_current()
    with index.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    index.close()


def test_migrating_again_changes_nothing(empty_database_url: str) -> None:
    index = Index(empty_database_url)
    index.migrate()
    with index.write() as connection:
        connection.execute(text("INSERT INTO facility (code) VALUES ('A')"))
    index.migrate()
    with index.read() as connection:
        assert connection.execute(text("SELECT code FROM facility")).scalar() == "A"
    index.close()


def test_where_the_extension_cannot_be_had_searches_do_without(postgres: PostgreSQL) -> None:
    owner = Index(postgres.database())
    with owner.write() as connection:
        connection.execute(text("CREATE ROLE modest LOGIN"))
        connection.execute(text("GRANT ALL ON SCHEMA public TO modest"))
    owner.close()
    modest = Index(owner.url.set(username="modest").render_as_string(hide_password=False))
    modest.migrate()
    assert modest.is_current()
    with modest.read() as connection:
        assert str(fragments.with_all(connection, ["12345"])) == "true"
    modest.close()
