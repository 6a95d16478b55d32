"""Single frames that are at hand, answered without router, threads and index (WADO-RS, PS3.18 §10.4.1.1.6).

Whoever scrolls asks for hundreds of frames a second. Each request is authenticated, permitted and noted by the same
functions as any other; only what would have to wait for a disk, a database or a codec goes the long way, and so does
every refusal.
"""

import re
from dataclasses import dataclass

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from pacs.dicomweb import frames, negotiation
from pacs.dicomweb.media_type import acceptable
from pacs.dicomweb.multipart import closing, content_type, new_boundary
from pacs.web.authentication import known_principal
from pacs.web.resource import ROOT
from pacs.web.service import Service
from storage.access.principal import Action
from storage.archive import known, read_ahead, retrieve
from storage.archive.retrieve import InstanceRow
from storage.archive.view import allowed_and_noted
from storage.errors import ArchiveError

_PATH = re.compile(
    rf"{ROOT}/studies/([0-9.]{{1,64}})/series/([0-9.]{{1,64}})/instances/([0-9.]{{1,64}})/frames/([1-9][0-9]{{0,5}})"
)
_ODD_FIELDS = frozenset({b"if-none-match", b"range", b"if-range", b"if-match", b"if-modified-since"})


@dataclass(frozen=True)
class _Route:
    """What the journal knows a request by."""

    path: str = ROOT + "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}"


_ROUTE = _Route()
_Fields = list[tuple[bytes, bytes]]


class Shortcut:
    """ASGI middleware between the edge of the application and its router."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, or let the router do it."""
        answer = _answer(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if answer is None:
            await self._app(scope, receive, send)
            return
        fields, body = answer
        scope["route"] = _ROUTE
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": body})


def _answer(scope: Scope) -> tuple[_Fields, bytearray] | None:
    match = _PATH.fullmatch(scope["path"])
    if match is None or scope["query_string"] or any(name in _ODD_FIELDS for name, _ in scope["headers"]):
        return None
    svc: Service = scope["app"].state.service
    study, series, instance, number = *match.groups()[:3], int(match.group(4))
    row = known.held_instance(svc.archive, study, series, instance)
    if row is None or number > row.number_of_frames or not read_ahead.is_ready(svc.archive, row, number):
        return None
    try:
        answer = _frame(Request(scope), svc, row, number)
    except ArchiveError:  # the long way finds the same and says so
        return None
    ahead = read_ahead.behind(svc.archive, row, number) if answer else None
    if ahead is not None:
        svc.work.later(lambda: read_ahead.fetch(svc.archive, ahead))
    return answer


def _frame(request: Request, svc: Service, row: InstanceRow, number: int) -> tuple[_Fields, bytearray] | None:
    principal = known_principal(request, svc.archive, svc.settings)
    study = row.study_instance_uid
    if principal is None or not allowed_and_noted(svc.archive, principal, Action.VIEW, row.facility_id, study):
        return None
    accepted = acceptable(request.headers.get("accept", ""))
    form = negotiation.frames(accepted, row.transfer_syntax_uid, single=True, made=frames.MADE)
    if not form.as_stored:
        return None
    found = frames.Frames(row, (number,), form)
    boundary = new_boundary() if form.multipart else ""
    before = frames.head(found, boundary, 0) if form.multipart else b""
    after = closing(boundary) if form.multipart else b""
    body = retrieve.frame_at_once(svc.archive, row, number, before, after)
    if body is None:
        return None
    kind = content_type(form.media_type, boundary) if form.multipart else form.content_type
    return _fields(found, kind, len(body)), body


def _fields(found: frames.Frames, kind: str, length: int) -> _Fields:
    return [
        (b"content-type", kind.encode("latin-1")),
        (b"content-length", str(length).encode("ascii")),
        (b"cache-control", frames.CACHE.encode("ascii")),
        (b"vary", b"Accept"),
        (b"etag", found.etag.encode("ascii")),
    ]
