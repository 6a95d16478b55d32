"""Text in several character sets with escape sequences between them (PS3.3 §C.12.1.1.2, PS3.5 §6.1.2.5)."""

import re
from collections.abc import Sequence

from storage.dicom import charset

# Sets that lie in G1, by their term: the escape sequence that brings them there. Their codecs write that half.
_IN_G1 = {
    "ISO 2022 IR 100": b"\x1b-A",
    "ISO 2022 IR 101": b"\x1b-B",
    "ISO 2022 IR 109": b"\x1b-C",
    "ISO 2022 IR 110": b"\x1b-D",
    "ISO 2022 IR 144": b"\x1b-L",
    "ISO 2022 IR 127": b"\x1b-G",
    "ISO 2022 IR 126": b"\x1b-F",
    "ISO 2022 IR 138": b"\x1b-H",
    "ISO 2022 IR 148": b"\x1b-M",
    "ISO 2022 IR 203": b"\x1b-b",
    "ISO 2022 IR 166": b"\x1b-T",
    "ISO 2022 IR 149": b"\x1b$)C",
    "ISO 2022 IR 58": b"\x1b$)A",
}
# The one that takes the place of ASCII in G0; its codec writes the escape sequences, there and back.
_KANJI, _ROMAJI = "ISO 2022 IR 87", "ISO 2022 IR 13"
_TERMS = frozenset({*_IN_G1, _KANJI, _ROMAJI, "ISO 2022 IR 6", ""})
_BACK_TO_ASCII, _BACK_TO_ROMAJI = b"\x1b(B", b"\x1b(J"
# After these the sets are the initial ones again.
_DELIMITERS = re.compile(r"([\\\r\n\f\t])")
_NAME_DELIMITERS = re.compile(r"([\\^=])")


def is_known(terms: Sequence[str]) -> bool:
    """Whether these values of Specific Character Set use code extensions that can be written here."""
    return any(term.startswith("ISO 2022") for term in terms) and _TERMS.issuperset(terms)


def encode(text: str, terms: Sequence[str], *, is_name: bool) -> bytes:
    """A value, or several with backslashes between, in these sets (:func:`is_known`).

    Raises:
        UnicodeEncodeError: none of them has a character.
    """
    delimiters = _NAME_DELIMITERS if is_name else _DELIMITERS
    return b"".join(_part(part, terms) for part in delimiters.split(text))


def _part(part: str, terms: Sequence[str]) -> bytes:
    """Text between two delimiters: in one set if that is possible, else each character in the first that has it."""
    if part.isascii():
        return part.encode("ascii")
    try:
        return _in_one(part, terms)
    except UnicodeEncodeError:
        return b"".join(letter.encode("ascii") if letter.isascii() else _in_one(letter, terms) for letter in part)


def _in_one(part: str, terms: Sequence[str]) -> bytes:
    for position, term in enumerate(terms):
        if term not in _IN_G1 and term != _KANJI:
            continue
        try:
            encoded = part.encode(charset.codecs([term])[0])
        except UnicodeEncodeError:
            continue
        if term == _KANJI:
            return encoded.replace(_BACK_TO_ASCII, _BACK_TO_ROMAJI) if terms[0] == _ROMAJI else encoded
        # The set of the first value is there from the beginning.
        return encoded if position == 0 else _IN_G1[term] + encoded
    raise UnicodeEncodeError("ascii", part, 0, len(part), "no character set has it")
