"""What the handlers of one web process share: archive, settings, threads, journal."""

from dataclasses import dataclass

from fastapi import Request

from pacs.web.journal import Journal
from pacs.web.settings import WebSettings
from pacs.web.work import Work
from storage.archive import Archive


@dataclass(frozen=True)
class Service:
    """One per application; handlers get it with :func:`service`."""

    archive: Archive
    settings: WebSettings
    work: Work
    journal: Journal


def service(request: Request) -> Service:
    """The service of the application that answers this request."""
    found: Service = request.app.state.service
    return found
