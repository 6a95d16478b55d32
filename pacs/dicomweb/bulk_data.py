"""Retrieve bulk data: one value of an instance, whole or a range of its bytes (WADO-RS, PS3.18 §10.4.1.1.5)."""

from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb import frames, grant
from pacs.dicomweb.media_type import MediaType, acceptable, matches
from pacs.dicomweb.multipart import closing, content_type, new_boundary, part_head
from pacs.dicomweb.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, NATIVE, OCTET_STREAM
from pacs.web.byte_range import Span, asked_span, no_such_range
from pacs.web.resource import ROOT
from pacs.web.service import Service, service
from pacs.web.streaming import RETRIEVE, streamed
from storage.access.principal import Action
from storage.archive.bulk_data import BulkValue, bulk_value
from storage.errors import NotAcceptable

BLOCK = 1024 * 1024
PIXEL_DATA = "7FE00010"

router = APIRouter(prefix=ROOT)


@router.api_route("/studies/{study}/series/{series}/instances/{instance}/bulkdata/{path:path}", methods=RETRIEVE)
async def retrieve_bulk_data(request: Request, study: str, series: str, instance: str, path: str) -> Response:
    """Give one value; compressed pixel data comes as its frames, one part each."""
    svc = service(request)
    accepted = acceptable(request.headers.get("accept", ""), request.query_params.get("accept"))
    value = await svc.work.run(_find, request, svc, (study, series, instance), path.upper())
    if value is None:
        return await frames.respond(request, (study, series, instance), None)
    multipart = _is_multipart(accepted)
    span = asked_span(request, value.size)
    if span is None:
        return no_such_range(request, value.size)
    return _answer(request, svc, value, span, multipart=multipart)


def _answer(request: Request, svc: Service, value: BulkValue, span: Span, *, multipart: bool) -> Response:
    headers = {"Cache-Control": frames.CACHE, "Accept-Ranges": "bytes", "Vary": "Accept"}
    status = 206 if span.partial else 200
    kind = f"{OCTET_STREAM}; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}"
    before = after = b""
    if multipart:
        boundary = new_boundary()
        fields = {"Content-Range": span.content_range} if span.partial else {}
        before, after = part_head(boundary, kind, first=True, fields=fields), closing(boundary)
        kind = content_type(OCTET_STREAM, boundary)
    elif span.partial:
        headers["Content-Range"] = span.content_range
    headers["Content-Length"] = str(len(before) + span.end - span.start + len(after))
    headers["Content-Type"] = kind
    return streamed(request, svc, _blocks(value, span, after), headers, first=before, status=status)


def _blocks(value: BulkValue, span: Span, after: bytes) -> Iterator[bytes]:
    for offset in range(span.start, span.end, BLOCK):
        yield value.read(offset, min(BLOCK, span.end - offset))
    if after:
        yield after


def _find(request: Request, svc: Service, resource: tuple[str, str, str], path: str) -> BulkValue | None:
    """Authorise and find the value; ``None``: it is compressed pixel data."""
    row = grant.instances(request, svc, Action.VIEW, *resource)[0]
    if path == PIXEL_DATA and row.number_of_frames > 0 and row.transfer_syntax_uid not in NATIVE:
        return None
    return bulk_value(svc.archive, row, path)


def _is_multipart(accepted: Sequence[MediaType]) -> bool:
    for range_ in accepted:
        plain = range_.transfer_syntax in ("", "*", EXPLICIT_VR_LITTLE_ENDIAN)
        if plain and matches(range_.content, OCTET_STREAM):
            return range_.multipart or range_.name == "*/*"
    raise NotAcceptable(f'This is available as {OCTET_STREAM} or multipart/related; type="{OCTET_STREAM}".')
