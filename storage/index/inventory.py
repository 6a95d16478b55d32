"""What an object store was found to hold, in a scratch database on disk: it may be millions of names."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.objects import ObjectHead

_BATCH = 500


class Inventory:
    """Names and sizes of objects; what is accounted for is taken out, so that what nobody knows remains.

    A context manager; used by one thread.

    Args:
        folder: where the scratch file is made, about 150 bytes for each object; it has no name, and goes with the
            process.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="inventory-", dir=folder)
        self._connection = sqlite3.connect(Path(self._folder.name) / "objects.db", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("CREATE TABLE object (key TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()
        self._folder.cleanup()

    def add(self, heads: Sequence[ObjectHead]) -> None:
        """Note objects; one that is noted already stays once."""
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT OR REPLACE INTO object VALUES (?, ?)", ((head.key, head.size) for head in heads)
        )
        self._connection.execute("COMMIT")

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM object").fetchone()[0])

    def take(self, keys: Iterable[str]) -> dict[str, int]:
        """Take these objects out; the sizes of those that were there, by name."""
        found: dict[str, int] = {}
        wanted = list(keys)
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            taken = self._connection.execute(
                f"DELETE FROM object WHERE key IN ({marks}) RETURNING key, size",  # noqa: S608 - only question marks
                batch,
            )
            found.update(taken.fetchall())
        return found

    def take_folders(self, folders: Iterable[str]) -> int:
        """Take out all objects below these folders, which end with a slash; how many there were."""
        # The character after a slash ends the range of what begins with the folder.
        ranges = [(folder, folder[:-1] + "0") for folder in folders]
        self._connection.execute("BEGIN")
        taken = sum(
            self._connection.execute("DELETE FROM object WHERE key >= ? AND key < ?", range_).rowcount
            for range_ in ranges
        )
        self._connection.execute("COMMIT")
        return taken

    def __iter__(self) -> Iterator[ObjectHead]:
        """What is there, by name; nothing may be taken out meanwhile."""
        for key, size in self._connection.execute("SELECT key, size FROM object ORDER BY key"):
            yield ObjectHead(key, size)
