"""``pacs status`` and ``pacs doctor``: how the node is, and what is wrong with it."""

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from pacs import doctor as checks
from pacs import up as tree
from pacs.bootstrap import load_settings
from pacs.cli.options import Data, console, opened
from pacs.cli.processes import DicomPort, Host, HttpPort
from storage.archive.status import status as archive_status


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(status)
    app.command()(doctor)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Data = None,
) -> None:
    """Show what the archive holds and what is waiting."""
    with opened(data) as (settings, archive):
        facts = archive_status(archive)
        running = tree.is_running(settings.data_dir)
    rows = {
        "running": running,
        "studies": facts.studies,
        "series": facts.series,
        "instances": facts.instances,
        "bytes": facts.bytes,
        "waiting_for_object_store": facts.waiting,
        "damaged": facts.damaged,
        "quarantined": facts.quarantined,
        "last_received_at": facts.last_received_at.isoformat() if facts.last_received_at else None,
        "free_bytes": facts.free_bytes,
    }
    if as_json:
        console.print_json(json.dumps(rows))
        return
    table = Table(show_header=False, box=None)
    for name, value in rows.items():
        table.add_row(
            name.replace("_", " "), f"{value:,}" if isinstance(value, int) and value is not running else str(value)
        )
    console.print(table)


def doctor(
    http_port: HttpPort = None,
    dicom_port: DicomPort = None,
    host: Host = None,
    data: Data = None,
) -> None:
    """Check ports, disk, index, object store and clock, and say in plain words what is wrong."""
    settings = load_settings(data_dir=data, http_port=http_port, dicom_port=dicom_port, http_host=host, dicom_host=host)
    ill = 0
    for finding in checks.examine(settings):
        ill += not finding.well
        mark = Text("ok  ", style="green") if finding.well else Text("BAD ", style="bold red")
        console.print(mark, Text(f"{finding.subject}: {finding.message}"), sep="", soft_wrap=True)
        if not finding.well and finding.remedy:
            console.print(Text(f"     → {finding.remedy}"), soft_wrap=True)
    if ill:
        raise typer.Exit(1)
