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
