"""``pacs ae …``: the application entities this node knows."""

from typing import Annotated

import typer
from rich.table import Table

from dicom_nodes.scu.destination import Destination
from pacs.cli.options import Data, Facility, console, fail, opened
from storage.access import ae, facilities
from storage.access.ae_policy import Policy

_RIGHTS = ("worklist", "mpps", "commit", "print", "forward")


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
    may_not: Annotated[
        list[str] | None,
        typer.Option("--may-not", help="worklist, mpps, commit, print or forward; may be given again."),
    ] = None,
    ascii_worklist: Annotated[
        bool, typer.Option("--ascii-worklist", help="It reads the worklist without diacritics.")
    ] = False,
    require_tls: Annotated[bool, typer.Option("--require-tls", help="It must call with TLS.")] = False,
    call_with_tls: Annotated[bool, typer.Option("--call-with-tls", help="We call it with TLS.")] = False,
    require_user: Annotated[bool, typer.Option("--require-user", help="It must name a user with password.")] = False,
    certificate: Annotated[str, typer.Option("--certificate", help="SHA-256 of the certificate it must show.")] = "",
    data: Data = None,
) -> None:
    """Let an application entity in, from its address only."""
    refused = _rights(may_not or [])
    peer = Destination.parse(address)
    with opened(data) as (settings, archive):
        code = facilities.get_or_create(archive.index, facility or settings.facility).code
        ae.add(
            archive.index,
            peer.ae_title,
            peer.host,
            peer.port,
            facility_code=code,
            policy=Policy(
                may_store=not no_store,
                may_query=not no_query,
                may_retrieve=not no_retrieve,
                worklist_charset="ascii" if ascii_worklist else "utf-8",
                require_tls=require_tls,
                call_with_tls=call_with_tls,
                require_user=require_user,
                certificate_sha256=certificate.lower(),
                may_worklist="worklist" not in refused,
                may_mpps="mpps" not in refused,
                may_commit="commit" not in refused,
                may_print="print" not in refused,
                may_forward="forward" not in refused,
            ),
        )
    console.print(
        f"{peer.ae_title} at {peer.host}:{peer.port} may now talk to this node (facility {code}).", markup=False
    )


def _rights(names: list[str]) -> frozenset[str]:
    wrong = [name for name in names if name not in _RIGHTS]
    if wrong:
        raise fail(f"--may-not takes {', '.join(_RIGHTS)}, not {wrong[0]}.")
    return frozenset(names)


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
