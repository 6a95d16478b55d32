"""The web process: granian (HTTP/1.1 and HTTP/2) with one archive per worker process."""

from collections.abc import Callable
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from granian.server import Server

from pacs import lifeline
from pacs.garbage import set_apart
from pacs.web.service import Probe
from pacs.web.settings import WebSettings
from storage.archive import Archive
from storage.archive.reconcile import reconcile
from storage.archive.remote import Connect
from storage.errors import StoreUnavailable
from storage.settings import StorageSettings

log = structlog.get_logger(__name__)

Linked = Callable[[Archive], Connect]
# Open event streams end at once; a long upload or download gets this long when the server stops.
GRACE_S = 8


def serve(settings: WebSettings, probe: Probe | None = None, linked: Linked | None = None) -> None:
    """Serve until SIGINT or SIGTERM; ``probe`` tries a machine of the DICOM network, ``linked`` makes what asks peers.

    ``settings`` must hold the storage settings too, as :class:`pacs.settings.Settings` does; the index is migrated.

    Raises:
        TypeError: the storage settings are not in it.
    """
    if not isinstance(settings, StorageSettings):
        raise TypeError("The web process needs the storage settings as well.")
    server = Server(
        "filmless",
        address=settings.http_host,
        port=settings.http_port,
        interface=Interfaces.ASGI,
        workers=settings.web_processes,
        http=HTTPModes.auto,
        http1_settings=HTTP1Settings(header_read_timeout=30_000),
        http2_settings=HTTP2Settings(max_headers_size=64 * 1024, keep_alive_interval=30_000, keep_alive_timeout=20),
        websockets=True,
        # Our own access log leaves the query strings out, because they hold patient names.
        log_access=False,
        log_level=LogLevels.warning,
        ssl_cert=settings.tls_certificate,
        ssl_key=settings.tls_key,
        # Other archives and modalities are not young.
        ssl_protocol_min=SSLProtocols.tls12,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_S,
    )
    server.serve(target_loader=_loader(settings, probe, linked), wrap_loader=False)


def _loader(settings: WebSettings, probe: Probe | None, linked: Linked | None) -> Callable[[], Callable[..., Any]]:
    """Open the archive in the worker process itself: connections and threads do not survive a fork.

    One that died in the middle of a store request left files in the spool, so each start looks after them.
    """

    def load() -> Callable[..., Any]:
        from pacs.web.app import create_app  # noqa: PLC0415 - see above

        lifeline.watch_parent()
        assert isinstance(settings, StorageSettings)
        archive = Archive.open(settings)
        try:
            reconcile(archive)
        except StoreUnavailable as error:  # the web still tells browsers so
            log.warning("the spool was not reconciled", reason=str(error))
        app = create_app(archive, settings, probe, linked(archive) if linked is not None else None)
        set_apart()
        return app

    return load
