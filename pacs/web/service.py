"""What the handlers of one web process share: archive, settings, threads, journal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fastapi import Request

from pacs.web.journal import Journal
from pacs.web.settings import WebSettings
from pacs.web.work import Work
from storage.access.ae import ApplicationEntity
from storage.archive import Archive
from storage.archive.network_search import Network

ProbeKind = Literal["echo", "find", "store"]


@dataclass(frozen=True)
class Probed:
    """What came of trying a machine: ``well``, or a word for what went wrong, and the same in a sentence."""

    outcome: str
    seconds: float
    message: str


Probe = Callable[[ApplicationEntity, ProbeKind], Probed]


@dataclass(frozen=True)
class Service:
    """One per application; handlers get it with :func:`service`.

    ``probe`` tries a machine of the DICOM network, of which the web itself knows nothing; ``None`` where nobody can.
    ``network`` asks the peers.
    """

    archive: Archive
    settings: WebSettings
    work: Work
    journal: Journal
    probe: Probe | None = None
    network: Network | None = None


def service(request: Request) -> Service:
    """The service of the application that answers this request."""
    found: Service = request.app.state.service
    return found
