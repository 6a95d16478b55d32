"""``pacs ae …``: the application entities this node knows."""

from typing import Annotated

import typer
from rich.table import Table

from dicom_nodes.scu.destination import Destination
from pacs.cli.options import Data, Facility, console, opened
from storage.access import ae, facilities
from storage.access.ae_policy import Policy


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="Application entities (modalities, workstations, other PACS).", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(everything)
    group.command("remove")(remove)
    app.add_typer(group, name="ae")


Address = Annotated[str, typer.Argument(metavar="AET@HOST:PORT", help="e.g. CT1@192.168.1.20:104")]


def add(
    address: Address,
    facility: Facility = None,
    no_store: Annotated[bool, typer.Option("--no-store", help="It may not send us instances.")] = False,
    no_query: Annotated[bool, typer.Option("--no-query", help="It may not search.")] = False,
    no_retrieve: Annotated[bool, typer.Option("--no-retrieve", help="It may not retrieve.")] = False,
    data: Data = None,
) -> None:
    """Let an application entity in, from its address only."""
    peer = Destination.parse(address)
    with opened(data) as (settings, archive):
        code = facilities.get_or_create(archive.index, facility or settings.facility).code
        ae.add(
            archive.index,
            peer.ae_title,
            peer.host,
            peer.port,
            facility_code=code,
            policy=Policy(may_store=not no_store, may_query=not no_query, may_retrieve=not no_retrieve),
        )
    console.print(
        f"{peer.ae_title} at {peer.host}:{peer.port} may now talk to this node (facility {code}).", markup=False
    )


def everything(data: Data = None) -> None:
    """List the application entities."""
    table = Table("AE title", "address", "facility", "store", "query", "retrieve")
    with opened(data) as (_, archive):
        for one in ae.everything(archive.index):
            rights = ("yes" if right else "no" for right in (one.may_store, one.may_query, one.may_retrieve))
            table.add_row(one.ae_title, f"{one.host}:{one.port}", one.facility_code, *rights)
    console.print(table)


def remove(title: Annotated[str, typer.Argument(metavar="AET")], data: Data = None) -> None:
    """Shut an application entity out; its studies stay."""
    with opened(data) as (_, archive):
        ae.remove(archive.index, title)
    console.print(f"{title} is removed.", markup=False)
