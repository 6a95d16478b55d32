"""The worker: carries instances from the spool to the object store and builds the documents of quiet series."""

import threading

import structlog

from storage.archive import Archive
from storage.archive.series_document import build_quiet
from storage.archive.upload import upload_pending
from storage.errors import ArchiveError

log = structlog.get_logger()

IDLE_S = 0.25
LONGEST_PAUSE_S = 30.0
BATCH = 200


def work(archive: Archive, stop: threading.Event) -> None:
    """Run until ``stop`` is set; what cannot be done now is tried again with growing pauses."""
    pause = IDLE_S
    while not stop.is_set():
        try:
            busy = upload_pending(archive, limit=BATCH) > 0
            busy = build_quiet(archive) > 0 or busy
        except ArchiveError as error:
            pause = min(LONGEST_PAUSE_S, pause * 2)
            log.warning("worker pauses", reason=str(error), pause_s=pause)
            stop.wait(pause)
            continue
        except Exception:
            # One bad row must not end the worker, nor spin it; the log has the trace.
            pause = min(LONGEST_PAUSE_S, pause * 2)
            log.exception("worker failed", pause_s=pause)
            stop.wait(pause)
            continue
        pause = IDLE_S
        if not busy:
            stop.wait(IDLE_S)
