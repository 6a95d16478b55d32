"""Use case: one search at this archive and all its peers at once, bounded in time and rows; who did not answer is told.

Every peer is asked by a thread of its own. What a peer does, or does not, touches neither the others nor this archive:
its answers are looked at again, counted and cut, and at the end of its time nobody waits for it any more.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

import structlog

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive, peer
from storage.archive.collation import Collated, Copy, Source, collate
from storage.archive.peer import Peer
from storage.archive.query import Query
from storage.archive.remote import Connect, RemoteArchive, RemoteFailed, RemoteState, Requester
from storage.dicom.identifier import JsonDataset
from storage.dicom.remote_matching import is_meant
from storage.errors import ArchiveError, Forbidden, OutOfResources
from storage.index.audit import Connection

log = structlog.get_logger(__name__)

# So many searches a process at once, and so many of them that still wait for one and the same peer.
MOST_SEARCHES = 8
MOST_WAITING = 4
# A peer that finds by wider keys than were meant is listened to for so many answers for each that is meant.
_LOOKED_AT = 10
_GRACE_S = 0.2


@dataclass(frozen=True)
class SourceState:
    """How one place stands to the search; ``rows`` matched there, ``more``: it has more than are taken.

    ``cause`` and ``message``: why it did not answer, a word that pages explain, and a sentence.
    """

    source: Source
    state: RemoteState
    rows: int = 0
    seconds: float | None = None
    more: bool = False
    cause: str = ""
    message: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether all that matches there was told."""
        return self.state is RemoteState.ANSWERED and not self.more


@dataclass(frozen=True)
class Local:
    """What this archive itself has: its copies, and whether there are more."""

    copies: Sequence[Copy]
    more: bool = False


@dataclass(frozen=True)
class Asked:
    """What is searched: any of ``queries`` at each peer, ``local`` here.

    ``read`` makes a copy of an answer, ``None`` where it is none; ``limit`` is of each place. ``keys`` is what the
    audit says of it.
    """

    queries: Sequence[Query]
    local: Callable[[], Local]
    read: Callable[[Source, JsonDataset], Copy | None]
    limit: int
    keys: Sequence[str] = ()
    is_meant: Callable[[Copy], bool] = lambda copy: True


@dataclass(frozen=True)
class Found:
    """The end of a search: everything once, in no order, and how each place stood."""

    all: list[Collated]
    sources: list[SourceState]


Event = Copy | SourceState


class Network:
    """The peers of one process."""

    def __init__(self, archive: Archive, connect: Connect) -> None:
        self.archive = archive
        self.connect = connect
        self._places = threading.BoundedSemaphore(MOST_SEARCHES)
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()

    def search(self, asked: Asked, principal: Principal, *, seconds: float) -> Iterator[Event]:
        """Copies as they come, and the state of each place when it changes; at most ``seconds`` long.

        The first states are those of all places that are asked. One audit row is written before anything is asked.

        Raises:
            Forbidden: the principal may not search the network.
            OutOfResources: too many searches at once.
            InvalidQuery, StoreUnavailable: of the search here.
        """
        self._check(asked, principal)
        if not self._places.acquire(blocking=False):
            raise OutOfResources("Many searches of the network are running; try again in a moment.")
        try:
            yield from self._search(asked, principal, seconds)
        finally:
            self._places.release()

    def collect(self, asked: Asked, principal: Principal, *, seconds: float) -> Found:
        """The same, when everybody has answered or their time is over.

        Raises:
            As :meth:`search`.
        """
        copies: dict[str, list[Copy]] = {}
        states: dict[Source, SourceState] = {}
        for event in self.search(asked, principal, seconds=seconds):
            if isinstance(event, Copy):
                copies.setdefault(event.uid, []).append(event)
            else:
                states[event.source] = event
        return Found([collate(each) for each in copies.values()], list(states.values()))

    def _check(self, asked: Asked, principal: Principal) -> None:
        try:
            permission.may_anywhere(principal, Action.SEARCH_NETWORK)
        except Forbidden:
            with self.archive.index.write() as connection:
                _record(connection, principal, asked, [], "refused")
            raise

    def _search(self, asked: Asked, principal: Principal, seconds: float) -> Iterator[Event]:
        began = time.monotonic()
        here = Source(self.archive.settings.facility, "")
        local = asked.local()  # a malformed query gets no further
        peers = peer.everything(self.archive, enabled=True)
        with self.archive.index.write() as connection:
            _record(connection, principal, asked, [one.name for one in peers], "success")
        hearing = _Hearing(asked, began + seconds)
        try:
            for one in peers:
                yield SourceState(_source(one), RemoteState.ASKED)
                self._ask(one, hearing, Requester(principal, min(began + seconds, time.monotonic() + one.seconds)))
            yield from local.copies
            took = time.monotonic() - began
            yield SourceState(here, RemoteState.ANSWERED, len(local.copies), took, local.more)
            yield from hearing.events()
        finally:
            hearing.stopped.set()

    def _ask(self, one: Peer, hearing: "_Hearing", requester: Requester) -> None:
        source = _source(one)
        hearing.expect(source, requester.deadline)
        with self._lock:
            crowded = self._waiting[one.name] >= MOST_WAITING
            self._waiting[one.name] += not crowded
        if crowded:
            message = "Earlier searches still wait for this peer; it was not asked again."
            hearing.tell(SourceState(source, RemoteState.SLOW, cause="crowded", message=message))
            return
        requester = replace(requester, stopped=hearing.stopped.is_set)
        thread = threading.Thread(target=self._listen, args=(one, hearing, requester), name="peer", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no thread left
            self._leave(one.name)
            hearing.tell(SourceState(source, RemoteState.FAILED, cause="ours", message="No thread is left."))

    def _listen(self, one: Peer, hearing: "_Hearing", requester: Requester) -> None:
        try:
            hearing.listen(_source(one), lambda: self.connect(one), requester)
        finally:
            self._leave(one.name)

    def _leave(self, name: str) -> None:
        with self._lock:
            self._waiting[name] -= 1


class _Hearing:
    """What the threads of one search tell the one who waits for it."""

    def __init__(self, asked: Asked, deadline: float) -> None:
        self.stopped = threading.Event()
        self._asked = asked
        self._deadline = deadline
        self._told: SimpleQueue[Event] = SimpleQueue()
        self._open: dict[Source, float] = {}
        self._rows: Counter[Source] = Counter()

    def expect(self, source: Source, deadline: float) -> None:
        """A place will tell how it stands, or its time will be over."""
        self._open[source] = deadline + _GRACE_S

    def tell(self, event: Event) -> None:
        """Called by any thread."""
        if not self.stopped.is_set():
            self._told.put(event)

    def events(self) -> Iterator[Event]:
        """What is told, until every place has ended."""
        while self._open:
            soonest = min(self._open.values())
            try:
                event = self._told.get(timeout=max(0.0, soonest - time.monotonic()))
            except Empty:
                yield from self._give_up(time.monotonic())
                continue
            if event.source not in self._open:
                continue  # it comes too late
            if isinstance(event, SourceState):
                del self._open[event.source]
            else:
                self._rows[event.source] += 1
            yield event

    def _give_up(self, now: float) -> Iterator[SourceState]:
        for source in [source for source, deadline in self._open.items() if deadline <= now]:
            del self._open[source]
            message = "The peer did not answer in its time."
            yield SourceState(source, RemoteState.SLOW, self._rows[source], cause="time", message=message)

    def listen(self, source: Source, connect: Callable[[], RemoteArchive], requester: Requester) -> None:
        """Ask one peer and tell what it says; whatever goes wrong is its state."""
        began = time.monotonic()
        listener = _Listener(self, source)
        try:
            listener.listen(connect(), requester)
            state = SourceState(source, RemoteState.ANSWERED)
        except RemoteFailed as error:
            state = SourceState(source, error.state, cause=error.cause, message=str(error))
        except Exception as error:  # noqa: BLE001 - whatever a peer provokes must not leave its state open
            if not isinstance(error, ArchiveError):
                log.warning("a peer's answer was not understood", peer=source.peer, kind=type(error).__name__)
            message = "The peer's answer could not be understood."
            state = SourceState(source, RemoteState.FAILED, cause="unreadable", message=message)
        seconds = time.monotonic() - began
        self.tell(replace(state, rows=len(listener.uids), seconds=seconds, more=listener.more))

    @property
    def asked(self) -> Asked:
        """What is searched."""
        return self._asked


class _Listener:
    """The answers of one peer: each once, those that are meant, as many as are wanted."""

    def __init__(self, hearing: _Hearing, source: Source) -> None:
        self._hearing = hearing
        self._source = source
        self.uids: set[str] = set()
        self.more = False

    def listen(self, remote: RemoteArchive, requester: Requester) -> None:
        """Read until the peer, or the room for its answers, ends."""
        asked = self._hearing.asked
        for query in asked.queries:
            seen = 0
            try:
                with closing(remote.search(replace(query, limit=asked.limit + 1, offset=0), requester)) as answers:
                    for data_set in answers:
                        seen += 1
                        if len(self.uids) >= asked.limit or seen > asked.limit * _LOOKED_AT:
                            self.more = True
                            return
                        self._take(data_set, query)
            except RemoteFailed as error:
                if error.state is not RemoteState.ANSWERED:
                    raise
                self.more = True
            # A peer that keeps to our limit ends there, whether or not it has more: what it gave was not all meant.
            self.more = self.more or seen > asked.limit

    def _take(self, data_set: JsonDataset, query: Query) -> None:
        if not is_meant(query.keys, data_set, fuzzy=query.fuzzy):
            return
        copy = self._hearing.asked.read(self._source, data_set)
        if copy is None:
            raise RemoteFailed(RemoteState.FAILED, "unreadable", "The peer's answer names no study.")
        if copy.uid not in self.uids and self._hearing.asked.is_meant(copy):
            self.uids.add(copy.uid)
            self._hearing.tell(copy)


def _source(one: Peer) -> Source:
    return Source(one.facility_code, one.facility_name, one.name)


def _record(
    connection: Connection, principal: Principal, asked: Asked, peers: Sequence[str], outcome: audit.Outcome
) -> None:
    detail = {"scope": "network", "peers": list(peers), "keys": list(asked.keys)}
    audit.record(connection, principal, Action.SEARCH_NETWORK, outcome, detail=detail)
