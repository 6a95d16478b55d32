"""Request bodies that are read whole: bounded, or refused (RFC 9110 §15.5.14)."""

from typing import Any

import orjson
from fastapi import Request

from pacs.web.errors import UnsupportedMediaType
from storage.errors import InvalidRequest, TooLarge


async def read_json_object(request: Request, limit: int = 16 * 1024) -> dict[str, Any]:
    """Read a JSON object of at most ``limit`` bytes.

    Raises:
        UnsupportedMediaType: the body is not declared as JSON.
        TooLarge: it is longer.
        InvalidRequest: it is not a JSON object.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > limit:
            raise TooLarge(f"The body is over {limit} bytes.")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidRequest("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise InvalidRequest("The body is not a JSON object.")
    return found


def text_of(found: dict[str, Any], name: str, longest: int) -> str:
    """The text under a name.

    Raises:
        InvalidRequest: missing, not text, or too long.
    """
    value = found.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidRequest(f"The body needs a text {name!r} of at most {longest} characters.")
    return value
