"""What a key of a query asks for, by its VR: value, pattern, UIDs, range, none (PS3.4 §C.2.2.2, PS3.18 §8.3.4)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from storage.dicom.moment import datetime_from, datetime_to, datetimes
from storage.dicom.number import canonical
from storage.dicom.text import normalise_name
from storage.errors import InvalidQuery

# Wildcards mean something in these VRs alone (PS3.4 §C.2.2.2.4).
_WILDCARD = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
# A backslash separates values in all others.
_SINGLE_TEXT = frozenset({"LT", "ST", "UR", "UT"})
_INTEGER = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_NUMERIC_TEXT = frozenset({"DS", "FD", "FL"})
# Read by a reader of their own, value by value.
_DIVIDED = frozenset({"PN", "DA", "TM", "DT"})
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"([01]\d|2[0-3])(?::?([0-5]\d)(?::?([0-5]\d|60)(\.\d{1,6})?)?)?")
MAXIMUM_LENGTH = 1024
MAXIMUM_VALUES = 10_000
MAXIMUM_ALTERNATIVES = 50


@dataclass(frozen=True)
class Universal:
    """Everything matches, also what has no value."""


@dataclass(frozen=True)
class Values:
    """One of these values exactly."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Pattern:
    """Text with ``*`` for any run and ``?`` for any one character."""

    text: str


@dataclass(frozen=True)
class Name:
    """A person name without case and diacritics; ``text`` is normalised and may hold wildcards."""

    text: str


@dataclass(frozen=True)
class Range:
    """Dates, or times in whole precision, from ``low`` to ``high``, both within; an empty end is open."""

    low: str
    high: str


@dataclass(frozen=True)
class Numbers:
    """One of these whole numbers."""

    values: tuple[int, ...]


@dataclass(frozen=True)
class Empty:
    """No value, or no such attribute (PS3.4 §C.2.2.2.7)."""


@dataclass(frozen=True)
class AnyOf:
    """One of these (PS3.4 §C.2.2.2.8)."""

    matches: "tuple[Pattern | Values | Name | Range | Empty, ...]"


Match = Universal | Values | Pattern | Name | Range | Numbers | Empty | AnyOf
EMPTY = '""'


def match_of(vr: str, value: str, *, empty: bool = False) -> Match:
    """Read the value of a key; with ``empty``, two quotation marks ask for no value.

    A backslash separates values; so does a comma where it cannot be part of one (UIDs, codes, numbers), as in the query
    of an address (PS3.18 §8.3.4.1).

    Raises:
        InvalidQuery: the value cannot be one of this VR.
    """
    _check(vr, value)
    text = value.strip(" \x00" if vr == "UI" else " ")
    if not text or (vr in _WILDCARD | {"UI"} and not text.strip("*")):
        return Universal()
    if empty and text == EMPTY:
        return Empty()
    if vr in _INTEGER:
        return _numbers(text)
    read = _READERS.get(vr)
    if read is None:
        return _text(vr, text, empty=empty)
    if vr in _DIVIDED and "\\" in text:
        parts = [part for part in (part.strip(" ") for part in text.split("\\")) if part]
        if len(parts) > 1:
            return _any_of([Empty() if empty and part == EMPTY else read(part) for part in parts])
        text = parts[0] if parts else ""
    return read(text) if text else Universal()


def meets(match: Match, values: Sequence[str]) -> bool:
    """Whether one of the values, each as :func:`storage.dicom.search_value.comparable` writes it, matches."""
    if isinstance(match, AnyOf):
        return any(meets(one, values) for one in match.matches)
    if isinstance(match, Empty):
        return not values
    if isinstance(match, Values | Numbers):
        return not {str(one) for one in match.values}.isdisjoint(values)
    if isinstance(match, Range):
        return any(match.low <= value and (not match.high or value <= match.high) for value in values)
    if isinstance(match, Universal):
        return True
    pattern = _expression(match.text if isinstance(match, Pattern) else match.text.replace("^", " "))
    if isinstance(match, Name):
        # Caret and space are the same, as field data does not tell them apart; so are the groups of a name.
        values = [part for value in values for part in (value, *value.split("="))]
        values = [value.replace("^", " ") for value in values]
    return any(pattern.fullmatch(value) for value in values)


def _expression(text: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(part) or re.escape(part) for part in re.split(r"([*?])", text)), re.DOTALL)


def _check(vr: str, value: str) -> None:
    if "\x00" in (value.rstrip("\x00") if vr == "UI" else value):
        raise InvalidQuery("A key of the query holds a NUL character.")
    if len(value) > MAXIMUM_LENGTH and vr != "UI":
        raise InvalidQuery(f"A key of the query is longer than {MAXIMUM_LENGTH} characters.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidQuery("A key of the query is not Unicode text.") from None


def _text(vr: str, text: str, *, empty: bool) -> Match:
    values = [text] if vr in _SINGLE_TEXT else text.split("\\")
    if vr == "CS":
        values = [part for value in values for part in value.split(",")]
    values = [value.strip(" ") for value in values if value.strip(" ")]
    if vr in _NUMERIC_TEXT:
        values = [canonical(value) for value in values]
    patterned = vr in _WILDCARD and any("*" in value or "?" in value for value in values)
    if patterned or (empty and EMPTY in values):
        return _any_of([_one_text(vr, value, empty=empty) for value in values])
    return Values(tuple(values)) if values else Universal()


def _one_text(vr: str, value: str, *, empty: bool) -> Match:
    if empty and value == EMPTY:
        return Empty()
    if vr in _WILDCARD and ("*" in value or "?" in value):
        return Pattern(value) if value.strip("*") else Universal()
    return Values((value,))


def _any_of(matches: Sequence[Match]) -> Match:
    """One of several; what matches everything rules."""
    if len(matches) > MAXIMUM_ALTERNATIVES:
        raise InvalidQuery(f"A key of the query has more than {MAXIMUM_ALTERNATIVES} values.")
    found = [one for one in matches if isinstance(one, Pattern | Values | Name | Range | Empty)]
    if len(found) < len(matches):
        return Universal()
    return found[0] if len(found) == 1 else AnyOf(tuple(found))


def _uids(text: str) -> Match:
    values = tuple(dict.fromkeys(part for part in re.split(r"[\\,\s\x00]+", text) if part))
    if len(values) > MAXIMUM_VALUES:
        raise InvalidQuery(f"A list of UIDs is longer than {MAXIMUM_VALUES}.")
    if any(not re.fullmatch(r"[0-9A-Za-z._-]{1,64}", value) for value in values):
        raise InvalidQuery("A UID of the query is malformed.")
    return Values(values) if values else Universal()


def _numbers(text: str) -> Numbers:
    parts = re.split(r"[\\,]", text)
    try:
        values = tuple(int(part) for part in parts)
    except ValueError:
        raise InvalidQuery("A number of the query is malformed.") from None
    if any(abs(value) >= 2**31 for value in values):
        raise InvalidQuery("A number of the query is out of range.")
    return Numbers(values)


def _name(text: str) -> Match:
    return Name(normalise_name(text))


def _dates(text: str) -> Match:
    return _range(text, "date", _date, _date)


def _times(text: str) -> Match:
    # One that ends before it begins has a meaning beside a range of days (PS3.4 §C.2.2.2.5.1).
    return _range(text, "time", _time_from, _time_to, ordered=False)


def _range(
    text: str, kind: str, low_end: Callable[[str], str], high_end: Callable[[str], str], *, ordered: bool = True
) -> Range:
    parts = [part.strip(" ") for part in text.split("-")]
    if len(parts) > 2 or not any(parts):
        raise InvalidQuery(f"A {kind} of the query is neither a {kind} nor a range with one dash.")
    low, high = parts[0], parts[-1]
    found = Range(low_end(low) if low else "", high_end(high) if high else "")
    if ordered and found.low and found.high and found.low > found.high:
        raise InvalidQuery(f"A {kind} range of the query ends before it begins.")
    return found


def _date(text: str) -> str:
    found = _DATE.fullmatch(text)
    if found is None or not (1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31):
        raise InvalidQuery("A date of the query is not YYYYMMDD.")
    return "".join(found.groups())


def _time_from(text: str) -> str:
    """The shortest writing of the earliest moment meant: it sorts before every other writing of it."""
    digits, fraction = _time(text)
    fraction = fraction.rstrip("0")
    if not fraction:
        while len(digits) > 2 and digits.endswith("00"):
            digits = digits[:-2]
        return digits
    return f"{digits}.{fraction}"


def _time_to(text: str) -> str:
    """The last moment meant: ``10`` ends with 10:59:59.999999."""
    digits, fraction = _time(text)
    return f"{digits + '595959'[len(digits) :]}.{fraction.ljust(6, '9')}"


def _time(text: str) -> tuple[str, str]:
    found = _TIME.fullmatch(text)
    if found is None:
        raise InvalidQuery("A time of the query is not HHMMSS.FFFFFF or a shorter form of it.")
    hours, minutes, seconds, fraction = found.groups()
    return hours + (minutes or "") + (seconds or ""), (fraction or ".")[1:]


def _moments(text: str) -> Match:
    low, high = datetimes(text)
    found = Range(datetime_from(low) if low else "", datetime_to(high) if high else "")
    if found.low and found.high and found.low > found.high:
        raise InvalidQuery("A datetime range of the query ends before it begins.")
    return found


def _tags(text: str) -> Match:
    values = [part.strip(" ").upper().replace(",", "").strip("()") for part in text.split("\\")]
    if any(not re.fullmatch(r"[0-9A-F]{8}", value) for value in values):
        raise InvalidQuery("A tag of the query is not eight hexadecimal digits.")
    return Values(tuple(values))


_READERS: Mapping[str, Callable[[str], Match]] = {
    "PN": _name,
    "UI": _uids,
    "DA": _dates,
    "TM": _times,
    "DT": _moments,
    "AT": _tags,
}
