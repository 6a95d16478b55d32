"""Worklist Service: subscriptions, and event reports over a WebSocket (PS3.18 §11.10 to §11.12, §8.10)."""

import asyncio
from collections.abc import Callable

import structlog
from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from starlette.responses import Response

from pacs.dicomweb.parameter import boolean
from pacs.dicomweb.qido import read_query
from pacs.web.authentication import principal_of
from pacs.web.headers import base_url
from pacs.web.resource import ROOT, uid
from pacs.web.service import Service, service
from storage.archive import work_item_subscription as subscriptions
from storage.dicom.attributes import Level
from storage.errors import ArchiveError, InvalidQuery, OutOfResources, StoreUnavailable, Unauthenticated

POLL_S = 0.5
# Statuses of RFC 6455 §7.4.1.
_POLICY, _GOING_AWAY = 1008, 1001
_SUBSCRIBER = "/workitems/{workitem}/subscribers/{aetitle}"
_log = structlog.get_logger("pacs.dicomweb.work_item_events")

router = APIRouter(prefix=ROOT)


@router.post(_SUBSCRIBER)
async def subscribe(request: Request, workitem: str, aetitle: str) -> Response:
    """Subscribe to a work item, to the worklist, or to a filtered worklist."""
    svc = service(request)
    target, keys, lock = uid(workitem), _filter(request), False
    if "deletionlock" in request.query_params:
        lock = boolean("deletionlock", request.query_params["deletionlock"])

    def act() -> None:
        principal = principal_of(request, svc.archive, svc.settings)
        subscriptions.subscribe(svc.archive, target, aetitle, principal, keys=keys, deletion_lock=lock)

    base = base_url(request, svc.settings)
    await svc.work.run(act)
    where = f"{base.replace('http', 'ws', 1)}{ROOT}/ws/subscribers/{aetitle}"
    return Response(status_code=201, headers={"Content-Location": where, "Cache-Control": "no-store"})


@router.delete(_SUBSCRIBER)
async def unsubscribe(request: Request, workitem: str, aetitle: str) -> Response:
    """End a subscription."""
    svc = service(request)
    target = uid(workitem)

    def act() -> None:
        principal = principal_of(request, svc.archive, svc.settings)
        subscriptions.unsubscribe(svc.archive, target, aetitle, principal)

    await svc.work.run(act)
    return Response(status_code=200, headers={"Cache-Control": "no-store"})


@router.post(_SUBSCRIBER + "/suspend")
async def suspend(request: Request, workitem: str, aetitle: str) -> Response:
    """Hear no more of new work items."""
    svc = service(request)
    target = uid(workitem)

    def act() -> None:
        principal = principal_of(request, svc.archive, svc.settings)
        subscriptions.suspend(svc.archive, target, aetitle, principal)

    await svc.work.run(act)
    return Response(status_code=200, headers={"Cache-Control": "no-store"})


@router.websocket("/ws/subscribers/{aetitle}")
async def events(socket: WebSocket, aetitle: str) -> None:
    """Send a subscriber's event reports, those that waited first, until it goes away."""
    svc: Service = socket.app.state.service
    # As an unsafe request: a cookie is taken from our own pages alone.
    request = Request({**socket.scope, "type": "http", "method": "POST"})

    def take(most: int = 100) -> tuple[list[int], list[str]]:
        # Asked each time, so that a connection ends with the token it was opened with.
        principal = principal_of(request, svc.archive, svc.settings)
        return subscriptions.take(svc.archive, subscriptions.subscriber_of(principal, aetitle), most)

    try:
        await svc.work.run(take, 1)
    except ArchiveError:
        await socket.close(_POLICY)
        return
    await socket.accept()
    sending = asyncio.create_task(_send(socket, svc, take))
    stopping: asyncio.Event = socket.app.state.stopping
    ending = asyncio.create_task(stopping.wait())
    listening = asyncio.create_task(_listen(socket))
    try:
        await asyncio.wait({sending, listening, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            await socket.close(_GOING_AWAY)
    finally:
        for task in (sending, listening, ending):
            task.cancel()


async def _send(socket: WebSocket, svc: Service, take: Callable[[], tuple[list[int], list[str]]]) -> None:
    """Send what waits; a report counts as delivered once it has been handed to the connection."""
    while True:
        try:
            numbers, reports = await svc.work.run(take)
            for report in reports:
                await socket.send_text(report)
            if numbers:
                await svc.work.run(subscriptions.delivered, svc.archive, numbers)
                continue
        except Unauthenticated:
            return
        except (StoreUnavailable, OutOfResources) as error:
            _log.warning("event reports wait", reason=str(error))
        await asyncio.sleep(POLL_S)


async def _listen(socket: WebSocket) -> None:
    """Wait until the subscriber has gone; what it says is not for us."""
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, RuntimeError, KeyError):
        return


def _filter(request: Request) -> dict[str, str]:
    """The keys of the filter: ``filter=attribute=value,attribute=value`` (PS3.18 §11.10.1.2)."""
    pairs: list[tuple[str, str]] = []
    for name, value in request.query_params.multi_items():
        if name == "filter":
            for part in value.split(","):
                key, equals, text = part.partition("=")
                if equals:
                    pairs.append((key.strip(), text))
                elif pairs:  # a comma within a value
                    pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]},{part}")
                else:
                    raise InvalidQuery("The filter is a list of attribute=value.")
        elif name not in ("deletionlock", "accept", "charset"):
            raise InvalidQuery("A subscription takes the parameters deletionlock and filter alone.")
    return dict(read_query(pairs, Level.STUDY, {}, 1).keys)
