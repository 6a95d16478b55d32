"""The attributes of a normalized operation as its peer sent them, read leniently (PS3.7 §10.1, PS3.5 §7)."""

from collections.abc import Iterator

import numpy as np

from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code, Refused
from storage.dicom import charset, header, vr
from storage.errors import InvalidInstance, TooLarge


class AttributeList:
    """One data set or item; texts are without padding."""

    def __init__(self, source: header.Header, elements: header.Elements, codecs: tuple[str, ...]) -> None:
        self._source = source
        self._elements = elements
        self._codecs = source.charsets(elements, codecs)

    @classmethod
    def of(cls, request: Request) -> "AttributeList":
        """The attributes of a request; none if it has none.

        Raises:
            Refused: they cannot be read.
        """
        try:
            source = header.parse(request.attributes, request.transfer_syntax)
        except (InvalidInstance, TooLarge):
            raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "The attribute list cannot be read.") from None
        return cls(source, source.elements, ())

    def __contains__(self, tag: int) -> bool:
        return tag in self._elements

    def text(self, tag: int, default: str = "") -> str:
        """The text of an attribute; the default where it is absent or empty."""
        element = self._elements.get(tag)
        if element is None or element.items is not None or not element.length:
            return default
        if element.vr in vr.NUMBERS or element.vr == "US or SS":
            return "\\".join(map(str, self.numbers(tag)))
        codecs = self._codecs if element.vr in (*vr.LOCALISED, "UN") else ()
        return charset.decode(self._source.value(element), codecs).replace("\0", "").strip() or default

    def code(self, tag: int, default: str = "") -> str:
        """A Code String in upper case."""
        return self.text(tag, default).upper()

    def numbers(self, tag: int) -> list[int]:
        """The whole numbers of an attribute, binary or as text.

        Raises:
            Refused: they are something else.
        """
        element = self._elements.get(tag)
        if element is None or not element.length or element.items is not None:
            return []
        value = self._source.value(element)
        code = vr.NUMBERS.get("US" if element.vr in ("US or SS", "OW") else element.vr)
        if code in ("H", "h", "I", "i"):
            kind = np.dtype(f"{'<' if element.little_endian else '>'}{code}")
            return [int(one) for one in np.frombuffer(value[: len(value) // kind.itemsize * kind.itemsize], kind)]
        try:
            return [int(float(part)) for part in value.decode("ascii").replace("\0", "").split("\\") if part.strip()]
        except (ValueError, OverflowError):
            raise Refused(Code.INVALID_ATTRIBUTE_VALUE, f"{_name(tag)} is not a number.") from None

    def number(self, tag: int, default: int = 0) -> int:
        """The first whole number of an attribute.

        Raises:
            Refused: it is something else.
        """
        return next(iter(self.numbers(tag)), default)

    def decimal(self, tag: int) -> float:
        """A Decimal String; 0 where it is absent or empty.

        Raises:
            Refused: it is no number above 0.
        """
        text = self.text(tag)
        if not text:
            return 0.0
        try:
            found = float(text.split("\\", maxsplit=1)[0])
        except ValueError:
            found = -1.0
        if not 0 < found < 10_000:
            raise Refused(Code.INVALID_ATTRIBUTE_VALUE, f"{_name(tag)} is no length.")
        return found

    def items(self, tag: int) -> "Iterator[AttributeList]":
        """The items of a sequence."""
        element = self._elements.get(tag)
        for item in (element.items if element is not None else None) or ():
            yield AttributeList(self._source, item, self._codecs)

    def item(self, tag: int) -> "AttributeList | None":
        """The first item of a sequence."""
        return next(self.items(tag), None)

    def words(self, tag: int) -> memoryview | bytes:
        """The bytes of OB or OW, little endian; empty where it is absent or compressed."""
        element = self._elements.get(tag)
        if element is None or element.fragments is not None:
            return b""
        if element.content is not None:
            value: memoryview | bytes = element.content
        else:
            value = memoryview(self._source.data)[element.offset : element.offset + element.length]
        if element.little_endian or element.vr == "OB" or len(value) % 2:
            return value
        return np.frombuffer(value, ">u2").astype("<u2").tobytes()


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
