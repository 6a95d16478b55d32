"""A statement of SQLAlchemy made ready once and run on the driver's own cursor, where each microsecond is counted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler


class Cursor(Protocol):
    """The cursor of a driver (PEP 249)."""

    rowcount: int

    def execute(self, operation: Any, parameters: Any = ..., /) -> Any:
        """Run a statement."""

    def fetchone(self) -> Any:
        """The next row, or ``None``."""

    def fetchall(self) -> Any:
        """All rows."""


class Prepared:
    """One statement in the dialect of an engine; values are bound as SQLAlchemy would bind them."""

    def __init__(self, statement: Executable, dialect: Dialect, names: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        self._sql = compiled.string
        self._order = list(compiled.positiontup) if compiled.positional and compiled.positiontup else None
        # What is written in the statement itself, such as the 1 of "number + 1".
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if bind.value is not None}
        self._processors: dict[str, Callable[[Any], Any]] = {}
        for name, bind in compiled.binds.items():
            processor = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if processor is not None:
                self._processors[name] = processor

    def run(self, cursor: Cursor, values: Mapping[str, Any]) -> None:
        """Execute with the values of all names."""
        cursor.execute(*self.bound(values))

    def bound(self, values: Mapping[str, Any]) -> tuple[str, Any]:
        """The statement and its parameters, as the driver takes them."""
        if self._constants:
            values = {**self._constants, **values}
        if self._processors:
            values = dict(values)
            for name, processor in self._processors.items():
                values[name] = processor(values[name])
        return self._sql, values if self._order is None else [values[name] for name in self._order]


class Ready:
    """A statement that is prepared once for each dialect and run within a transaction of SQLAlchemy's.

    It skips what SQLAlchemy does for each execution. The rows of :meth:`run` are as the driver has them, times not
    converted; those of :meth:`rows` are as SQLAlchemy gives them.
    """

    def __init__(self, make: Callable[[Dialect], Executable], names: Sequence[str] = ()) -> None:
        self._make = make
        self._names = names
        self._prepared: dict[str, Prepared] = {}
        self._columns: dict[str, list[tuple[str, Callable[[Any], Any] | None]]] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Execute, and give all rows by the names of their columns.

        Raises:
            DBAPIError: as an execution of SQLAlchemy does.
        """
        cursor = self.run(connection, values)
        columns = self._columns.get(connection.dialect.name) or self._told(connection.dialect)
        return [
            {
                name: value if convert is None or value is None else convert(value)
                for (name, convert), value in zip(columns, row, strict=True)
            }
            for row in cursor.fetchall()
        ]

    def _told(self, dialect: Dialect) -> list[tuple[str, Callable[[Any], Any] | None]]:
        columns: Any = self._make(dialect).exported_columns  # type: ignore[attr-defined]
        found = [(one.name, one.type.dialect_impl(dialect).result_processor(dialect, None)) for one in columns]
        self._columns[dialect.name] = found
        return found

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Cursor:
        """Execute, and give the cursor.

        Raises:
            DBAPIError: as an execution of SQLAlchemy does.
        """
        dialect = connection.dialect
        prepared = self._prepared.get(dialect.name)
        if prepared is None:
            prepared = self._prepared[dialect.name] = Prepared(self._make(dialect), dialect, self._names)
        if not connection.in_transaction():
            connection.begin()
        cursor: Any = connection.connection.cursor()
        driver: Any = dialect.loaded_dbapi
        try:
            prepared.run(cursor, values)
        except driver.Error as error:
            raise DBAPIError.instance(None, None, error, driver.Error, hide_parameters=True, dialect=dialect) from error
        return cast(Cursor, cursor)
