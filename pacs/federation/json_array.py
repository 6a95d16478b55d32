"""The elements of a JSON array as they come, without the whole of it in memory (RFC 8259 §5)."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

_STRUCTURE = re.compile(rb'["\\\[\]{}]')


class Unreadable(Exception):
    """What came is no array of objects, or one of them is too long."""


def objects(blocks: Iterable[bytes], longest: int) -> Iterator[dict[str, Any]]:
    """Each object of the array, as soon as its last byte is there; nothing came is an empty array.

    Raises:
        Unreadable: another shape, an object of more than ``longest`` bytes, or an end before the end.
    """
    scanner = _Scanner(longest)
    for block in blocks:
        for text in scanner.feed(block):
            yield _object(text)
    scanner.finish()


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Unreadable("an element is no JSON") from None
    if not isinstance(found, dict):
        raise Unreadable("an element is no object")
    return found


class _Scanner:
    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._held = bytearray()  # the element that has begun
        self._depth = 0  # 0: before the array, 1: in it, more: in an element
        self._in_text = False
        self._escaped = False
        self._ended = False
        self._began = False

    def feed(self, block: bytes) -> Iterator[bytes]:
        """The elements that end in this block."""
        at = 0
        while at < len(block):
            if self._depth < 2:
                at = self._between(block, at)
                continue
            end = self._through(block, at)
            self._held += block[at:end]
            at = end
            if len(self._held) > self._longest:
                raise Unreadable("an element is too long")
            if self._depth == 1:
                yield bytes(self._held)
                self._held.clear()

    def finish(self) -> None:
        """Nothing more comes."""
        if self._began and not self._ended:
            raise Unreadable("the answer was cut off")

    def _between(self, block: bytes, at: int) -> int:
        """Look at one byte that is in no element."""
        byte = block[at : at + 1]
        if byte in (b" ", b"\t", b"\r", b"\n"):
            return at + 1
        if self._ended:
            raise Unreadable("something follows the array")
        if self._depth == 0:
            if byte != b"[":
                raise Unreadable("it is no array")
            self._began, self._depth = True, 1
        elif byte == b"{":
            self._depth = 2
            self._held += byte
        elif byte == b"]":
            self._depth, self._ended = 0, True
        elif byte != b",":
            raise Unreadable("an element is no object")
        return at + 1

    def _through(self, block: bytes, at: int) -> int:
        """Go on in an element; where it ends, or the block does."""
        if self._escaped:
            self._escaped = False
            at += 1
        for found in _STRUCTURE.finditer(block, at):
            if found.start() < at:
                continue
            byte = found[0]
            if self._in_text:
                if byte == b"\\":
                    at = found.start() + 2
                    if at > len(block):
                        self._escaped = True
                elif byte == b'"':
                    self._in_text = False
            elif byte == b'"':
                self._in_text = True
            elif byte in (b"{", b"["):
                self._depth += 1
            elif byte in (b"}", b"]"):
                self._depth -= 1
                if self._depth == 1:
                    return found.end()
        return len(block)
