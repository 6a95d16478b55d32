"""Whether two values of an attribute mean the same thing, however they are written (PS3.5 §6.2)."""

from collections.abc import Callable, Mapping
from typing import Any

from storage.dicom.text import name_groups, tokens

_NAME_PARTS = 3  # family, given and middle name; prefix and suffix are titles (PS3.5 §6.2.1.1)


def alike(column: str, first: Any, second: Any) -> bool:
    """Whether two values of this column of the index agree; an absent value agrees with any."""
    if first == second or first in ("", None) or second in ("", None):
        return True
    compare = _COMPARE.get(column)
    return compare is not None and compare(str(first), str(second))


def same_name(first: str, second: str) -> bool:
    """Whether two person names may be one: without case, diacritics, order, components, titles (PS3.5 §6.2.1).

    The alphabetic groups decide where both have one, else the ideographic, else the phonetic; names that share no group
    cannot be compared and contradict nothing.
    """
    for one, other in zip(name_groups(first), name_groups(second), strict=True):
        words, others = _words(one), _words(other)
        if words and others:
            return sorted(words) == sorted(others) or "".join(words) == "".join(others)
    return True


def _words(group: str) -> list[str]:
    return tokens(" ".join(group.split("^")[:_NAME_PARTS]))


def _same_time(first: str, second: str) -> bool:
    """Times of day, where one may say less than the other: 1015, 101500, 101500.000."""
    shorter, longer = sorted((first, second), key=len)
    return longer.startswith(shorter) and longer[len(shorter) :].strip("0.") == ""


def _same_date(first: str, second: str) -> bool:
    """Days, where one may be a year or month alone, as often only the year of birth is known."""
    shorter, longer = sorted((first, second), key=len)
    return len(shorter) in (4, 6) and longer.startswith(shorter)


def _same_text(first: str, second: str) -> bool:
    return " ".join(first.split()) == " ".join(second.split())


_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "patient_name": same_name,
    "referring_physician_name": same_name,
    "patient_birth_date": _same_date,
    "study_time": _same_time,
    "series_time": _same_time,
    "performed_procedure_step_start_time": _same_time,
    "study_description": _same_text,
    "series_description": _same_text,
}
