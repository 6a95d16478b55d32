"""``pacs up``, ``pacs serve …`` and ``pacs migrate``: the processes of a node."""

import signal
import threading
from enum import StrEnum
from types import FrameType
from typing import Annotated

import typer

from pacs.cli.options import Data, console, fail


class Kind(StrEnum):
    """The three kinds of process."""

    WEB = "web"
    DICOM = "dicom"
    WORKER = "worker"


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
    from pacs import up as tree  # noqa: PLC0415 - other commands start faster without it
    from pacs.bootstrap import load_settings  # noqa: PLC0415

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
    from pacs import lifeline  # noqa: PLC0415 - other commands start faster without these
    from pacs.bootstrap import configure_logging, load_settings  # noqa: PLC0415

    settings = load_settings(
        data_dir=data, http_port=http_port, dicom_port=dicom_port, aet=aet, http_host=host, dicom_host=host
    )
    configure_logging(kind.value, settings.log_level)
    lifeline.watch()
    if kind is Kind.WEB:
        from pacs.web.serve import serve as serve_web  # noqa: PLC0415

        serve_web(settings)
        return
    from pacs.bootstrap import open_archive, recover  # noqa: PLC0415

    stop = threading.Event()
    _stop_on_signals(stop)
    archive = open_archive(settings, migrate=True)
    try:
        if kind is Kind.WORKER:
            from pacs.worker import work  # noqa: PLC0415

            work(archive, stop)
            return
        from dicom_nodes.scp.server import serve as serve_dicom  # noqa: PLC0415

        recover(archive)
        serve_dicom(archive, settings, stop=stop, on_ready=lambda port: None)
    finally:
        archive.close()


def _stop_on_signals(stop: threading.Event) -> None:
    def handle(signum: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def migrate(data: Data = None) -> None:
    """Bring the index to the newest schema."""
    from pacs.bootstrap import load_settings, open_archive  # noqa: PLC0415

    open_archive(load_settings(data_dir=data), migrate=True).close()
    console.print("The index is at the newest schema.")
