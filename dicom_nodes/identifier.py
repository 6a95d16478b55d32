"""Identifiers of C-FIND, C-MOVE and C-GET: requests read leniently, answers written strictly (PS3.4 §C.4, PS3.5 §6)."""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from storage.dicom import charset, code_extension, header, vr
from storage.dicom.recoding import ENCODINGS, ITEM, Encoding, element
from storage.errors import InvalidInstance, InvalidQuery, TooLarge

SPECIFIC_CHARACTER_SET = 0x00080005
QUERY_RETRIEVE_LEVEL = 0x00080052
RETRIEVE_AE_TITLE = 0x00080054
INSTANCE_AVAILABILITY = 0x00080056
PATIENT_ID = 0x00100020
STUDY_INSTANCE_UID = 0x0020000D
SERIES_INSTANCE_UID = 0x0020000E
SOP_INSTANCE_UID = 0x00080018
FAILED_SOP_INSTANCE_UID_LIST = 0x00080058

UTF_8 = "ISO_IR 192"
# Sets without code extensions: one term says how to write every character (PS3.3 Tables C.12-2 and C.12-5).
_PLAIN_SETS = frozenset(
    {
        *("ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 144", "ISO_IR 127", "ISO_IR 126"),
        *("ISO_IR 138", "ISO_IR 148", "ISO_IR 203", "ISO_IR 166", "GB18030", "GBK", UTF_8),
    }
)


@dataclass(frozen=True)
class Identifier:
    """A request's keys: tag → text of its values, separated by backslashes; ``sequences`` are keys of VR SQ.

    ``nested``: the keys inside the one item of each sequence, by path (``00400275.00400009``).
    """

    keys: Mapping[int, str]
    sequences: frozenset[int] = frozenset()
    character_sets: tuple[str, ...] = field(default=())
    nested: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def decode(cls, encoded: bytes, transfer_syntax_uid: str) -> "Identifier":
        """Read the data set of a request.

        Raises:
            InvalidQuery: it is none.
        """
        try:
            data_set = header.parse(encoded, transfer_syntax_uid)
        except (InvalidInstance, TooLarge):
            raise InvalidQuery("The identifier cannot be read as a data set.") from None
        terms = tuple(data_set.text(SPECIFIC_CHARACTER_SET).split("\\"))
        codecs = data_set.charsets(data_set.elements)
        keys: dict[int, str] = {}
        sequences: set[int] = set()
        nested: dict[str, str] = {}
        for tag, found in data_set.elements.items():
            if tag & 0xFFFF == 0 or tag == SPECIFIC_CHARACTER_SET:
                continue
            if found.vr == "SQ" or found.items is not None:
                sequences.add(tag)
                _read_item(data_set, found, f"{tag:08X}", codecs, nested)
            else:
                keys[tag] = _text(found.vr, data_set.value(found), codecs, little_endian=found.little_endian)
        return cls(keys, frozenset(sequences), terms, nested)

    def text(self, tag: int) -> str:
        """The value of a key, without padding; empty if it is absent or universal."""
        return self.keys.get(tag, "").strip(" \0")

    def uids(self, tag: int) -> list[str]:
        """The UIDs of a key."""
        return [uid for uid in (part.strip(" \0") for part in self.keys.get(tag, "").split("\\")) if uid]


def _read_item(
    data_set: header.Header, sequence: header.Element, path: str, codecs: tuple[str, ...], keys: dict[str, str]
) -> None:
    """The keys of the item of a sequence, with those of the sequences in it (PS3.4 §C.2.2.2.6)."""
    for item in (sequence.items or [])[:1]:
        inner = data_set.charsets(item, codecs)
        for tag, found in item.items():
            step = f"{path}.{tag:08X}"
            if found.vr == "SQ" or found.items is not None:
                _read_item(data_set, found, step, inner, keys)
            elif tag & 0xFFFF and tag != SPECIFIC_CHARACTER_SET:
                keys[step] = _text(found.vr, data_set.value(found), inner, little_endian=found.little_endian)


def _text(representation: str, value: bytes, codecs: Sequence[str], *, little_endian: bool) -> str:
    code = vr.NUMBERS.get("US" if representation == "US or SS" else representation)
    if code is not None:
        width = struct.calcsize(code)
        count = len(value) // width
        order = "<" if little_endian else ">"
        return "\\".join(map(str, struct.unpack(f"{order}{count}{code}", value[: count * width])))
    return charset.decode(value, codecs if representation in vr.LOCALISED else ()).rstrip(" \0")


# VR and text of the values; of a sequence, its items
Told = tuple[str, "str | list[dict[int, Told]]"]
Answer = Mapping[int, Told]
# VR and text → bytes
Writer = Callable[[str, str], bytes]


def from_json(row: Mapping[str, Any], tags: Iterable[int]) -> dict[int, Told]:
    """The wanted attributes of one match in DICOM JSON (PS3.18 §F.2); what it has not is empty."""
    answer: dict[int, Told] = {}
    for tag in tags:
        found = row.get(f"{tag:08X}")
        representation = str(found["vr"]) if found else vr.of_tag(tag)
        if representation == "US or SS":
            representation = "US"
        values = (found or {}).get("Value", ())
        if representation == "SQ":
            answer[tag] = ("SQ", [from_json(item, map(_tag, item)) for item in values if isinstance(item, Mapping)])
        else:
            answer[tag] = (representation, "\\".join(map(_json_text, values)))
    return answer


def _tag(path: str) -> int:
    return int(path, 16)


def _json_text(value: Any) -> str:
    if isinstance(value, Mapping):
        groups = [str(value.get(name, "")) for name in ("Alphabetic", "Ideographic", "Phonetic")]
        return "=".join(groups).rstrip("=")
    return "" if value is None else str(value)


def encode(answer: Answer, transfer_syntax_uid: str, character_sets: Sequence[str] = ()) -> bytes:
    """Write an answer, in the asker's character sets if they have all its characters, else in UTF-8."""
    written = dict(answer)
    terms, write = _writer(list(_texts(answer)), [term.strip() for term in character_sets])
    if terms:
        written[SPECIFIC_CHARACTER_SET] = ("CS", terms)
    return _elements(written, write, ENCODINGS[transfer_syntax_uid])


def _elements(answer: Answer, write: Writer, encoding: Encoding) -> bytes:
    return b"".join(
        element(
            tag,
            representation,
            _value(representation, told, write, encoding.order)
            if isinstance(told, str)
            else b"".join(_item(item, write, encoding) for item in told),
            encoding,
        )
        for tag, (representation, told) in sorted(answer.items(), key=lambda one: one[0])
    )


def _item(item: Answer, write: Writer, encoding: Encoding) -> bytes:
    content = _elements({tag: told for tag, told in item.items() if tag != SPECIFIC_CHARACTER_SET}, write, encoding)
    return struct.pack(f"{encoding.order}HHL", ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


def _texts(answer: Answer) -> Iterator[tuple[str, str]]:
    """VR and text of all values that a character set writes."""
    for representation, told in answer.values():
        if isinstance(told, str):
            if representation in vr.LOCALISED:
                yield representation, told
        else:
            for item in told:
                yield from _texts(item)


def _writer(texts: Sequence[tuple[str, str]], wanted: Sequence[str]) -> tuple[str, Writer]:
    """The value of Specific Character Set for an answer, and how its texts are written then."""
    if all(text.isascii() for _, text in texts):
        return "", _plain("ascii")
    write: Writer | None = None
    if len(wanted) == 1 and wanted[0] in _PLAIN_SETS:
        write = _plain(charset.codecs(wanted)[0])
    elif code_extension.is_known(wanted):
        write = partial(_extended, wanted)
    if write is None:
        return UTF_8, _plain("utf_8")
    try:
        for representation, text in texts:
            write(representation, text)
    except UnicodeEncodeError:
        return UTF_8, _plain("utf_8")
    return "\\".join(wanted), write


def _plain(codec: str) -> Writer:
    return lambda representation, text: text.encode(codec)


def _extended(terms: Sequence[str], representation: str, text: str) -> bytes:
    return code_extension.encode(text, terms, is_name=representation == "PN")


def _value(representation: str, text: str, write: Writer, order: str) -> bytes:
    if representation in ("SQ", "UN") or not text:
        return b""
    if representation == "AT":
        numbers = [int(part, 16) for part in text.split("\\")]
        return b"".join(struct.pack(f"{order}HH", number >> 16, number & 0xFFFF) for number in numbers)
    code = vr.NUMBERS.get(representation)
    if code is not None:
        read = float if code in ("f", "d") else int
        return b"".join(struct.pack(f"{order}{code}", read(part)) for part in text.split("\\") if part)
    value = write(representation, text) if representation in vr.LOCALISED else text.encode("ascii", "replace")
    return value + (b"\0" if representation in ("UI", "OB", "UN") else b" ") * (len(value) % 2)
