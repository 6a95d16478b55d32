"""One process of a node: web, DICOM or worker.

``python -m pacs.process KIND`` runs it with the settings of the environment. The tree of ``pacs up`` starts its
children this way, which leaves out what only the command line needs.
"""

import signal
import sys
import threading
from enum import StrEnum
from types import FrameType
from typing import TYPE_CHECKING

from pacs import lifeline
from pacs.bootstrap import configure_logging, load_settings, open_archive, recover
from pacs.garbage import set_apart
from pacs.presence import Presence, living
from pacs.settings import Settings

if TYPE_CHECKING:
    from pacs.web.service import Probed, ProbeKind
    from storage.access.ae import ApplicationEntity
    from storage.archive import Archive
    from storage.archive.peer import Peer
    from storage.archive.remote import Connect, RemoteArchive


_PATIENCE_S = 10.0


class Kind(StrEnum):
    """The three kinds of process."""

    WEB = "web"
    DICOM = "dicom"
    WORKER = "worker"


def run(kind: Kind, settings: Settings) -> None:
    """Run until SIGINT or SIGTERM, or until the parent has gone.

    Raises:
        StoreUnavailable: the index or the object store cannot be reached.
    """
    configure_logging(kind.value, settings.log_level)
    lifeline.watch()
    if kind is Kind.WEB:
        from pacs.web.serve import serve as serve_web  # noqa: PLC0415 - each process loads only its own part

        serve_web(
            settings, lambda entity, kind: _probe(entity, kind, settings), lambda archive: _linked(archive, settings)
        )
        return
    stop = threading.Event()
    _stop_on_signals(stop)
    archive = open_archive(settings, migrate=True)
    presence = Presence(settings.data_dir, kind.value)
    try:
        recover(archive)
        if kind is Kind.WORKER:
            from pacs.worker import release_leases, work  # noqa: PLC0415 - as above

            set_apart()
            presence.ready()
            if sum(one.kind == Kind.WORKER for one in living(settings.data_dir)) == 1:
                release_leases(archive)
            work(archive, stop, settings)
            return
        from dicom_nodes.scp import listening, server  # noqa: PLC0415 - as above

        set_apart()
        server.serve(
            archive,
            settings,
            stop=stop,
            on_ready=lambda port: presence.ready(),
            shared=listening.inherited(),
            shared_tls=listening.inherited(listening.VARIABLE_TLS),
        )
    finally:
        presence.close()
        archive.close()


def _probe(entity: "ApplicationEntity", kind: "ProbeKind", settings: Settings) -> "Probed":
    from pacs.probe import probe  # noqa: PLC0415 - the web tries a machine seldom

    # somebody waits for it
    patience = {"association_timeout": min(settings.association_timeout, _PATIENCE_S), "dimse_timeout": _PATIENCE_S}
    return probe(entity, kind, settings.model_copy(update=patience))


def _linked(archive: "Archive", settings: Settings) -> "Connect":
    """What asks peers; the parts that speak to them are loaded when the first one is asked."""
    made: list[Connect] = []

    def connect(peer: "Peer") -> "RemoteArchive":
        if not made:
            from pacs.federation.connect import Connections  # noqa: PLC0415 - see above

            made.append(Connections(archive, settings))
        return made[0](peer)

    return connect


def _stop_on_signals(stop: threading.Event) -> None:
    def handle(signum: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


if __name__ == "__main__":
    run(Kind(sys.argv[1]), load_settings())
