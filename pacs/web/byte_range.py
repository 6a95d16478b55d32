"""A part of an answer, by the positions of its first and last byte (RFC 9110 §14)."""

import re
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from pacs.web.errors import problem, request_id

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True)
class Span:
    """Which bytes of a value are sent: from ``start`` up to but without ``end``."""

    start: int
    end: int
    whole: int

    @property
    def partial(self) -> bool:
        """Whether something is left out."""
        return self.end - self.start < self.whole

    @property
    def content_range(self) -> str:
        """The field that says which bytes they are."""
        return f"bytes {self.start}-{self.end - 1}/{self.whole}"


def asked_span(request: Request, size: int, etag: str = "") -> Span | None:
    """What the Range field asks for; several ranges or nonsense mean the whole, ``None`` none at all.

    ``etag``: with an If-Range field that names another one, the whole is sent (§13.1.5).
    """
    condition = request.headers.get("if-range")
    match = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if match is None or match.group(1) == match.group(2) == "" or (condition is not None and condition != etag):
        return Span(0, size, size)
    first, last = match.groups()
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    return Span(start, end, size) if start < end else None


def no_such_range(request: Request, size: int) -> Response:
    """The answer to a range that lies behind the end."""
    headers = {"Content-Range": f"bytes */{size}"}
    return problem(416, "No such range", f"There are {size} bytes.", request_id(request), headers)
