"""What a process tells about its associations: those it serves now, and what went wrong, written once a second."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from dicom_nodes.status import Code, Status, of_query
from storage.archive import Archive
from storage.archive.live_association import HEARTBEAT_S, Live, Register
from storage.archive.network_finding import Cause, Finding, Peer, note
from storage.errors import ArchiveError

log = structlog.get_logger(__name__)

# Different findings that may wait to be written; a flood of made-up titles shall not fill the memory.
MOST_WAITING = 256
_EVERY_S = 1.0
_NO_FAILURE = frozenset(
    {Code.SUCCESS, Code.CANCEL, Code.PENDING, Code.PENDING_WITHOUT_OPTIONAL_KEYS, 0x0001, 0x0107, 0x0116}
)


@dataclass
class Tally:
    """What an association has asked for so far; changed by the thread that serves it."""

    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    active_at: float = field(default_factory=time.time)
    service: str = ""
    requests: int = 0
    refused: int = 0

    def count(self, service: str) -> None:
        """A request has come."""
        self.service = service
        self.requests += 1
        self.active_at = time.time()


def is_failure(status: int) -> bool:
    """Whether a status refuses what was asked (PS3.7 Annex C); a warning and a cancel do not."""
    return status not in _NO_FAILURE and status >> 12 != 0xB


def refusal(peer: Peer, service: str, status: Status, sop_class_uid: str) -> Finding:
    """The finding that a request was refused."""
    cause = Cause.NOT_ALLOWED if status.code == Code.NOT_AUTHORISED else Cause.REQUEST_REFUSED
    detail = {
        "service": service,
        "status": f"{status.code:04X}",
        "comment": status.comment,
        "sop_class_uid": sop_class_uid,
    }
    return Finding(cause, peer, f"{service} {status.code:04X}", detail)


class Bulletin:
    """Collects findings from all threads and writes them, with the associations that live, in a thread of its own."""

    def __init__(self, archive: Archive, register: Register, live: Callable[[], Sequence[Live]]) -> None:
        self._archive = archive
        self._register = register
        self._live = live
        self._lock = threading.Lock()
        self._waiting: dict[tuple[Cause, Peer, str], tuple[Finding, int]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bulletin", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def note(self, finding: Finding) -> None:
        """Count a finding; never waits for the index."""
        key = (finding.cause, finding.peer, finding.subject)
        with self._lock:
            _, times = self._waiting.get(key, (finding, 0))
            if times or len(self._waiting) < MOST_WAITING:
                self._waiting[key] = (finding, times + 1)

    def close(self) -> None:
        """Write what is left, and say that this process serves nothing any more."""
        self._stop.set()
        self._thread.join(10)
        try:
            self._write_findings()
            self._register.close()
        except ArchiveError as error:
            log.warning("the end of this process could not be told", reason=str(error))

    def _run(self) -> None:
        beat = 0.0
        while not self._stop.wait(_EVERY_S):
            due = time.monotonic() - beat >= HEARTBEAT_S
            try:
                self._write_findings()
                self._register.tell(self._live(), heartbeat=due)
            except ArchiveError as error:
                log.warning("associations and findings wait to be told", reason=str(error))
                self._stop.wait(HEARTBEAT_S)
                continue
            except Exception as error:  # noqa: BLE001  what is told must not end what is served
                of_query(error)  # logs it under an id
                self._stop.wait(HEARTBEAT_S)
                continue
            if due:
                beat = time.monotonic()

    def _write_findings(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            note(self._archive.index, self._archive.spool.node, waiting.values())
        except ArchiveError:
            with self._lock:
                for key, (finding, times) in waiting.items():
                    _, since = self._waiting.get(key, (finding, 0))
                    self._waiting[key] = (finding, times + since)
            raise
