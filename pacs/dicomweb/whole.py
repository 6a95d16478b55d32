"""Rendered resources that are no pictures of ours: the PDF or film of an instance, as it is (PS3.18 §8.7.3)."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from fastapi import Request
from starlette.responses import Response

from pacs.dicomweb.media_type import MediaType, matches
from pacs.web.byte_range import asked_span, no_such_range
from pacs.web.headers import FRAMED, etag_matches
from pacs.web.service import Service
from pacs.web.streaming import streamed
from storage.archive import embedded
from storage.archive.bulk_data import BulkValue
from storage.archive.retrieve import InstanceRow
from storage.errors import NotAcceptable

_CACHE = "private, max-age=31536000, immutable"
_BLOCK = 1024 * 1024


async def respond(request: Request, svc: Service, row: InstanceRow, accepted: Sequence[MediaType]) -> Response:
    """Answer with the PDF or film of an instance that has been granted, whole or a range of its bytes.

    Raises:
        NotAcceptable: another type is asked for, or what is inside cannot be given so.
    """
    media_type = embedded.kind(row)
    if media_type is None or not any(matches(one.name, media_type) for one in accepted):
        raise NotAcceptable(f"This is available as {media_type}.")
    etag = f'"{row.dataset_sha256[:20]}-whole"'
    headers = {"Cache-Control": _CACHE, "Vary": "Accept", "ETag": etag, "Content-Type": media_type}
    if media_type == embedded.PDF:
        headers |= {"Content-Disposition": "inline", **FRAMED}
    if etag_matches(request, etag):
        return Response(status_code=304, headers=headers)
    found = await svc.work.run(embedded.embedded, svc.archive, row)
    if found.value is None:
        assert found.file is not None
        return streamed(request, svc, _file(found.file), headers)
    return _bytes(request, svc, found.value, headers)


def _bytes(request: Request, svc: Service, value: BulkValue, headers: dict[str, str]) -> Response:
    span = asked_span(request, value.size, headers["ETag"])
    if span is None:
        return no_such_range(request, value.size)
    headers |= {"Accept-Ranges": "bytes", "Content-Length": str(span.end - span.start)}
    if span.partial:
        headers["Content-Range"] = span.content_range

    def blocks() -> Iterator[bytes]:
        for offset in range(span.start, span.end, _BLOCK):
            yield value.read(offset, min(_BLOCK, span.end - offset))

    return streamed(request, svc, blocks(), headers, status=206 if span.partial else 200)


def _file(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
