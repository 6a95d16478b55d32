"""Acceptable media types, of the Accept header or query parameter (PS3.18 §8.7.5, RFC 9110 §12.5.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from storage.errors import InvalidRequest

MAXIMUM_LENGTH = 8192
_MAXIMUM_RANGES = 64
_ITEM = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^";,]*))')


@dataclass(frozen=True)
class MediaType:
    """One media type or range; type and parameter names in lower case, quotes removed."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    quality: float = 1.0

    @property
    def multipart(self) -> bool:
        """Whether a message of parts is meant."""
        return self.name == "multipart/related"

    @property
    def content(self) -> str:
        """Media type of the content itself: of the parts of a multipart, else its own; ``*/*`` when any will do."""
        if self.multipart:
            return self.parameters.get("type", "*/*").lower()
        return self.name

    @property
    def transfer_syntax(self) -> str:
        """The transfer-syntax parameter: a UID, ``*``, or empty for the default of the media type."""
        return self.parameters.get("transfer-syntax", "")


def parse(value: str) -> list[MediaType]:
    """Read a list of media types with parameters, best quality first, ties in the order given; quality 0 is left out.

    Quoted parameter values may hold commas; ``type=application/dicom`` without quotes, as many send it, is read.

    Raises:
        InvalidRequest: the header is over 8 KiB, holds over 64 types, or is not a list of media types.
    """
    if len(value) > MAXIMUM_LENGTH:
        raise InvalidRequest("The list of acceptable media types is too long.")
    found = [_media_type(parts) for parts in _split(value) if parts and parts[0]]
    if len(found) > _MAXIMUM_RANGES:
        raise InvalidRequest("The list of acceptable media types is too long.")
    return sorted((one for one in found if one.quality > 0), key=lambda one: -one.quality)


def parse_one(value: str) -> MediaType:
    """Read the media type of a body (Content-Type).

    Raises:
        InvalidRequest: nothing, or not one media type.
    """
    items = [parts for parts in _split(value[: MAXIMUM_LENGTH + 1]) if parts and parts[0]]
    if len(items) != 1 or len(value) > MAXIMUM_LENGTH:
        raise InvalidRequest("Content-Type does not name one media type.")
    return _media_type(items[0])


def acceptable(header: str, query: str | None = None) -> list[MediaType]:
    """What the client accepts: the query parameter replaces the header (PS3.18 §8.3.3.1); nothing is ``*/*``."""
    # In an address a "+" decodes to a blank, so dicom+json arrives as "dicom json".
    chosen = query.strip().replace("dicom json", "dicom+json").replace("dicom xml", "dicom+xml") if query else header
    return list(_parsed(chosen)) or [MediaType("*/*")]


@lru_cache(256)
def _parsed(value: str) -> tuple[MediaType, ...]:
    """A client says the same with every request."""
    return tuple(parse(value))


def matches(pattern: str, name: str) -> bool:
    """Whether a range such as ``image/*`` covers a media type."""
    return pattern in ("*/*", "*", name) or (pattern.endswith("/*") and name.startswith(pattern[:-1]))


def _split(value: str) -> list[list[str]]:
    """Split at commas and semicolons outside quotes: one list of parts for each media type."""
    items: list[list[str]] = [[]]
    part: list[str] = []
    quoted = escaped = False
    for character in value:
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in ",;":
            items[-1].append("".join(part).strip())
            part = []
            if character == ",":
                items.append([])
            continue
        part.append(character)
    if quoted:
        raise InvalidRequest("A quoted parameter of a media type has no end.")
    items[-1].append("".join(part).strip())
    return items


def _media_type(parts: list[str]) -> MediaType:
    name = parts[0].lower()
    if name == "*":
        name = "*/*"
    if name.count("/") != 1 or any(c.isspace() for c in name):
        raise InvalidRequest("The list of acceptable media types cannot be understood.")
    parameters: dict[str, str] = {}
    for part in parts[1:]:
        key, _, text = part.partition("=")
        if key.strip():
            parameters.setdefault(key.strip().lower(), _unquoted(text.strip()))
    return MediaType(name, parameters, _quality(parameters.pop("q", "1")))


def _unquoted(text: str) -> str:
    match = _ITEM.match(text)
    if match is None:
        return ""
    quoted = match.group("quoted")
    return re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else (match.group("plain") or "").strip()


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
