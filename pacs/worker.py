"""The worker: carries instances to the object store, builds documents of quiet series, keeps the hot cache in bounds,
and gives other machines what they are owed.

Each task has a thread and a patience of its own, so that one that has to wait holds up no other.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from dicom_nodes.courier import Courier
from dicom_nodes.settings import NodeSettings
from storage.archive import Archive, audit_chain, film_filing, order_matching
from storage.archive.commitment import forget_old, work_off
from storage.archive.delivery import forget_settled, free_all
from storage.archive.removal import erase_due
from storage.archive.routing import Router
from storage.archive.search_fill import fill
from storage.archive.series_document import build_quiet
from storage.archive.upload import Uploader
from storage.archive.work_item_subscription import forget_events
from storage.cache import Eviction
from storage.errors import ArchiveError

log = structlog.get_logger()

IDLE_S = 0.25
LONGEST_PAUSE_S = 30.0
_AUDIT_S = 2.0
_AUDIT_TOLD_S = 60.0
_CACHE_S = 2.0
_CHECKPOINT_S = 1.0
_COMMITMENTS_S = 1.0
_EVENTS_S = 600.0
_ERASE_S = 30.0
_ATTRIBUTES_S = 2.0
_ROUTING_S = 1.0
_DELIVERIES_S = 1.0
_DOCUMENTS_S = 1.0
_FILMS_S = 1.0
# So many machines are sent to at once.
_COURIERS = 3
_ORDERS_S = 60.0
_UNFINISHED_S = 24 * 3600.0
_DOCUMENTS_AT_ONCE = 5


@dataclass(frozen=True)
class Task:
    """Work done in small steps; ``step`` says whether there is more at once, else it is asked again after ``idle_s``.

    ``yields``: it rests while instances arrive; otherwise it sees to that itself.
    """

    name: str
    step: Callable[[], bool]
    idle_s: float
    yields: bool = True
    after_s: float = 0.0


def work(archive: Archive, stop: threading.Event, settings: NodeSettings) -> None:
    """Run until ``stop`` is set; what cannot be done now is tried again with growing pauses."""
    uploader = Uploader(archive)
    couriers = [Courier(archive, settings, stop) for _ in range(_COURIERS)]
    tasks = [
        Task("upload", uploader.step, IDLE_S, yields=False),
        Task("documents", lambda: build_quiet(archive, _DOCUMENTS_AT_ONCE) > 0, _DOCUMENTS_S),
        Task("commitments", lambda: work_off(archive) > 0, _COMMITMENTS_S),
        Task("events", lambda: forget_events(archive) > 0, _EVENTS_S, after_s=60.0),
        Task("results", lambda: forget_old(archive) > 0, _UNFINISHED_S, after_s=300.0),
        Task("orders", lambda: order_matching.complete_quiet(archive) > 0, _ORDERS_S, after_s=30.0),
        Task("old orders", lambda: order_matching.forget_old(archive) > 0, _UNFINISHED_S, after_s=500.0),
        Task("erase", lambda: erase_due(archive) > 0, _ERASE_S),
        Task("attributes", lambda: fill(archive), _ATTRIBUTES_S),
        Task("routing", Router(archive).step, _ROUTING_S, yields=False),
        *(Task(f"courier {number}", one.step, _DELIVERIES_S, yields=False) for number, one in enumerate(couriers)),
        Task("deliveries", lambda: forget_settled(archive) > 0, _UNFINISHED_S, after_s=400.0),
        Task("films", lambda: film_filing.work_off(archive) > 0, _FILMS_S),
        Task("film orphans", lambda: film_filing.sweep(archive) > 0, _ERASE_S * 60, after_s=120.0),
        Task("audit chain", lambda: audit_chain.seal(archive) == audit_chain.BATCH, _AUDIT_S, yields=False),
        Task("audit checkpoint", lambda: audit_chain.anchor(archive), _AUDIT_TOLD_S, yields=False, after_s=5.0),
        Task("old audit", lambda: _prune_audit(archive), _UNFINISHED_S, after_s=700.0),
        Task("unfinished", lambda: archive.objects.clear_unfinished() > 0, _UNFINISHED_S, after_s=600.0),
    ]
    if archive.index.is_sqlite:
        tasks.append(Task("checkpoint", partial(_checkpoint, archive), _CHECKPOINT_S, yields=False))
    tasks.append(Task("derived", Eviction(archive.derived).step, _CACHE_S))
    if archive.cache is not None:
        tasks.append(Task("cache", Eviction(archive.cache).step, _CACHE_S))
    threads = [
        threading.Thread(target=_repeat, args=(archive, task, stop), name=task.name, daemon=True) for task in tasks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    uploader.close()
    _end_audit(archive)


def release_leases(archive: Archive) -> None:
    """What a worker of this node held that was killed is free at once; to be called while no other one works."""
    free_all(archive, f"{archive.spool.node}-")


def _prune_audit(archive: Archive) -> bool:
    return audit_chain.prune(archive, archive.settings.audit_years) > 0


def _end_audit(archive: Archive) -> None:
    """What was noted until now is sealed and told of before this worker ends; the next one would do it otherwise."""
    with suppress(ArchiveError):
        while audit_chain.seal(archive) or audit_chain.anchor(archive):
            pass


def _checkpoint(archive: Archive) -> bool:
    archive.index.checkpoint()
    return False


def _repeat(archive: Archive, task: Task, stop: threading.Event) -> None:
    stop.wait(task.after_s)
    pause = IDLE_S
    while not stop.is_set():
        started = time.monotonic()
        try:
            busy = task.step()
        except ArchiveError as error:
            pause = min(LONGEST_PAUSE_S, pause * 2)
            log.warning("worker pauses", task=task.name, reason=str(error), pause_s=pause)
            stop.wait(pause)
            continue
        except Exception:
            # One bad row must not end the worker, nor spin it; the log has the trace.
            pause = min(LONGEST_PAUSE_S, pause * 2)
            log.exception("worker failed", task=task.name, pause_s=pause)
            stop.wait(pause)
            continue
        pause = IDLE_S
        rest = archive.precedence.rest_after(time.monotonic() - started) if task.yields else 0.0
        stop.wait(max(rest, 0.0 if busy else task.idle_s))
