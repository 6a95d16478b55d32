"""Bytes of text to Unicode by the Specific Character Set, never failing (PS3.3 §C.12.1.1.2, PS3.5 §6.1)."""

import re
from collections.abc import Sequence
from functools import lru_cache

# Defined terms of PS3.3 table C.12-2 to C.12-5 and the codec of Python that reads them.
_CODECS = {
    "ISO_IR 6": "ascii",
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 203": "iso8859_15",
    "ISO_IR 166": "iso8859_11",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 87": "iso2022_jp",
    "ISO_IR 159": "iso2022_jp_2",
    "ISO_IR 149": "euc_kr",
    "ISO_IR 58": "gb2312",
    "ISO_IR 192": "utf_8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
_ESCAPE = 0x1B
# Escape sequences of PS3.3 table C.12-3 and C.12-4; the codecs of ISO 2022-JP want theirs left in.
_SEQUENCES = {
    b"\x1b(B": "ascii",
    b"\x1b-A": "latin_1",
    b"\x1b-B": "iso8859_2",
    b"\x1b-C": "iso8859_3",
    b"\x1b-D": "iso8859_4",
    b"\x1b-L": "iso8859_5",
    b"\x1b-G": "iso8859_6",
    b"\x1b-F": "iso8859_7",
    b"\x1b-H": "iso8859_8",
    b"\x1b-M": "iso8859_9",
    b"\x1b-b": "iso8859_15",
    b"\x1b-T": "iso8859_11",
    b"\x1b)I": "shift_jis",
    b"\x1b(J": "shift_jis",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$(D": "iso2022_jp_2",
    b"\x1b$)C": "euc_kr",
    b"\x1b$)A": "gb2312",
}
_SPLIT = re.compile(b"(\x1b(?:\\$[()][A-D]|\\$B|[()\\-][A-Za-z]))")
_TERM = re.compile(r"^ISO[ _-]?(?:2022[ _-]?)?IR[ _-]?(\d+)$")


def codecs(terms: Sequence[str]) -> tuple[str, ...]:
    """The codecs of the values of Specific Character Set; unknown terms are left out, spellings are taken leniently."""
    found = []
    for term in terms:
        upper = term.strip(" \0").upper()
        match = _TERM.match(upper)
        codec = _CODECS.get(f"ISO_IR {match[1]}" if match else upper)
        if codec is None and upper in ("UTF-8", "UTF8"):
            codec = "utf_8"
        if codec is not None:
            found.append(codec)
    return tuple(found)


@lru_cache(maxsize=256)
def codecs_of(value: bytes) -> tuple[str, ...]:
    """The codecs that an encoded value of Specific Character Set names."""
    return codecs(value.decode("ascii", "replace").split("\\"))


def decode(value: bytes, charsets: Sequence[str]) -> str:
    """The text of a value; ``charsets`` are codecs of :func:`codecs`, none of them stands for the default repertoire.

    Bytes outside the declared character set are read as UTF-8 where they are that, else as Latin-1: nothing is refused.
    """
    if _ESCAPE in value:
        return "".join(_fragments(value, charsets))
    if value.isascii():
        return value.decode("ascii")
    return _decode_plain(value, charsets[0] if charsets else "ascii")


def _fragments(value: bytes, charsets: Sequence[str]) -> list[str]:
    codec, escape = charsets[0] if charsets else "ascii", b""
    texts = []
    for part in _SPLIT.split(value):
        if part in _SEQUENCES:
            codec, escape = _SEQUENCES[part], part
        elif part:
            texts.append(_fragment(part, codec, escape))
    return texts


def _fragment(part: bytes, codec: str, escape: bytes) -> str:
    if codec.startswith("iso2022"):
        # Conforming text is back in the initial set before each delimiter (PS3.5 §6.1.2.5.3): no need to look for them,
        # and a byte of a two-byte character may look like one.
        return (escape + part).decode(codec, "replace")
    return _decode_plain(part, codec)


def _decode_plain(value: bytes, codec: str) -> str:
    for attempt in (codec, "utf_8"):
        try:
            return value.decode(attempt)
        except UnicodeDecodeError:
            continue
    return value.decode("latin_1" if codec == "ascii" else codec, "replace")
