"""Does what this archive owes to other machines: sends, notifies, asks, reports (PS3.4 Annexes B, J, R)."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from pydicom.uid import generate_uid

from dicom_nodes.commitment import result_of
from dicom_nodes.scu import availability
from dicom_nodes.scu.association import AssociationFailed, NothingAccepted
from dicom_nodes.scu.commitment import request_commitment, tell
from dicom_nodes.scu.delivery import Delivery as Delivered
from dicom_nodes.scu.delivery import deliver
from dicom_nodes.scu.destination import Destination
from dicom_nodes.settings import NodeSettings
from storage.access import ae
from storage.archive import Archive, asked_commitment, delivery, retrieve
from storage.archive.delivery import Delivery, LeaseLost, Outcome
from storage.errors import ArchiveError, Forbidden, NotFound, StoreUnavailable

log = structlog.get_logger(__name__)

# An answer to a request of ours is waited for so long on the association itself; it may come later on another.
STAYS_S = 2.0
# A machine that has not said within this time what it commits itself to is asked again.
ANSWER_WITHIN = timedelta(hours=24)
_KEEP_EVERY_S = 20.0
_NOTE_EVERY_S = 0.25
_NOTE_AT_ONCE = 25
# So often an instance is tried that the machine was reached for and never answered.
_MOST_ATTEMPTS = 5
# Statuses that say no for good (PS3.4 Table B.2-1): mismatch, not understood, and the general ones of these meanings.
_FOR_GOOD = frozenset({0x0111, 0x0117, 0x0119, 0x0122, 0x0124})


class Courier:
    """One thread's way through what is due; ``step`` of the worker. Any number may work at once."""

    def __init__(self, archive: Archive, settings: NodeSettings, stop: threading.Event) -> None:
        self._archive = archive
        self._settings = settings
        self._stop = stop
        self._owner = f"{archive.spool.node}-{secrets.token_hex(4)}"

    def step(self) -> bool:
        """Do what is due first; whether there was anything.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        due = delivery.claim(self._archive, self._owner)
        if due is None:
            return False
        try:
            with _Kept(self._archive, self._owner):
                self._do(due)
        except LeaseLost:
            log.info("a delivery went to somebody else", delivery=due.id)
        return True

    def _do(self, due: Delivery) -> None:
        acts: Mapping[str, Callable[[Delivery, Destination], None]] = {
            "store": self._store,
            "notify": self._notify,
            "confirm": self._confirm,
            "report": self._report,
        }
        try:
            acts[due.kind](due, self._destination(due))
        except (LeaseLost, StoreUnavailable):
            raise
        except NothingAccepted as error:
            self._put_off(due, str(error))
        except AssociationFailed as error:
            self._put_off(due, str(error), everything=True)
        except (ArchiveError, OSError) as error:
            self._put_off(due, str(error) if isinstance(error, ArchiveError) else "The connection was lost.")
        except Exception:
            self._put_off(due, "Something unforeseen; the log has it.")
            raise

    def _destination(self, due: Delivery) -> Destination:
        entity = ae.by_title(self._archive.index, due.ae_title)
        if entity is None:
            raise NotFound(f"{due.ae_title} is not registered, so nobody knows where it answers; pacs ae add")
        if due.kind == "store" and not entity.may_forward:
            raise Forbidden(f"Instances may not be forwarded to {due.ae_title}; its policy says so.")
        return Destination.of(entity)

    def _put_off(self, due: Delivery, reason: str, *, everything: bool = False, moved: bool = False) -> None:
        state = delivery.put_off(self._archive, due, reason, everything=everything, moved=moved)
        log.warning(
            "delivery put off", kind=due.kind, destination=due.ae_title, delivery=due.id, reason=reason, now=state
        )

    # Instances

    def _store(self, due: Delivery, destination: Destination) -> None:
        pending = delivery.pending(self._archive, due)
        turn = _Turn(self._archive, due)
        for row in pending.damaged:
            turn.add(Outcome(row, "refused", None, "It is damaged here and was not sent."))
        if pending.ready:
            deliver(
                self._archive,
                pending.ready,
                destination,
                self._settings,
                report=turn.report,
                cancelled=lambda: self._stop.is_set() or turn.lost or not delivery.may_go_on(due),
            )
        turn.flush()
        self._settle(due, turn, later=pending.later)

    def _settle(self, due: Delivery, turn: "_Turn", *, later: int) -> None:
        if turn.lost:
            raise LeaseLost("Somebody else works on this delivery.")
        if turn.waiting:
            self._put_off(due, turn.reason, moved=turn.sent > 0)
        elif self._stop.is_set() or not delivery.may_go_on(due):
            delivery.rest(self._archive, due, wait=timedelta())
        elif later:
            delivery.rest(self._archive, due)
        else:
            state = delivery.finish(self._archive, due)
            log.info("delivered", destination=due.ae_title, delivery=due.id, instances=turn.sent, now=state)

    # Messages

    def _notify(self, due: Delivery, destination: Destination) -> None:
        if not delivery.pending(self._archive, due).ready:
            delivery.finish(self._archive, due)
            return
        try:
            rows = [row for row in retrieve.instances(self._archive, due.subject) if row.location == "object"]
        except NotFound:
            delivery.finish(self._archive, due)
            return
        pending = delivery.pending(self._archive, due)
        reply = availability.notify(destination, rows, self._settings)
        if not reply.is_success:
            self._put_off(due, f"{destination} answered the notification with {reply}.")
            return
        turn = _Turn(self._archive, due)
        for row in pending.ready:
            turn.add(Outcome(row, "sent", reply.status))
        turn.flush()
        if pending.later:
            delivery.rest(self._archive, due)
        else:
            delivery.finish(self._archive, due)

    def _confirm(self, due: Delivery, destination: Destination) -> None:
        instances = asked_commitment.instances_of(self._archive, due.subject)
        if not instances:
            delivery.finish(self._archive, due)
            return
        uid = str(generate_uid(prefix=None))
        asked_commitment.ask(self._archive, uid, due.ae_title, instances, due.id)
        # From here on the answer may come at any time, to another process, and settle this.
        delivery.keep_until(self._archive, due, datetime.now(UTC) + ANSWER_WITHIN)
        request_commitment(destination, uid, instances, self._settings, archive=self._archive, stay_s=STAYS_S)
        delivery.give_back(self._archive, due)

    def _report(self, due: Delivery, destination: Destination) -> None:
        try:
            type_id, told = result_of(self._archive, due.subject, self._settings.aet)
        except NotFound as error:
            delivery.finish(self._archive, due, error=str(error))
            return
        reply = tell(destination, type_id, told, self._settings)
        if reply.is_success:
            delivery.finish(self._archive, due)
            log.info("result told", destination=due.ae_title, transaction_uid=due.subject)
        else:
            self._put_off(due, f"{destination} answered the report with {reply}.")


class _Turn:
    """What becomes of instances in one turn, written down as it goes."""

    def __init__(self, archive: Archive, due: Delivery) -> None:
        self._archive = archive
        self._due = due
        self._outcomes: list[Outcome] = []
        self._noted_at = time.monotonic()
        self._is_first = True
        self.sent = self.waiting = 0
        self.reason = ""
        self.lost = False

    def report(self, one: Delivered) -> None:
        """Take what a machine said of one instance."""
        if one.is_kept:
            self.add(Outcome(one.row, "sent", one.status, one.reason if one.is_warning else ""))
            return
        status = one.status
        for_good = status is not None and (status >> 12 == 0xC or status >> 8 == 0xA9 or status in _FOR_GOOD)
        tired = status is None and self._due.attempts + 1 >= _MOST_ATTEMPTS and not self.sent
        self.add(Outcome(one.row, "refused" if for_good or tired else "waiting", status, one.reason))

    def add(self, one: Outcome) -> None:
        """Take an outcome."""
        self.sent += one.state == "sent"
        if one.state == "waiting":
            self.waiting += 1
            told = f"status {one.status:04X} {one.reason}".strip() if one.status is not None else one.reason
            self.reason = self.reason or f"{one.row.sop_instance_uid}: {told}"
        self._outcomes.append(one)
        if len(self._outcomes) >= _NOTE_AT_ONCE or time.monotonic() - self._noted_at > _NOTE_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Write down what is not written yet; whoever has lost the lease stops."""
        outcomes, self._outcomes = self._outcomes, []
        self._noted_at = time.monotonic()
        if not outcomes or self.lost:
            return
        try:
            delivery.note(self._archive, self._due, outcomes, first=self._is_first)
        except LeaseLost:
            self.lost = True
        except StoreUnavailable as error:
            # Nothing is noted as done, so it is sent once more.
            self.lost = True
            log.warning("what was sent could not be noted", delivery=self._due.id, reason=str(error))
        self._is_first = self._is_first and not any(one.state == "sent" for one in outcomes)


class _Kept:
    """Holds on to leases while something slow goes on."""

    def __init__(self, archive: Archive, owner: str) -> None:
        self._archive = archive
        self._owner = owner
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._done.wait(_KEEP_EVERY_S):
            try:
                delivery.extend(self._archive, self._owner)
            except ArchiveError as error:
                log.warning("a lease could not be kept up", reason=str(error))
