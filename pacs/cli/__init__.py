"""The command line ``pacs``: each group of commands is one module."""

import sys

import typer

from pacs.cli import (
    accounts,
    archive,
    attributes,
    audit,
    conflicts,
    grants,
    integrity,
    network,
    processes,
    query,
    removals,
    routes,
    sites,
    state,
    tls,
    transfer,
    worklist,
)
from storage.errors import ArchiveError

app = typer.Typer(
    name="pacs",
    help="Filmless: a PACS and DICOM web viewer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for module in (
    processes,
    accounts,
    network,
    transfer,
    query,
    worklist,
    archive,
    integrity,
    audit,
    conflicts,
    attributes,
    removals,
    routes,
    sites,
    grants,
    state,
    tls,
):
    module.register(app)


def main() -> None:
    """Run a command; an expected refusal is one line on standard error and exit code 1, not a trace."""
    try:
        app()
    except ArchiveError as error:
        sys.stderr.write(f"pacs: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
