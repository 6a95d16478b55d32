"""The composition root: settings in, a migrated and reconciled archive out."""

import logging
import os
import sys
from pathlib import Path

import structlog

from pacs.settings import Settings
from storage.access import facilities, site_key
from storage.archive import Archive
from storage.archive.reconcile import ReconcileReport, reconcile


def load_settings(**overrides: object) -> Settings:
    """Read the environment; ``overrides`` (command line options) win where they are not None."""
    return Settings.model_validate({name: value for name, value in overrides.items() if value is not None})


def configure_logging(process: str, level: str = "info") -> None:
    """Log one JSON line an event to standard error (plain text on a terminal); never patient data."""

    def name_process(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"], event["pid"] = process, os.getpid()
        return event

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            name_process,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def make_folders(settings: Settings) -> None:
    """Make the data folder, readable by its owner alone."""
    Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
    Path(settings.data_dir).chmod(0o700)


def open_archive(settings: Settings, *, migrate: bool = False) -> Archive:
    """Open the archive; with ``migrate`` bring the index to the newest schema first.

    Raises:
        StoreUnavailable: the index or the object store cannot be reached.
    """
    make_folders(settings)
    archive = Archive.open(settings)
    if migrate:
        archive.index.migrate()
        facilities.get_or_create(archive.index, settings.facility)
        site_key.ensure(settings)
    return archive


def recover(archive: Archive) -> ReconcileReport:
    """Bring index and spool into agreement after an unclean stop, before anything is served."""
    return reconcile(archive)
