"""``pacs tls …``: a certificate authority of one's own for the DICOM network, and its certificates."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pacs.bootstrap import load_settings
from pacs.cli.options import Data, console
from storage.access import certificates


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="Certificates of the DICOM network (TLS).", no_args_is_help=True)
    group.command("authority")(authority)
    group.command("node")(node)
    group.command("machine")(machine)
    group.command("list")(everything)
    app.add_typer(group, name="tls")


Hosts = Annotated[
    list[str] | None, typer.Option("--host", help="Name or address under which it is reached; may be given again.")
]
Days = Annotated[int, typer.Option("--days", help="How long the certificate is valid.")]


def authority(
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="e.g. the name of the hospital")],
    data: Data = None,
) -> None:
    """Make the authority that signs the certificates of nodes and machines."""
    folder = _folder(data)
    certificates.make_authority(folder, organisation)
    console.print(f"Machines must trust {folder / 'authority.crt'}. Keep authority.key secret.", soft_wrap=True)


def node(host: Hosts = None, days: Days = 825, data: Data = None) -> None:
    """Make key and certificate of this node; it takes TLS from its next start on."""
    folder = _folder(data)
    made = certificates.issue(folder, certificates.NODE, host or [], days)
    console.print(
        f"{folder / 'node.crt'} is valid until {made.not_after:%Y-%m-%d}. Start the node anew.", soft_wrap=True
    )


def machine(
    name: Annotated[str, typer.Argument(metavar="NAME", help="e.g. the AE title of the machine")],
    host: Hosts = None,
    days: Days = 825,
    data: Data = None,
) -> None:
    """Make key and certificate of a machine, to be installed there with authority.crt."""
    folder = _folder(data)
    made = certificates.issue(folder, name, host or [], days)
    console.print(
        f"Carry {folder / name}.crt, {folder / name}.key and {folder / 'authority.crt'} to the machine; valid until "
        f"{made.not_after:%Y-%m-%d}. To bind its AE to it: pacs ae add … --certificate {made.sha256}",
        soft_wrap=True,
    )


def everything(data: Data = None) -> None:
    """List the certificates that were made here."""
    table = Table("name", "subject", "valid until", "SHA-256")
    for one in certificates.everything(_folder(data)):
        table.add_row(one.name, one.subject, f"{one.not_after:%Y-%m-%d}", one.sha256)
    console.print(table)


def _folder(data: Path | None) -> Path:
    settings = load_settings(data_dir=data)
    return settings.dicom_tls_dir or Path(settings.data_dir) / "tls"
