"""Text as people search it: without case, without diacritics, in any order (PS3.4 §C.2.2.2.1, PS3.5 §6.2.1)."""

import re
import unicodedata
from collections.abc import Iterable

# NFD leaves letters alone whose stroke is part of the letter.
_STROKES = str.maketrans({"đ": "D", "Đ": "D", "ð": "D", "Ð": "D", "ø": "O", "Ø": "O", "ł": "L", "Ł": "L", "ß": "SS"})
_STROKES_IN_CASE = _STROKES | str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ß": "ss"})
_WORD = re.compile(r"[^\W_]+")


def normalise(text: str) -> str:
    """Upper case without diacritics, đ as D; all else stays, so that wildcards and carets keep their place."""
    if text.isascii():
        return text.upper()
    decomposed = unicodedata.normalize("NFD", text.translate(_STROKES))
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare).upper()


def unaccented(text: str) -> str:
    """ASCII without diacritics, đ as d, in its own case; a question mark for each letter that has no such writing."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_STROKES_IN_CASE))
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.encode("ascii", "replace").decode("ascii")


def tokens(text: str) -> list[str]:
    """The words of a text, normalised: runs of letters and digits."""
    return _WORD.findall(normalise(text))


def search_text(texts: Iterable[str]) -> str:
    """All words of the texts, sorted, once each, with a space before and after each word: `` DUC NGUYEN VAN ``.

    A word that starts with ``p`` is found by ``LIKE '% p%'``, a whole word by ``LIKE '% w %'``.
    """
    words = sorted({word for text in texts for word in tokens(text)})
    return f" {' '.join(words)} " if words else ""


def normalise_name(name: str) -> str:
    """A person name for matching: normalised component groups, each without trailing carets and outer spaces.

    Groups stay separated by ``=`` (alphabetic, ideographic, phonetic; PS3.5 §6.2.1.1), components by ``^``.
    """
    groups = [
        "^".join(part.strip() for part in group.split("^")).rstrip("^ ") for group in normalise(name).split("=")[:3]
    ]
    return "=".join(groups).rstrip("=")


def name_groups(name: str) -> tuple[str, str, str]:
    """The alphabetic, ideographic and phonetic group of a person name, as sent."""
    groups = [*name.split("=")[:3], "", "", ""]
    return groups[0], groups[1], groups[2]


def misspelt(first: str, second: str) -> bool:
    """Whether one typing error lies between two words: a letter more, less or other, or two changed in their places."""
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    shorter, longer = sorted((first, second), key=len)
    at = next((i for i, (one, other) in enumerate(zip(shorter, longer, strict=False)) if one != other), len(shorter))
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    swapped = shorter[at + 1 : at + 2] + shorter[at : at + 1]
    return shorter[at + 1 :] == longer[at + 1 :] or (
        longer[at : at + 2] == swapped and shorter[at + 2 :] == longer[at + 2 :]
    )
