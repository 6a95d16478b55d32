"""A statement of SQLAlchemy made ready once and run on the driver's own cursor, where each microsecond is counted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Dialect
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler


class Cursor(Protocol):
    """The cursor of a driver (PEP 249)."""

    rowcount: int

    def execute(self, operation: Any, parameters: Any = ..., /) -> Any:
        """Run a statement."""

    def fetchone(self) -> Any:
        """The next row, or ``None``."""


class Prepared:
    """One statement in the dialect of an engine; values are bound as SQLAlchemy would bind them."""

    def __init__(self, statement: Executable, dialect: Dialect, names: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        self._sql = compiled.string
        self._order = list(compiled.positiontup) if compiled.positional and compiled.positiontup else None
        self._processors: dict[str, Callable[[Any], Any]] = {}
        for name, bind in compiled.binds.items():
            processor = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if processor is not None:
                self._processors[name] = processor

    def run(self, cursor: Cursor, values: Mapping[str, Any]) -> None:
        """Execute with the values of all names."""
        if self._processors:
            values = dict(values)
            for name, processor in self._processors.items():
                values[name] = processor(values[name])
        cursor.execute(self._sql, values if self._order is None else [values[name] for name in self._order])
