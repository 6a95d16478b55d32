"""Numbers in query parameters: viewport, window, quality, limit, offset (PS3.18 §8.3.5, §8.3.4)."""

import math
import re

from storage.errors import InvalidQuery

_WHOLE = re.compile(r"[0-9]{1,9}")


def whole(name: str, text: str, *, least: int, most: int) -> int:
    """Read a whole number within bounds.

    Raises:
        InvalidQuery: it is none.
    """
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise InvalidQuery(f"{name} must be a whole number from {least} to {most}.")
    return int(text)


def real(name: str, text: str) -> float:
    """Read a finite number.

    Raises:
        InvalidQuery: it is none.
    """
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if len(text) > 32 or not math.isfinite(found) or abs(found) > 1e12:
        raise InvalidQuery(f"{name} must be a number.")
    return found


def boolean(name: str, text: str) -> bool:
    """Read ``true`` or ``false``.

    Raises:
        InvalidQuery: neither.
    """
    if text not in ("true", "false"):
        raise InvalidQuery(f"{name} must be true or false.")
    return text == "true"


def viewport(text: str, most: int = 8192) -> tuple[int, int]:
    """Read width and height in pixels; the source region that may follow is not supported.

    Raises:
        InvalidQuery: malformed, too large, or with a source region.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 2 and any(parts[2:]):
        raise InvalidQuery("viewport with a source region is not supported; give width,height.")
    if len(parts) < 2:
        raise InvalidQuery("viewport must be width,height.")
    return whole("viewport width", parts[0], least=1, most=most), whole("viewport height", parts[1], least=1, most=most)
