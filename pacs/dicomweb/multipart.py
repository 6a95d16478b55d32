"""Messages of many parts, written and read as a stream (multipart/related: PS3.18 §8.6.1.2, RFC 2046 §5.1).

The reader is pushed blocks of any size and never holds more than one block, one part header and a boundary.
"""

import re
import secrets
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

from storage.errors import InvalidRequest

MAXIMUM_HEADER_BYTES = 16 * 1024
_MAXIMUM_PREAMBLE_BYTES = 64 * 1024
# RFC 2046 allows a blank inside a boundary, quotes and control characters never; 70 characters, but Orthanc sends 73.
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,200}")


def new_boundary() -> str:
    """Make a boundary that no content can be expected to hold."""
    return secrets.token_hex(16)


def content_type(part_type: str, boundary: str) -> str:
    """Content-Type of a whole multipart/related message."""
    return f'multipart/related; type="{part_type}"; boundary={boundary}'


def part_head(
    boundary: str,
    part_type: str,
    location: str = "",
    *,
    first: bool = False,
    fields: Mapping[str, str] | None = None,
) -> bytes:
    """Delimiter and header fields that go before the bytes of a part."""
    lines = [f"--{boundary}", f"Content-Type: {part_type}"]
    if location:
        lines.append(f"Content-Location: {location}")
    lines += [f"{name}: {value}" for name, value in (fields or {}).items()]
    return ("" if first else "\r\n").encode() + "\r\n".join([*lines, "", ""]).encode("latin-1")


def closing(boundary: str) -> bytes:
    """The delimiter that ends a message."""
    return f"\r\n--{boundary}--\r\n".encode("ascii")


@dataclass(frozen=True)
class PartBegin:
    """A part starts; header names in lower case."""

    headers: Mapping[str, str]


@dataclass(frozen=True)
class PartData:
    """Some bytes of the current part."""

    data: bytes


@dataclass(frozen=True)
class PartEnd:
    """The current part is complete."""


Event = PartBegin | PartData | PartEnd


class MultipartReader:
    """Cut a stream of blocks into parts.

    ``feed`` yields events; ``close`` must be called at the end of the stream and raises when the closing delimiter
    never came. A message without any delimiter is refused as soon as 64 KiB of preamble have passed.
    """

    def __init__(self, boundary: str) -> None:
        """Raise InvalidRequest when the boundary is missing or malformed."""
        if not _BOUNDARY.fullmatch(boundary) or boundary.endswith(" "):
            raise InvalidRequest("The multipart boundary is missing or malformed.")
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        # A delimiter may open the message without a line break before it.
        self._buffer = bytearray(b"\r\n")
        self._state = "preamble"
        self._preamble = 0

    @property
    def finished(self) -> bool:
        """Whether the closing delimiter has been read."""
        return self._state == "epilogue"

    def feed(self, block: bytes) -> Iterator[Event]:
        """Take a block and yield what it completes.

        Raises:
            InvalidRequest: a part's header is malformed or over 16 KiB, or there is no delimiter at all.
        """
        if self._state == "epilogue":
            return
        self._buffer += block
        progress = True
        while progress:
            if self._state in ("preamble", "body"):
                progress = yield from self._until_delimiter()
            elif self._state == "delimiter":
                progress = self._after_delimiter()
            elif self._state == "header":
                begin = self._header()
                progress = begin is not None
                if begin is not None:
                    yield begin
            else:
                self._buffer.clear()
                progress = False

    def close(self) -> None:
        """Check that the message ended as it should.

        Raises:
            InvalidRequest: the closing delimiter never came.
        """
        if self._state == "preamble":
            raise InvalidRequest("The body is not a multipart message with the boundary of its Content-Type.")
        if self._state != "epilogue":
            raise InvalidRequest("The multipart message is cut off: its closing boundary never came.")

    def _until_delimiter(self) -> Generator[Event, None, bool]:
        """Pass on everything before the next delimiter; return whether one was found."""
        # Backwards is several times faster where there is none, as in most blocks of a large instance.
        at = self._buffer.find(self._delimiter) if self._buffer.rfind(self._delimiter) >= 0 else -1
        inside = self._state == "body"
        end = at if at >= 0 else max(0, len(self._buffer) - len(self._delimiter) + 1)
        if inside and end:
            yield PartData(bytes(memoryview(self._buffer)[:end]))
        if not inside:
            self._preamble += end
            if self._preamble > _MAXIMUM_PREAMBLE_BYTES:
                raise InvalidRequest("The body is not a multipart message with the boundary of its Content-Type.")
        if at < 0:
            del self._buffer[:end]
            return False
        del self._buffer[: at + len(self._delimiter)]
        if inside:
            yield PartEnd()
        self._state = "delimiter"
        return True

    def _after_delimiter(self) -> bool:
        """Read the rest of a delimiter line: "--" ends the message, blanks are padding."""
        if len(self._buffer) < 2:
            return False
        if self._buffer.startswith(b"--"):
            self._state = "epilogue"
            self._buffer.clear()
            return False
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > 256:
                raise InvalidRequest("A line of the multipart boundary has no end.")
            return False
        if self._buffer[:end].strip(b" \t"):
            raise InvalidRequest("A line of the multipart boundary holds something else.")
        # Keep the line break: a part may have no header fields, and then it is also the blank line.
        del self._buffer[:end]
        self._state = "header"
        return True

    def _header(self) -> PartBegin | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > MAXIMUM_HEADER_BYTES:
            if len(self._buffer) > MAXIMUM_HEADER_BYTES:
                raise InvalidRequest("The header of a part is too long.")
            return None
        headers: dict[str, str] = {}
        for line in bytes(self._buffer[:end]).split(b"\r\n"):
            if not line:
                continue
            name, colon, value = line.partition(b":")
            if not colon or not name.strip():
                raise InvalidRequest("The header of a part is malformed.")
            headers[name.strip().decode("latin-1").lower()] = value.strip().decode("latin-1")
        del self._buffer[: end + 4]
        self._state = "body"
        return PartBegin(headers)
