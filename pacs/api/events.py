"""Live updates as server-sent events: ``/api/events`` (HTML Living Standard §9.2).

One task a process asks the index what changed, however many browsers listen; each listener gets the studies of its
facilities. A listener that reads slowly gets the latest state of each study, never a growing queue.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog
from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from pacs.api.documents import study_json
from pacs.api.followed import FollowedReceipts
from pacs.web.authentication import authenticate
from pacs.web.journal import Journal
from pacs.web.service import Service, service
from storage.access import permission
from storage.access.principal import Action
from storage.archive import Archive
from storage.archive.query import StudyRow, changed_studies
from storage.archive.receipt import Receipt
from storage.errors import Forbidden, InvalidRequest, Unauthenticated

POLL_S = 0.25
KEEP_ALIVE_S = 15.0
# Nodes' clocks may differ, and a row becomes visible only when its transaction commits.
OVERLAP = timedelta(seconds=10)
_UID = re.compile(r"[0-9.]{1,64}")
_log = structlog.get_logger("pacs.api.events")

router = APIRouter(prefix="/api/events")


@dataclass(eq=False)
class Subscriber:
    """One open event stream; ``facilities`` is ``None`` for every facility, ``study`` is ``None`` for every study.

    Who follows one study and may view it hears of its receipt as well.
    """

    facilities: frozenset[int] | None
    study: str | None
    receipts: bool = False
    _waiting: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, subject: StudyRow | Receipt, event: bytes) -> None:
        """Take an event if it is in scope; an older one of the same kind and study is replaced."""
        if self.study is not None and subject.study_instance_uid != self.study:
            return
        if self.facilities is not None and subject.facility_id not in self.facilities:
            return
        if isinstance(subject, Receipt) and not self.receipts:
            return
        key = (type(subject).__name__, subject.study_instance_uid)
        self._waiting.pop(key, None)
        self._waiting[key] = event
        self._woken.set()

    def wake(self) -> None:
        """Let a waiting stream look again."""
        self._woken.set()

    async def next(self, timeout_s: float) -> bytes:
        """The events since the last call; empty when nothing happened for so long."""
        try:
            await asyncio.wait_for(self._woken.wait(), timeout_s)
        except TimeoutError:
            return b""
        self._woken.clear()
        found = b"".join(self._waiting.values())
        self._waiting.clear()
        return found


class StudyFeed:
    """Watches the index and tells the subscribers of one process which studies changed."""

    def __init__(self, archive: Archive, journal: Journal) -> None:
        self._archive = archive
        self._journal = journal
        self._subscribers: set[Subscriber] = set()
        self._wanted = asyncio.Event()
        self._sent: dict[str, tuple[datetime, StudyRow]] = {}
        self._receipts = FollowedReceipts(archive)
        # Its own thread: live updates stay live while the other threads are busy.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="events")
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    def start(self) -> None:
        """Begin to watch."""
        self._task = asyncio.create_task(self._watch())

    def end_streams(self) -> None:
        """Let every stream end; browsers connect again by themselves."""
        self.closed = True
        for subscriber in self._subscribers:
            subscriber.wake()

    async def close(self) -> None:
        """Stop watching and end every stream."""
        self.end_streams()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._executor.shutdown(wait=True, cancel_futures=True)

    def subscribe(self, subscriber: Subscriber) -> None:
        """Add a listener."""
        self._subscribers.add(subscriber)
        if subscriber.receipts and subscriber.study is not None:
            self._executor.submit(self._receipts.forget, subscriber.study)
        self._journal.subscribers.set(len(self._subscribers))
        self._wanted.set()

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Remove a listener."""
        self._subscribers.discard(subscriber)
        self._journal.subscribers.set(len(self._subscribers))
        if not self._subscribers:
            self._wanted.clear()

    async def _watch(self) -> None:
        failing = False
        while True:
            await self._wanted.wait()
            try:
                await self._poll()
                failing = False
            except Exception as error:  # noqa: BLE001 - a database that is away must not end live updates
                if not failing:
                    _log.warning("cannot read what changed", exc_info=error)
                failing = True
            await asyncio.sleep(POLL_S)

    async def _poll(self) -> None:
        now = datetime.now(UTC)
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._executor, changed_studies, self._archive, now - OVERLAP, None)
        for row in rows:
            known = self._sent.get(row.study_instance_uid)
            if known is None or known[1] != row:
                self._sent[row.study_instance_uid] = (now, row)
                self._tell(row)
        changed = {row.study_instance_uid for row in rows}
        for uid, (at, row) in list(self._sent.items()):
            if uid in changed:
                continue
            if row.arriving:
                # Quiet since OVERLAP: nothing in the index changes when a study stops arriving, so it is said here.
                self._sent[uid] = (at, replace(row, arriving=False))
                self._tell(self._sent[uid][1])
            elif now - at > 2 * OVERLAP:
                del self._sent[uid]
        followed = {one.study for one in self._subscribers if one.receipts and one.study is not None}
        if not followed:
            return
        for receipt, event in await loop.run_in_executor(
            self._executor, self._receipts.changes, followed, changed, time.monotonic()
        ):
            for subscriber in self._subscribers:
                subscriber.offer(receipt, event)

    def _tell(self, row: StudyRow) -> None:
        event = b"event: study\ndata: " + study_json(row) + b"\n\n"
        for subscriber in self._subscribers:
            subscriber.offer(row, event)


@router.get("")
async def events(request: Request, study: str | None = None) -> StreamingResponse:
    """Stream the studies that change, of all studies or of one; of one also its receipt, as uploads go on."""
    svc = service(request)
    if study is not None and not _UID.fullmatch(study):
        raise InvalidRequest("study must be a Study Instance UID.")
    credential = await svc.work.run(authenticate, request, svc.archive, svc.settings)
    permission.may(credential.principal, Action.SEARCH, None)
    feed: StudyFeed = request.app.state.study_feed
    receipts = study is not None and Action.VIEW in permission.actions_of(credential.principal)
    return StreamingResponse(
        _stream(request, svc, feed, Subscriber(permission.reach(credential.principal), study, receipts)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(request: Request, svc: Service, feed: StudyFeed, subscriber: Subscriber) -> AsyncIterator[bytes]:
    """Give events until the browser goes, the session ends or its reach changes; a browser then connects again."""
    feed.subscribe(subscriber)
    checked = time.monotonic()
    try:
        yield b"retry: 1000\n\n"
        while not feed.closed:
            found = await subscriber.next(max(0.0, checked + KEEP_ALIVE_S - time.monotonic()))
            if time.monotonic() - checked >= KEEP_ALIVE_S:
                # However much is going on, a session that has ended hears no more.
                if not await svc.work.run(_still_may, request, svc, subscriber):
                    return
                checked = time.monotonic()
                found = found or b": keep-alive\n\n"
            if found:
                yield found
    finally:
        feed.unsubscribe(subscriber)


def _still_may(request: Request, svc: Service, subscriber: Subscriber) -> bool:
    try:
        principal = authenticate(request, svc.archive, svc.settings).principal
        permission.may(principal, Action.SEARCH, None)
    except (Unauthenticated, Forbidden):
        return False
    return permission.reach(principal) == subscriber.facilities
