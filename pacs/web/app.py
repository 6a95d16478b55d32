"""The web application: every router under one roof (its parts: DICOMweb, the viewer's own API, pages, health)."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from pacs.api import (
    about,
    attributes,
    deliveries,
    discrepancies,
    events,
    exports,
    facilities,
    federation,
    grants,
    imports,
    machines,
    network,
    network_studies,
    orders,
    peers,
    preferences,
    quarantine,
    receipt,
    routes,
    saved,
    session,
    sites,
    status,
    studies,
    tray,
)
from pacs.api.watch import Watch
from pacs.dicomweb import (
    bulk_data,
    capabilities,
    commitment,
    deletion,
    frames,
    instances,
    metadata,
    modality_steps,
    network_qido,
    qido,
    rendered,
    stow,
    wado_uri,
    work_item_events,
    work_items,
)
from pacs.dicomweb.shortcut import Shortcut
from pacs.presence import Presence
from pacs.web import errors, health, pages, reference
from pacs.web.edge import Edge
from pacs.web.journal import Journal
from pacs.web.service import Probe, Service
from pacs.web.settings import WebSettings
from pacs.web.work import Work
from storage.archive import Archive
from storage.archive.network_search import Network
from storage.archive.remote import Connect

log = structlog.get_logger(__name__)


def create_app(
    archive: Archive, settings: WebSettings, probe: Probe | None = None, connect: Connect | None = None
) -> FastAPI:
    """Build the application around an open archive, which stays the caller's to close."""
    journal = Journal()
    work = Work(settings.web_threads)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        feed = events.StudyFeed(archive, journal)
        app.state.study_feed = feed
        feed.start()
        app.state.watch = watch = Watch(archive)
        watch.start()
        app.state.stopping = stopping = asyncio.Event()
        _when_stopping(feed.end_streams, stopping.set)
        with Presence(archive.settings.data_dir, "web") as presence:
            presence.ready()
            yield
        watch.close()
        await feed.close()
        work.close()
        log.info("web process stopped")

    # What is described is told by the reference module; FastAPI's explorer would need scripts from elsewhere.
    app = FastAPI(
        title="Filmless", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan
    )
    linked = Network(archive, connect) if connect is not None else None
    app.state.service = Service(archive, settings, work, journal, probe, linked)
    app.state.static_files = pages.StaticFiles(settings.viewer_dir)
    errors.install(app)
    app.add_middleware(Shortcut)
    app.add_middleware(Edge, settings=settings, journal=journal)
    services = (
        frames,
        metadata,
        rendered,
        wado_uri,
        instances,
        bulk_data,
        qido,
        stow,
        commitment,
        work_items,
        work_item_events,
        modality_steps,
        deletion,
        capabilities,
    )
    for module in services:
        if module is not capabilities:
            app.include_router(module.router)
    app.include_router(network_qido.router)
    app.router.routes.extend(capabilities.router.routes)  # as they are: they match one method alone
    app.state.dicom_web_routes = [route for module in services for route in module.router.routes]
    own = (
        session,
        studies,
        saved,
        exports,
        facilities,
        tray,
        orders,
        receipt,
        preferences,
        events,
        status,
        quarantine,
        discrepancies,
        attributes,
        routes,
        machines,
        peers,
        network_studies,
        network,
        deliveries,
        imports,
        federation,
        sites,
        grants,
        about,
        reference,
    )
    for part in (*own, health, pages):
        app.include_router(part.router)
    app.router.default = pages.unknown_address(app.router.default)
    return app


def _when_stopping(*acts: Callable[[], None]) -> None:
    """Act as soon as this process is asked to stop: the server itself waits until every answer has ended.

    asyncio hears of signals through its wake-up descriptor, whatever their handler is, so the server hears them too.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: [loop.call_soon_threadsafe(act) for act in acts])
