"""Whether index and object store answer, and since when: asked every few seconds, so that nobody waits for it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from storage.archive import Archive

EVERY_S = 5.0
_log = structlog.get_logger("pacs.api.watch")


@dataclass(frozen=True)
class Reach:
    """Whether something answers; ``since``: when that was first seen. ``None``: not known yet."""

    reachable: bool | None = None
    since: datetime | None = None


class Watch:
    """A thread that asks index and object store something trivial, again and again."""

    def __init__(self, archive: Archive) -> None:
        self.index = Reach()
        self.object_store = Reach()
        self._checks: dict[str, Callable[[], None]] = {
            "index": archive.index.check,
            "object_store": archive.objects.check,
        }
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to watch; a check that hangs holds up neither the other nor a stop."""
        for name in self._checks:
            threading.Thread(target=self._run, args=(name,), name=f"watch-{name}", daemon=True).start()

    def close(self) -> None:
        """Stop after the present check."""
        self._stop.set()

    def _run(self, name: str) -> None:
        while not self._stop.is_set():
            self.note(name, self._answers(name))
            self._stop.wait(EVERY_S)

    def _answers(self, name: str) -> bool:
        try:
            self._checks[name]()
        except Exception as error:  # noqa: BLE001 - whatever fails here means: it does not answer
            _log.debug("does not answer", part=name, exc_info=error)
            return False
        return True

    def note(self, name: str, reachable: bool) -> None:
        """Take one outcome; the time stays that of the first alike."""
        if getattr(self, name).reachable is reachable:
            return
        setattr(self, name, Reach(reachable, datetime.now(UTC)))
        if not reachable:
            _log.warning("does not answer", part=name)
