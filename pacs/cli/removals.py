"""``pacs deleted …`` and ``pacs hold …``: what was deleted and can be brought back, and what must not be deleted."""

from typing import Annotated

import typer
from rich.table import Table

from pacs.cli.options import Data, console, opened
from storage.access.principal import SYSTEM
from storage.archive import hold, removal

Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the entry, as the list shows it.")]
Study = Annotated[str, typer.Argument(metavar="STUDY", help="Study Instance UID.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    deleted = typer.Typer(help="What was deleted.", no_args_is_help=True)
    deleted.command("list")(deletions)
    deleted.command("undo")(undo)
    app.add_typer(deleted, name="deleted")
    holds = typer.Typer(help="Studies that must not be deleted.", no_args_is_help=True)
    holds.command("place")(place)
    holds.command("list")(held)
    holds.command("release")(release)
    app.add_typer(holds, name="hold")


def deletions(limit: Annotated[int, typer.Option(min=1, max=500, help="Rows shown.")] = 100, data: Data = None) -> None:
    """List deletions, newest first, and until when each can be undone."""
    table = Table("id", "deleted", "by", "level", "reason", "instances", "erased after", "study")
    with opened(data) as (_, archive):
        for row in removal.newest(archive, SYSTEM, limit):
            table.add_row(
                str(row["id"]),
                f"{row['removed_at']:%Y-%m-%d %H:%M}",
                row["removed_by"],
                row["level"],
                row["reason"],
                str(row["number_of_instances"]),
                "undone" if row["restored_at"] else f"{row['erase_after']:%Y-%m-%d %H:%M}",
                row["study_instance_uid"],
            )
    console.print(table)


def undo(identity: Number, data: Data = None) -> None:
    """Bring back what was deleted, while its bytes are there."""
    with opened(data) as (_, archive):
        number = removal.undo(archive, identity, SYSTEM)
    console.print(f"{number} instances are back.")


def place(
    study: Study,
    reason: Annotated[str, typer.Option(help="Why; it stays with the hold.")],
    data: Data = None,
) -> None:
    """Hold a study: nothing of it can be deleted."""
    with opened(data) as (_, archive):
        number = hold.place(archive, study, reason, SYSTEM)
    console.print(f"Hold {number} is placed.")


def held(study: Study, data: Data = None) -> None:
    """List the holds on a study."""
    table = Table("id", "placed", "by", "reason")
    with opened(data) as (_, archive):
        for row in hold.in_force(archive, study):
            table.add_row(str(row["id"]), f"{row['placed_at']:%Y-%m-%d %H:%M}", row["placed_by"], row["reason"])
    console.print(table)


def release(identity: Number, data: Data = None) -> None:
    """End a hold."""
    with opened(data) as (_, archive):
        hold.release(archive, identity, SYSTEM)
    console.print(f"Hold {identity} is released.")
