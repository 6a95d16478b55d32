"""Answers that go out piece by piece; whoever asks with HEAD gets the header fields alone (RFC 9110 §9.3.2)."""

from collections.abc import AsyncIterator, Iterator, Mapping

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from pacs.web.service import Service

RETRIEVE = ["GET", "HEAD"]


def streamed(
    request: Request,
    svc: Service,
    blocks: Iterator[bytes],
    headers: Mapping[str, str],
    *,
    first: bytes = b"",
    status: int = 200,
    pixels: bool = False,
) -> Response:
    """Answer with ``first`` and what a blocking iterator gives, each step in a thread; of HEAD with neither."""
    if request.method == "HEAD":
        close = getattr(blocks, "close", None)
        if close is not None:
            svc.work.later(close)
        return header_only(headers, status)
    return StreamingResponse(_stream(svc, first, blocks, pixels=pixels), status, headers=headers)


def header_only(headers: Mapping[str, str], status: int = 200) -> Response:
    """The answer to HEAD where the length of what GET would give is not known beforehand."""
    answer = Response(status_code=status, headers=headers)
    if "content-length" not in {name.lower() for name in headers}:
        del answer.headers["content-length"]
    return answer


async def _stream(svc: Service, first: bytes, blocks: Iterator[bytes], *, pixels: bool) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for block in svc.work.iterate(blocks, pixels=pixels):
        yield block
