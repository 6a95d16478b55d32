"""Pages of lists that administrators look at: their parameters, and an answer that nobody keeps."""

import re

from starlette.responses import Response

from storage.errors import InvalidQuery, NotFound


def whole(query: dict[str, str], name: str, default: int, most: int) -> int:
    """A whole number among the query parameters.

    Raises:
        InvalidQuery: it is not one, or over ``most``.
    """
    value = query.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,10}", value) or int(value) > most:
        raise InvalidQuery(f"{name} must be a whole number up to {most}.")
    return int(value)


def number(text: str) -> int:
    """The number of a row, as a path names it.

    Raises:
        NotFound: it is none, so there is no such row.
    """
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise NotFound("There is nothing at this address.")
    return int(text)


def answer(body: bytes) -> Response:
    """JSON with patient data in it: no cache keeps it."""
    return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-store"})
