"""``pacs send`` and ``pacs echo``: this node as the client of another."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from dicom_nodes.scu.echo import echo as verify
from dicom_nodes.scu.store import Sent, store
from pacs.bootstrap import load_settings
from pacs.cli.options import Data, Peer, called, console, progress_bar

REASONS_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(send)
    app.command()(echo)


def echo(peer: Peer, data: Data = None) -> None:
    """Ask a DICOM node whether it is there and knows us (C-ECHO)."""
    destination = called(peer, data)
    took = verify(destination, load_settings(data_dir=data))
    console.print(f"{destination} answered in {took * 1000:.0f} ms.", markup=False, highlight=False)


def send(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files or folders.")],
    peer: Peer,
    data: Data = None,
) -> None:
    """Send files by C-STORE, each byte for byte in the transfer syntax it has."""
    destination = called(peer, data)
    files = [file for path in paths for file in _files(path)]
    with progress_bar() as bar:
        task = bar.add_task(f"Sending to {destination.ae_title}", total=len(files))
        results = store(files, destination, load_settings(data_dir=data), progress=lambda sent: bar.advance(task))
    _tell(results)
    if not all(result.is_kept for result in results):
        raise typer.Exit(2)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and file.name.upper() != "DICOMDIR")
    return [path]


def _tell(results: list[Sent]) -> None:
    kept = Counter(result.is_kept for result in results)
    console.print(f"{kept[True]} sent, {kept[False]} not sent." if kept[False] else f"{kept[True]} sent.")
    failed = [result for result in results if not result.is_kept]
    for result in failed[:REASONS_SHOWN]:
        status = f"status {result.status:04X} " if result.status is not None else ""
        console.print(f"  {result.path}: {status}{result.reason}", markup=False, highlight=False, soft_wrap=True)
    if len(failed) > REASONS_SHOWN:
        console.print(f"  … and {len(failed) - REASONS_SHOWN} more.")
