"""``pacs attributes …``: what can be searched for beside the attributes that every archive has."""

from typing import Annotated

import typer
from rich.table import Table

from pacs.cli.options import Data, console, opened
from storage.access.principal import SYSTEM
from storage.archive import search_attribute

Name = Annotated[
    str,
    typer.Argument(metavar="ATTRIBUTE", help="Keyword, tag or path, e.g. RequestAttributesSequence.AccessionNumber."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="Attributes that can be searched for.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(everything)
    group.command("remove")(remove)
    app.add_typer(group, name="attributes")


def add(
    name: Name,
    level: Annotated[
        str, typer.Option(help="patient, study, series or instance; as the standard has it if left out.")
    ] = "",
    vr: Annotated[str, typer.Option(help="Value representation of a private attribute.")] = "",
    data: Data = None,
) -> None:
    """Make an attribute searchable; the worker looks through what is kept."""
    with opened(data) as (_, archive):
        made = search_attribute.add(archive, name, level, vr, SYSTEM)
    console.print(f"{made.keyword} ({made.path}, {made.vr}) can be searched for at level {made.level}.", markup=False)


def everything(data: Data = None) -> None:
    """List them, with how far each is filled from what is kept."""
    table = Table("attribute", "path", "VR", "level", "state")
    with opened(data) as (_, archive):
        for one in search_attribute.listed(archive, SYSTEM):
            share = f" {100 * one.looked_at // max(1, one.instances)} %" if one.state == "filling" else ""
            table.add_row(one.keyword, one.path, one.vr, one.level, f"{one.state}{share}")
    console.print(table)


def remove(name: Name, data: Data = None) -> None:
    """Make an attribute unsearchable; what was noted of it goes in the background."""
    with opened(data) as (_, archive):
        search_attribute.remove(archive, name, SYSTEM)
    console.print(f"{name} is removed.", markup=False)
