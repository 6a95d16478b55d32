"""The web application: every router under one roof (its parts: DICOMweb, the viewer's own API, pages, health)."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from pacs.api import about, events, session, studies
from pacs.dicomweb import bulk_data, frames, instances, metadata, qido, rendered, stow
from pacs.web import errors, health, pages
from pacs.web.edge import Edge
from pacs.web.journal import Journal
from pacs.web.service import Service
from pacs.web.settings import WebSettings
from pacs.web.work import Work
from storage.archive import Archive


def create_app(archive: Archive, settings: WebSettings) -> FastAPI:
    """Build the application around an open archive, which stays the caller's to close."""
    journal = Journal()
    work = Work(settings.web_threads)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        feed = events.StudyFeed(archive, journal)
        app.state.study_feed = feed
        feed.start()
        orphaned = asyncio.create_task(_stop_when_orphaned(os.getppid()))
        yield
        orphaned.cancel()
        await feed.close()
        work.close()

    # Our API is described in the documentation; its explorer would need scripts from elsewhere.
    app = FastAPI(
        title="Filmless", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan
    )
    app.state.service = Service(archive, settings, work, journal)
    app.state.static_files = pages.StaticFiles(settings.viewer_dir)
    errors.install(app)
    app.add_middleware(Edge, settings=settings, journal=journal)
    for module in (frames, metadata, rendered, instances, bulk_data, qido, stow):
        app.include_router(module.router)
    for part in (session, studies, events, about, health, pages):
        app.include_router(part.router)
    return app


async def _stop_when_orphaned(parent: int) -> None:
    """End this worker process when the one that started it was killed, so that its port is free again."""
    with suppress(asyncio.CancelledError):
        while os.getppid() == parent:
            await asyncio.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
