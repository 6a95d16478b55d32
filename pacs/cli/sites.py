"""``pacs site …``: other Filmless archives that this one is linked with, each proved by its key."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from pacs import up
from pacs.cli.options import Data, console, fail, opened
from storage.access.principal import SYSTEM
from storage.archive import Archive, invitation, site
from storage.archive.site import Site

SiteId = Annotated[str, typer.Argument(metavar="SITE", help="Its id, or how the id begins.")]
Address = Annotated[
    str, typer.Option("--address", help="Where the other site reaches us, e.g. https://pacs.example.vn.")
]
Text = Annotated[str, typer.Argument(metavar="INVITATION", help="The text of the invitation, as it was sent.")]
MaySearch = Annotated[bool, typer.Option("--may-search", help="Its people may find our studies (not see them).")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="Linked sites: other Filmless archives, known by their keys.", no_args_is_help=True)
    for command in (show, invite, read, accept, confirm, close):
        group.command()(command)
    group.command("list")(everything)
    app.add_typer(group, name="site")


def show(data: Data = None) -> None:
    """Show by what others know this site: its id and the fingerprint to compare."""
    with opened(data) as (_, archive):
        own = site.own(archive)
    console.print(
        f"{own.name} ({own.facility_code})\nid          {own.site_id}\nfingerprint {own.fingerprint}", markup=False
    )


def invite(
    note: Annotated[str, typer.Argument(metavar="FOR", help="For whom it is, as a note to yourself.")] = "",
    address: Address = "",
    days: Annotated[int, typer.Option(help="Days for which it can be used, at most 30.")] = 7,
    data: Data = None,
) -> None:
    """Make an invitation for one other site, good once; it holds no secret of ours."""
    with opened(data) as (settings, archive):
        made = invitation.make(archive, address or up.url(settings), note, timedelta(days=days), SYSTEM)
    typer.echo(made)


def read(token: Text, data: Data = None) -> None:
    """Show whose invitation this is: compare the fingerprint by telephone before you accept."""
    with opened(data) as (_, archive):
        card = invitation.read(archive, token)
    console.print(f"{card.name} ({card.facility_code}) at {card.address}\nfingerprint {card.fingerprint}", markup=False)


def accept(token: Text, address: Address = "", may_search: MaySearch = False, data: Data = None) -> None:
    """Accept an invitation, whose fingerprint you have compared."""
    from pacs.federation import site_calls  # noqa: PLC0415 - what calls other servers is loaded when one is called

    with opened(data) as (settings, archive):
        reached = address or up.url(settings)
        linked = site_calls.accept_invitation(archive, token, reached, SYSTEM, may_search=may_search)
        own = site.own(archive)
    console.print(
        f"Linked with {linked.name}. It opens when they confirm our fingerprint there: {own.fingerprint}", markup=False
    )


def confirm(
    which: SiteId,
    may_search: MaySearch = False,
    may_break_glass: Annotated[
        bool, typer.Option("--may-break-glass", help="In an emergency its people may see a study without a grant.")
    ] = False,
    data: Data = None,
) -> None:
    """Open a link whose fingerprint you have compared; or say anew what the site's people may do here."""
    with opened(data) as (_, archive):
        found = _find(archive, which)
        changed = site.change(
            archive, found.site_id, SYSTEM, may_search=may_search, may_break_glass=may_break_glass, confirm=True
        )
    console.print(f"{changed.name} is linked.", markup=False)


def close(which: SiteId, data: Data = None) -> None:
    """End a link at once."""
    with opened(data) as (_, archive):
        found = _find(archive, which)
        site.close(archive, found.site_id, SYSTEM)
    console.print(f"The link with {found.name} is closed.", markup=False)


def everything(data: Data = None) -> None:
    """List the linked sites."""
    table = Table("name", "fingerprint", "address", "state", "search", "emergency")
    with opened(data) as (_, archive):
        for one in site.everything(archive, SYSTEM):
            rights = ("yes" if right else "no" for right in (one.may_search, one.may_break_glass))
            table.add_row(one.name, one.fingerprint, one.address, one.state, *rights)
    console.print(table)


def _find(archive: Archive, which: str) -> Site:
    wanted = which.replace("-", "").lower()
    found = [one for one in site.everything(archive, SYSTEM) if wanted and one.site_id.startswith(wanted)]
    if len(found) != 1:
        raise fail("There is no such site." if not found else "Several sites begin so; name more of the id.")
    return found[0]
