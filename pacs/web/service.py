"""What the handlers of one web process share: archive, settings, threads, journal."""

from dataclasses import dataclass, field

from fastapi import Request

from pacs.web.journal import Journal
from pacs.web.recent import Recent
from pacs.web.settings import WebSettings
from pacs.web.work import Work
from storage.archive import Archive
from storage.archive.retrieve import InstanceRow


@dataclass(frozen=True)
class Service:
    """One per application; handlers get it with :func:`service`."""

    archive: Archive
    settings: WebSettings
    work: Work
    journal: Journal
    # Of single instances: a viewer asks for frame after frame of the same ones.
    instances: Recent[InstanceRow] = field(default_factory=lambda: Recent(most=4096, seconds=10))


def service(request: Request) -> Service:
    """The service of the application that answers this request."""
    found: Service = request.app.state.service
    return found
