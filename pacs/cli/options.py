"""Options that several commands share, and how a command opens the archive."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dicom_nodes.scu.destination import Destination
from pacs.bootstrap import load_settings, open_archive
from pacs.settings import Settings
from storage.access import ae
from storage.archive import Archive
from storage.errors import InvalidRequest

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of this node's data (FILMLESS_DATA_DIR).", show_default=False),
]
Facility = Annotated[str | None, typer.Option("--facility", help="Code of a facility.", show_default=False)]
Peer = Annotated[
    str, typer.Argument(metavar="AET[@HOST:PORT]", help="A registered AE title, or an address: CT1@192.168.1.20:104")
]

console = Console()
errors = Console(stderr=True)


@contextmanager
def opened(data: Path | None) -> Iterator[tuple[Settings, Archive]]:
    """Open the archive of ``data`` for one command, with its index at the newest schema."""
    settings = load_settings(data_dir=data)
    archive = open_archive(settings, migrate=True)
    try:
        yield settings, archive
    finally:
        archive.close()


def called(peer: str, data: Path | None) -> Destination:
    """The machine a command means: by its address, or by the title under which it is registered.

    Raises:
        InvalidRequest: it is neither.
    """
    if "@" in peer:
        return Destination.parse(peer)
    with opened(data) as (_, archive):
        entity = ae.by_title(archive.index, peer)
    if entity is None:
        raise InvalidRequest(
            f"There is no AE {peer!r}; give its address as AET@HOST:PORT, or register it: pacs ae add."
        )
    return Destination.of(entity)


def fail(message: str) -> typer.Exit:
    """Say what is wrong on standard error; to be raised."""
    errors.print(f"pacs: {message}", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(1)


def progress_bar() -> Progress:
    """A bar for whatever takes longer than a second."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
