"""Taking over an Orthanc server: its changes are followed, each file is proven, and in the end the studies compared.

Several files come at once; they are settled in the order of the changes, so that one number says what is done. Memory
holds a window of names and a piece of each file.
"""

import hashlib
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar

import structlog

from pacs.federation.orthanc_source import OrthancSource, SourceAway, SourceFault
from storage.access import facilities
from storage.access.principal import Principal
from storage.archive import Archive, part10_arrival, server_import
from storage.archive.ingest import Source
from storage.archive.server_import import Import, Progress, State
from storage.errors import ArchiveError, NotFound, OutOfResources, StoreUnavailable, Unauthenticated

log = structlog.get_logger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

Problem = tuple[str, str]  # what kind of thing could not be had, and which

# So many are begun beyond the oldest that is not done.
_WINDOW = 8
_NOTE_EVERY_S = 2.0
_NOTE_AT_ONCE = 250
_LOOK_EVERY_S = 1.0
_ATTEMPTS = 3
# A line may be cut so often in the middle of one file.
_CUTS = 8
_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
# Where a line is cut for longer, the import stops and is run again.
PATIENCE_S = 180.0


class Stopped(ArchiveError):
    """The one who runs it wants to end."""


@dataclass(frozen=True)
class Told:
    """How far it is, for a bar; numbers of all runs together."""

    phase: Literal["instances", "studies"]
    done: int
    total: int


@dataclass
class _Outcome:
    """What became of one instance of the server."""

    kind: Literal["stored", "duplicates", "gone", "refused", "none"]
    name: str = ""
    size: int = 0
    proven: bool = True
    reason: str = ""


@dataclass
class _Compared:
    """A study there and here; ``here`` counts those instances of it that are kept here."""

    uid: str
    there: int
    here: int
    outcomes: list[_Outcome] = field(default_factory=list)
    gone: bool = False


class OrthancImport:
    """One run. ``stop`` ends it between two instances; ``patience_s``: how long a dead line is waited for."""

    def __init__(
        self,
        archive: Archive,
        source: OrthancSource,
        *,
        facility_id: int,
        principal: Principal,
        stop: threading.Event,
        parallel: int = 8,
        patience_s: float = PATIENCE_S,
        tell: Callable[[Told], None] = lambda told: None,
    ) -> None:
        self._archive, self._source, self._principal = archive, source, principal
        self._stop, self._patience_s, self._tell = stop, patience_s, tell
        self._parallel = parallel
        self._from = Source(kind="import", ae_title="", address="", facility_id=facility_id, context=uuid.uuid4().hex)
        self._facility = facilities.code(archive.index, facility_id)
        self._progress = Progress()
        self._noted_at = time.monotonic()
        self._done = 0
        self._there = 0
        self._problems: set[Problem] = set()
        self._running = self._begin(facility_id)

    @property
    def running(self) -> Import:
        """What the index knows it as."""
        return self._running

    def run(self, *, follow: bool = False) -> None:
        """Take over what is there, compare; with ``follow`` go on with what arrives there until stopped.

        Raises:
            Cancelled: an administrator called it off.
            Stopped: :attr:`stop` was set before the end.
            SourceAway, SourceFault, Unauthenticated: the server cannot be read; run it again to go on.
            OutOfResources, StoreUnavailable: nothing can be kept here now.
        """
        pool = ThreadPoolExecutor(self._parallel, "import")
        state: State = "failed"
        error = ""
        try:
            self._catch_up(pool)
            self._note(state="comparing")
            self._compare(pool)
            while follow:
                self._note(state="following")
                if self._stop.wait(_LOOK_EVERY_S):
                    break
                self._catch_up(pool)
            state = "stopped" if follow else "complete"
        except (Stopped, KeyboardInterrupt):
            state = "stopped"
            raise
        except server_import.Cancelled:
            state = "cancelled"
            raise
        except ArchiveError as failure:
            error = str(failure)
            raise
        finally:
            self._stop.set()  # whoever still waits for the line goes home
            pool.shutdown(cancel_futures=True)
            self._settle(state, error)

    def _begin(self, facility_id: int) -> Import:
        self._source.version()
        last = self._source.last_change()
        begun = server_import.begin(
            self._archive, self._source.address, facility_id, self._principal, last_position=last
        )
        self._there = self._source.number_of_instances()
        row = server_import.show(self._archive, begun.id, self._principal)
        self._problems.update((one["kind"], one["subject"]) for one in row["problems"])
        self._done = row["stored"] + row["duplicates"] + row["gone"] + row["refused"] if begun.position else 0
        server_import.note(self._archive, begun, Progress(), instances_there=self._there)
        return begun

    def _settle(self, state: State, error: str) -> None:
        try:
            if state != "cancelled":
                self._note()
            server_import.settle(self._archive, self._running, state, self._principal, error)
        except ArchiveError as failure:
            log.warning("the end of an import could not be noted", reason=str(failure))

    # Instances, in the order of the server's changes

    def _catch_up(self, pool: ThreadPoolExecutor) -> None:
        for position, outcome in self._in_order(pool, self._take_change, self._changes()):
            self._count(outcome)
            self._progress.position = position
            self._note_sometimes()
            self._tell(Told("instances", self._done, max(self._there, self._done)))
        self._note()

    def _changes(self) -> Iterator[tuple[int, str]]:
        """Every instance that came there since; a change of another kind is passed on without a name."""
        position = self._running.position if self._progress.position is None else self._progress.position
        while True:
            page = self._patiently(partial(self._source.changes, position))
            yield from page.instances
            if page.last > position:
                position = page.last
                yield position, ""
            elif not page.done:
                raise SourceFault("The server's log of changes does not go on.")
            if page.done:
                return
            self._there = max(self._there, self._done)

    def _take_change(self, change: tuple[int, str]) -> tuple[int, _Outcome]:
        position, name = change
        return position, self._take(name) if name else _Outcome("none")

    def _take(self, name: str) -> _Outcome:
        """Fetch one instance, prove and keep it; what cannot be kept for good is told, not raised."""
        attempt = 0
        while True:
            try:
                return self._fetch(name)
            except NotFound:
                return _Outcome("gone", name)
            except (OutOfResources, StoreUnavailable, Unauthenticated, Stopped):
                raise
            except (SourceAway, SourceFault) as error:
                attempt += 1
                if attempt >= (_CUTS if isinstance(error, SourceAway) else _ATTEMPTS):
                    return _Outcome("refused", name, reason=str(error))
            except ArchiveError as error:
                return _Outcome("refused", name, reason=str(error))
            self._pause(_PAUSES_S[min(attempt, len(_PAUSES_S)) - 1])
            self._patiently(self._source.version)  # where it answers, it is this file

    def _fetch(self, name: str) -> _Outcome:
        self._check_stop()
        digest, size, told = hashlib.md5(usedforsecurity=False), 0, None  # Orthanc keeps no other

        def pieces(of: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal size
            for piece in of:
                digest.update(piece)
                size += len(piece)
                yield piece

        def prove() -> None:
            nonlocal told
            if file.length is not None and file.length != size:
                raise SourceAway("The connection was cut in the middle of a file.")
            told = self._source.md5(name)
            if told is not None and told != digest.hexdigest():
                raise SourceFault("The file that came is not the one that the server once received: their MD5 differ.")

        with self._source.file(name) as file:
            receipt = part10_arrival.keep(
                self._archive, pieces(file.pieces), self._from, self._principal, facility=self._facility, prove=prove
            )
        return _Outcome("duplicates" if receipt.duplicate else "stored", name, size, told is not None)

    # Studies, when all is here

    def _compare(self, pool: ThreadPoolExecutor) -> None:
        """Look whether every instance of every study is here, and fetch what is not: changes can be forgotten there."""
        compared = 0
        incomplete: set[str] = set()
        for one in self._in_order(pool, self._compare_study, self._studies()):
            for outcome in one.outcomes:
                self._count(outcome)
            compared += 1
            whole = one.gone or one.here == one.there
            self._progress.counts.update(studies_compared=1, studies_complete=int(whole))
            problem: Problem = ("study", one.uid)
            if not whole:
                incomplete.add(one.uid)
                self._say(problem, f"{one.here} of {one.there} instances are here.")
            elif one.uid not in incomplete:  # two patients there may have a study of one UID
                self._unsay(problem)
            self._note_sometimes(studies_there=compared)
            self._tell(Told("studies", compared, compared))
        self._note(studies_there=compared)

    def _studies(self) -> Iterator[tuple[str, str]]:
        since = 0
        while True:
            page = self._patiently(partial(self._source.studies, since))
            if not page:
                return
            yield from page
            since += len(page)

    def _compare_study(self, study: tuple[str, str]) -> _Compared:
        name, uid = study
        try:
            instances = self._patiently(partial(self._source.instances_of, name))
        except NotFound:
            return _Compared(uid, 0, 0, gone=True)
        absent = server_import.absent(self._archive, [sop for _, sop in instances])
        outcomes = [self._take(instance) for instance, sop in instances if sop in absent]
        gone = sum(one.kind == "gone" for one in outcomes)
        here = len(instances) - len(absent) + sum(one.kind in ("stored", "duplicates") for one in outcomes)
        return _Compared(uid, len(instances) - gone, here, outcomes)

    # What they share

    def _in_order(
        self, pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Result]:
        """Work on several at once; what becomes of them comes in their order."""
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            while len(waiting) >= self._parallel * _WINDOW or (waiting and waiting[0].done()):
                yield self._result(waiting.popleft())
        while waiting:
            yield self._result(waiting.popleft())

    def _result(self, future: "Future[Result]") -> Result:
        while not wait([future], _NOTE_EVERY_S).done:
            self._note()  # a large file, or a line that is waited for: we are still there
        return future.result()

    def _patiently(self, ask: Callable[[], Result]) -> Result:
        """Ask again while the server is away, for as long as patience lasts."""
        until = time.monotonic() + self._patience_s
        attempt = 0
        while True:
            self._check_stop()
            try:
                return ask()
            except SourceAway:
                if time.monotonic() > until:
                    raise
                self._pause(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
                attempt += 1

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)
        self._check_stop()

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped("The import was stopped; run it again to go on.")

    def _count(self, outcome: _Outcome) -> None:
        if outcome.kind == "none":
            return
        self._done += 1
        problem: Problem = ("instance", outcome.name)
        if outcome.kind == "refused":
            self._say(problem, outcome.reason)
            return
        self._unsay(problem)
        counts = {outcome.kind: 1, "bytes": outcome.size, "unproven": int(not outcome.proven)}
        self._progress.counts.update(counts)

    def _say(self, problem: Problem, reason: str) -> None:
        self._problems.add(problem)
        self._progress.problems[problem] = reason

    def _unsay(self, problem: Problem) -> None:
        if problem in self._problems:
            self._problems.discard(problem)
            self._progress.problems[problem] = None

    def _note_sometimes(self, **values: Any) -> None:
        waits = self._progress.counts.total() - self._progress.counts["bytes"]
        if waits >= _NOTE_AT_ONCE or time.monotonic() - self._noted_at > _NOTE_EVERY_S:
            self._note(**values)

    def _note(self, **values: Any) -> None:
        progress, self._progress = self._progress, Progress(position=self._progress.position)
        self._noted_at = time.monotonic()
        server_import.note(self._archive, self._running, progress, **values)
