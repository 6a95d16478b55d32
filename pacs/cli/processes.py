"""``pacs up``, ``pacs serve …`` and ``pacs migrate``: the processes of a node."""

from typing import Annotated

import typer

from pacs import up as tree
from pacs.bootstrap import load_settings, open_archive
from pacs.cli.options import Data, console, fail
from pacs.process import Kind, run

HttpPort = Annotated[int | None, typer.Option(help="Port of the viewer and DICOMweb (FILMLESS_HTTP_PORT).")]
DicomPort = Annotated[int | None, typer.Option(help="Port of the DICOM node (FILMLESS_DICOM_PORT).")]
AeTitle = Annotated[str | None, typer.Option(help="AE title of this node (FILMLESS_AET).")]
Host = Annotated[
    str | None, typer.Option(help="Address to listen on, web and DICOM (FILMLESS_HTTP_HOST, FILMLESS_DICOM_HOST).")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(up)
    app.command()(serve)
    app.command()(migrate)


def up(
    data: Data = None,
    http_port: HttpPort = None,
    dicom_port: DicomPort = None,
    aet: AeTitle = None,
    host: Host = None,
) -> None:
    """Start everything as one process tree; Ctrl-C stops it."""
    settings = load_settings(
        data_dir=data, http_port=http_port, dicom_port=dicom_port, aet=aet, http_host=host, dicom_host=host
    )
    try:
        tree.run(settings, say=lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
    except tree.StartError as error:
        raise fail(str(error)) from None


def serve(
    kind: Annotated[Kind, typer.Argument(help="Which process to run.")],
    data: Data = None,
    http_port: HttpPort = None,
    dicom_port: DicomPort = None,
    aet: AeTitle = None,
    host: Host = None,
) -> None:
    """Run one kind of process, for nodes that are set up process by process."""
    run(
        kind,
        load_settings(
            data_dir=data, http_port=http_port, dicom_port=dicom_port, aet=aet, http_host=host, dicom_host=host
        ),
    )


def migrate(data: Data = None) -> None:
    """Bring the index to the newest schema."""
    open_archive(load_settings(data_dir=data), migrate=True).close()
    console.print("The index is at the newest schema.")
