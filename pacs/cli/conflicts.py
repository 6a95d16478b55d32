"""``pacs quarantine …`` and ``pacs discrepancies …``: what could not be kept in its place, and what contradicts."""

import json
from typing import Annotated

import typer
from rich.table import Table

from pacs.cli.options import Data, console, opened
from storage.access.principal import SYSTEM
from storage.archive import discrepancy, quarantine
from storage.archive.discrepancy import Wanted

ROWS_SHOWN = 100

Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the entry, as the list shows it.")]
Limit = Annotated[int, typer.Option(min=1, max=quarantine.MOST_ROWS, help="Rows shown.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    aside = typer.Typer(help="Files that could not be kept in their place.", no_args_is_help=True)
    aside.command("list")(entries)
    aside.command("show")(show)
    aside.command("discard")(discard)
    aside.command("retry")(retry)
    app.add_typer(aside, name="quarantine")
    contradictions = typer.Typer(help="Where instances contradict what is kept.", no_args_is_help=True)
    contradictions.command("list")(discrepancies)
    app.add_typer(contradictions, name="discrepancies")


def entries(limit: Limit = ROWS_SHOWN, data: Data = None) -> None:
    """List the quarantined files, newest first."""
    table = Table("id", "received", "kind", "from", "node", "bytes", "SOP Instance UID")
    with opened(data) as (_, archive):
        page = quarantine.listed(archive, SYSTEM, limit=limit)
        for row in page.rows:
            table.add_row(
                str(row["id"]),
                f"{row['received_at']:%Y-%m-%d %H:%M}",
                row["kind"],
                f"{row['source_ae_title'] or row['source_kind']} {row['source_address']}".strip(),
                "here" if quarantine.is_here(archive, row) else row["host"] or row["node"],
                f"{row['size']:,}",
                row["sop_instance_uid"],
            )
    console.print(table)
    console.print(f"{page.total} files, {page.bytes:,} bytes.")


def show(identity: Number, as_json: AsJson = False, data: Data = None) -> None:
    """Show why a file was put aside and how it differs from what is kept. It prints patient data."""
    with opened(data) as (_, archive):
        row, found, note = quarantine.show(archive, identity, SYSTEM)
    if as_json:
        differences = [vars(one) for one in found.differences] if found is not None else None
        console.print_json(json.dumps({**row, "differences": differences, "comparison_note": note}, default=str))
        return
    for name, value in row.items():
        if value not in ("", None):
            console.print(f"{name.replace('_', ' ')}: {value}", markup=False, highlight=False, soft_wrap=True)
    if found is None:
        console.print(note, markup=False)
        return
    table = Table("attribute", "kept", "quarantined")
    for one in found.differences:
        table.add_row(one.keyword or one.path, one.first or "", one.second or "")
    console.print(table)
    console.print(f"Pixel data: {found.pixel_data}.")


def discard(
    identity: Number,
    reason: Annotated[str, typer.Option(help="Why; it stays in the audit trail.")],
    data: Data = None,
) -> None:
    """Remove a quarantined file for good."""
    with opened(data) as (_, archive):
        quarantine.discard(archive, identity, reason, SYSTEM)
    console.print(f"File {identity} is discarded.")


def retry(identity: Number, data: Data = None) -> None:
    """Try to keep a quarantined file once more."""
    with opened(data) as (_, archive):
        receipt = quarantine.retry(archive, identity, SYSTEM)
    kept = "was here already" if receipt.duplicate else "is kept now"
    console.print(f"Instance {receipt.sop_instance_uid} {kept}.", markup=False, highlight=False)


def discrepancies(
    everything: Annotated[bool, typer.Option("--all", help="Dismissed ones too.")] = False,
    study: Annotated[str | None, typer.Option(help="Of one study, by its Study Instance UID.")] = None,
    limit: Limit = ROWS_SHOWN,
    data: Data = None,
) -> None:
    """List discrepancies, last seen first. It prints patient data."""
    table = Table("id", "kind", "state", "attribute", "kept", "arrived", "instances", "study")
    with opened(data) as (_, archive):
        wanted = Wanted(state=None if everything else "open", study_instance_uid=study)
        page = discrepancy.listed(archive, wanted, SYSTEM, limit, 0)
    for row in page.rows:
        table.add_row(
            str(row["id"]), row["kind"], row["state"], row["attribute"] or "(more)", row["kept"], row["arrived"],
            str(row["number_of_instances"]), row["study_instance_uid"],
        )  # fmt: skip
    console.print(table)
    console.print(f"{page.total} discrepancies.")
