"""Use case: move instances from the spool to the object store, verified (the journal's other end)."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

import structlog

from storage.archive import Archive
from storage.archive.carry import Failure, Passage, Row, carry, is_verified
from storage.archive.outage import Outage
from storage.archive.waiting import FIRST_DELAY_S, LARGE_BYTES, Waiting, page
from storage.errors import ArchiveError, StoreUnavailable
from storage.fault_point import reached
from storage.index import spooled as rows

__all__ = ["Uploader", "is_verified", "upload_pending"]

WIDTH = 8
_JOB_BYTES = 64 * 1024 * 1024
# What is verified is noted in one commit, at the latest after so long or so many.
_NOTE_AFTER_S = 0.3
_NOTE_AT_MOST = 100
# A request that fails after so long has met a line or a server with too little room for so many at once.
_SLOW_S = 10.0
# Somebody else holds the file: the process that receives it and is about to let go, or another uploader.
_BUSY_S = 0.2
_SAY_AFTER_S = 5.0
# While instances arrive the queue may grow as old as this; then it is worked off beside them.
_LAG_S = 60.0

_log = structlog.get_logger(__name__)


def upload_pending(archive: Archive, limit: int = 200) -> int:
    """Move up to ``limit`` instances of this node now, oldest first; gives how many were moved.

    Any number of processes may do this at once, and any may die at any point.

    Raises:
        StoreUnavailable: the index cannot be reached, or no object could be stored.
    """
    pending = page(archive, limit=limit)
    batch = archive.objects.batch
    passages = [
        passage for start in range(0, len(pending), batch) for passage in carry(archive, pending[start : start + batch])
    ]
    moved = note(archive, [passage for passage in passages if passage.outcome == "verified"])
    for passage in passages:
        if isinstance(passage.outcome, Failure):
            _tell(passage.row, passage.outcome, 1)
            if not moved:
                raise passage.outcome.error
    return moved


def note(archive: Archive, verified: Sequence[Passage]) -> int:
    """Say of verified objects that they are kept there, durably; then their spool files go, or become the hot cache.

    Raises:
        StoreUnavailable: the index cannot be reached; everything is as it was.
    """
    if not verified:
        return 0
    moving, now = [passage.row for passage in verified], datetime.now(UTC)
    try:
        # Durable, and with it every earlier commit: no row of an instance may depend on a spool file that is gone.
        moved = archive.index.in_transaction(
            lambda connection: rows.move_to_object_store(connection, moving, now), durable=True
        )
        reached("upload: noted")
        for passage in verified:
            if archive.cache is None:
                passage.source.unlink(missing_ok=True)
            else:
                archive.cache.keep(passage.source, passage.row["object_key"], passage.row["size"])
        return moved
    finally:
        for passage in verified:
            passage.release()


class Uploader:
    """Carries the queue of this node, many at once; one thread steps it.

    A failing instance is put off by itself, large ones go beside the small, and while the store is away only probes are
    sent. While instances arrive it keeps to a tenth of the time of one request, until the queue is a minute old.
    """

    def __init__(self, archive: Archive, width: int = WIDTH) -> None:
        self._archive = archive
        self._width = width
        self._room = float(width)
        self._precedence = archive.precedence
        self._waiting = Waiting(archive)
        self._outage = Outage(archive)
        self._jobs: SimpleQueue[Sequence[Row] | None] = SimpleQueue()
        self._landed: SimpleQueue[tuple[list[Passage], float]] = SimpleQueue()
        self._flying = self._flying_large = 0
        self._verified: list[Passage] = []
        self._note_at = 0.0
        self._rest_until = 0.0
        self._lagging = False
        self._reason = ""
        self._said: tuple[datetime | None, int] = (None, -1)
        self._said_at = 0.0
        # Daemons: a request that hangs must not keep the process from ending; nothing is lost by its end.
        for number in range(width + 1):
            threading.Thread(target=self._work, name=f"upload-{number}", daemon=True).start()

    def step(self, wait_s: float = 0.25) -> bool:
        """Start what there is room for, wait a little for what ends, note it; whether there is anything under way.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        resting_s = min(self._rest_until - time.monotonic(), wait_s)
        if resting_s <= 0:
            self._launch()
        busy = bool(self._flying or self._flying_large)
        if busy:
            self._collect(min(wait_s, max(self._note_at - time.monotonic(), 0.0)) if self._verified else wait_s)
        elif resting_s > 0:
            time.sleep(resting_s)
        waits = bool(self._flying or self._flying_large) or self._rest_until > time.monotonic()
        if self._verified and (not waits or len(self._verified) >= _NOTE_AT_MOST or time.monotonic() >= self._note_at):
            self._note()
        self._say_how_it_goes()
        return busy or waits

    def close(self, within_s: float = 2.0) -> None:
        """Note what ends within a moment; the rest is found again by the next process."""
        end = time.monotonic() + within_s
        while (self._flying or self._flying_large) and (left := end - time.monotonic()) > 0:
            self._collect(left)
        for _ in range(self._width + 1):
            self._jobs.put(None)
        self._note()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            started = time.monotonic()
            try:
                passages = carry(self._archive, job)
            except Exception as error:  # noqa: BLE001 - one instance must never end the uploader; the log has the trace
                _log.exception("upload failed unexpectedly", instances=[row["id"] for row in job])
                failure = Failure("failed", StoreUnavailable(f"The upload failed ({type(error).__name__})."))
                passages = [Passage(row, self._archive.spool.path(row["spool_name"]), outcome=failure) for row in job]
            self._landed.put((passages, time.monotonic() - started))

    def _launch(self) -> None:
        room = self._outage.room()
        most = self._small_room() if room is None else min(room, self._width - self._flying)
        together = self._archive.objects.batch if room is None else 1
        while most > 0 and (job := self._waiting.take(together, most_bytes=_JOB_BYTES)):
            self._lagging = (datetime.now(UTC) - job[0]["received_at"]).total_seconds() > _LAG_S
            self._jobs.put(job)
            self._flying += 1
            most -= 1
        if room is None and not self._flying_large and (job := self._waiting.take(1, large=True)):
            self._jobs.put(job)
            self._flying_large += 1

    def _small_room(self) -> int:
        """How many more jobs of small instances may be under way."""
        most = int(self._room)
        if self._archive.objects.batch > 1:
            most = 1  # one call makes many; more of them would only wait for each other's journal
        elif self._precedence.is_receiving():
            most = max(most // 2, 1) if self._lagging else 1
        return most - self._flying

    def _collect(self, wait_s: float) -> None:
        """Take in what has ended, waiting for the first."""
        try:
            ended = self._landed.get(timeout=wait_s) if wait_s > 0 else self._landed.get_nowait()
            while True:
                self._settle(*ended)
                ended = self._landed.get_nowait()
        except Empty:
            return

    def _settle(self, passages: list[Passage], took_s: float) -> None:
        if passages[0].row["size"] > LARGE_BYTES:
            self._flying_large -= 1
        else:
            self._flying -= 1
        if not self._lagging:
            self._rest_until = time.monotonic() + self._precedence.rest_after(took_s)
        for passage in passages:
            if passage.outcome == "verified":
                if not self._verified:
                    self._note_at = time.monotonic() + _NOTE_AFTER_S
                self._verified.append(passage)
                self._room = min(self._width, self._room + 0.1)
                if self._outage.succeeded():
                    _log.info("the object store is back")
                    self._waiting.forgive()
            elif passage.outcome == "gone":
                try:
                    self._settle_gone(passage)
                except ArchiveError:  # neither index nor store need answer just now
                    self._waiting.put_off(passage.row, FIRST_DELAY_S)
            elif passage.outcome == "busy":
                self._waiting.put_off(passage.row, _BUSY_S)
            else:
                self._settle_failure(passage.row, passage.outcome, took_s)

    def _settle_failure(self, row: Row, failure: Failure, took_s: float) -> None:
        if took_s > _SLOW_S:
            self._room = max(self._room / 2, 1.0)
        times, self._reason = self._waiting.failed(row), failure.reason
        away = self._outage.since is not None
        self._outage.failed(row["id"], failure)
        if self._outage.since is not None and not away:
            _log.warning("the object store is away", reason=self._outage.reason)
        if not away:
            _tell(row, failure, times)

    def _settle_gone(self, passage: Passage) -> None:
        """No spool file: another process has carried it, unless its row still says that it is there."""
        with self._archive.index.read() as connection:
            row = rows.by_id(connection, passage.row["id"])
        if row is None or row["location"] != "spool" or row["spool_name"] != passage.row["spool_name"]:
            self._waiting.done(passage.row)
        elif is_verified(self._archive, row):
            passage.outcome = "verified"  # its uploader died between the file and the row
            self._verified.append(passage)
        else:
            failure = Failure("missing", StoreUnavailable("The spool file is missing."))
            _tell(passage.row, failure, self._waiting.failed(passage.row))

    def _say_how_it_goes(self) -> None:
        """Let other processes know when the store goes away or comes back, or when instances begin to fail."""
        away, failing = self._outage.since, self._waiting.failing
        if (away, failing) == self._said:
            return
        now = time.monotonic()
        if (away is None) == (self._said[0] is None) and now - self._said_at < _SAY_AFTER_S:
            return
        reason = self._reason if away is not None or failing else ""
        self._archive.index.in_transaction(
            lambda connection: rows.note_uploader(
                connection,
                self._archive.spool.node,
                away_since=away,
                reason=reason,
                failing=failing,
                now=datetime.now(UTC),
            )
        )
        self._said, self._said_at = (away, failing), now

    def _note(self) -> None:
        verified, self._verified = self._verified, []
        try:
            note(self._archive, verified)
        finally:
            # If the index was away they are simply read from it again.
            for passage in verified:
                self._waiting.done(passage.row)


def _tell(row: Row, failure: Failure, times: int) -> None:
    """Log a failure: the first, and then ever more seldom."""
    if times & (times - 1):
        return
    cause = str(failure.error.__cause__ or "").partition("\n")[0][:300]
    _log.warning("upload failed", instance=row["id"], reason=failure.reason, message=str(failure.error), times=times,
                 cause=cause)  # fmt: skip
