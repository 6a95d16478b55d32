"""What is asked of an archive that matches names letter by letter, and whether its answer is what was meant.

PS3.4 §C.2.2.2.1 leaves it to each archive whether case and accents count in a name. What we ask is therefore wider than
what is meant, and each answer is looked at again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydicom.datadict import tag_for_keyword

from storage.dicom.attributes import BY_TAG
from storage.dicom.identifier import JsonDataset, vr_of
from storage.dicom.matching import Range, Universal, match_of, meets
from storage.dicom.search_value import comparable
from storage.dicom.text import misspelt, normalise, normalise_name, tokens

# In Vietnamese and most European languages these letters may carry marks; an archive may have dropped them altogether.
_MAY_BE_MARKED = frozenset("AEIOUYD")
_PATIENT_NAME = 0x00100010
# Every archive answers these (PS3.4 §C.6.2.1.2): an answer without them matches nothing.
_REQUIRED = frozenset({"00100010", "00100020", "00080020", "00080050", "0020000D", "0020000E", "00080018"})
_DATES = frozenset({"00080020", "00080021", "00400244"})
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{8}")


def tag_of(name: str) -> int | None:
    """The tag of a key at the top of the data set, which is a keyword or eight hexadecimal digits."""
    return int(name, 16) if _HEXADECIMAL.fullmatch(name) else tag_for_keyword(name)


def name_forms(value: str, *, fuzzy: bool = False) -> list[str]:
    """Patterns in ASCII which together match a name in capitals or as people write it, whatever its marks.

    ``fuzzy``: the words may come in any order, so the one that says most is asked for alone.
    """
    words = [_skeleton(word) for word in re.split(r"[\s^]+", normalise_name(value))]
    if fuzzy:
        best = max((_skeleton(word) for word in tokens(value)), key=lambda one: len(one.replace("*", "")), default="")
        words = ["*", best, "*"]
    return list(dict.fromkeys((_pattern(words), _pattern(word[:1] + word[1:].lower() for word in words))))


def _skeleton(word: str) -> str:
    """The letters of a word that are written the same everywhere."""
    return "".join(letter if letter.isascii() and letter not in _MAY_BE_MARKED else "*" for letter in word)


def _pattern(words: Iterable[str]) -> str:
    return re.sub(r"\*+", "*", "*".join(words))


def is_meant(keys: Mapping[str, str], data_set: JsonDataset, *, fuzzy: bool = False) -> bool:
    """Whether an answer matches the keys of the top level; a key that the archive does not tell of is believed.

    Raises:
        InvalidQuery: a value of the keys is none of its VR.
    """
    days = any(name in keys and "-" in keys[name] for name in ("StudyDate", "00080020"))
    for name, value in keys.items():
        tag = tag_of(name) if "." not in name else None
        if tag is None:
            continue
        path = f"{tag:08X}"
        vr = BY_TAG[tag].vr if tag in BY_TAG else vr_of(tag)
        match = match_of(vr, value)
        if isinstance(match, Universal) or (vr == "TM" and days):  # times of several days are one range with them
            continue
        if path not in data_set and path not in _REQUIRED:
            continue
        values = values_of(data_set, tag)
        if vr == "PN" and fuzzy:
            if not _has_words(value, values):
                return False
        elif not meets(match, [comparable(vr, one) for one in values]):
            if isinstance(match, Range) and path not in _DATES and not values:
                continue
            return False
    return True


def values_of(data_set: JsonDataset, tag: int) -> list[Any]:
    """The values of an element that somebody else has written: none where it is not as it should be."""
    element = data_set.get(f"{tag:08X}")
    values = element.get("Value") if isinstance(element, dict) else None
    return [one for one in values if one is not None] if isinstance(values, list) else []


def text_of(data_set: JsonDataset, tag: int) -> str:
    """The values as one text; a person name with its groups."""
    found = []
    for one in values_of(data_set, tag):
        if isinstance(one, dict):
            groups = [str(one.get(name) or "") for name in ("Alphabetic", "Ideographic", "Phonetic")]
            found.append("=".join(groups).rstrip("="))
        elif isinstance(one, str | int | float):
            found.append(str(one))
    return "\\".join(found)


def _has_words(value: str, names: Sequence[Any]) -> bool:
    there = [word for name in names for word in tokens(comparable("PN", name))]
    return all(any(_begins(word, one) for one in there) for word in tokens(value.replace("*", " ")))


def _begins(word: str, there: str) -> bool:
    return there.startswith(normalise(word)) or (len(word) > 3 and misspelt(word, there))
