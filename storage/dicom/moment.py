"""Date times as text that sorts as they follow each other (PS3.5 §6.2 DT, PS3.4 §C.2.2.2.5.3).

What names an offset from UTC is told in the time of this machine, in which the others are meant to be.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from storage.errors import InvalidQuery

_DIGITS = r"\d{4}(?:\d{2}){0,5}(?:(?<=\d{14})\.\d{1,6})?"
# In an address a plus sign decodes to a space. A dash before an hour of an offset belongs to the date time.
_OFFSET = r"(?:[+ ](?:0\d|1[0-4])[0-5]\d|-(?:0\d|1[0-2])[0-5]\d)"
_DATETIME = re.compile(rf"({_DIGITS})({_OFFSET})?")
_RANGE = re.compile(rf"((?:{_DIGITS})(?:{_OFFSET})?)?(?:(-)((?:{_DIGITS})(?:{_OFFSET})?)?)?")
_PARTS = ("01", "01", "00", "00", "00")
_LATEST = ("12", "31", "23", "59", "59")


def datetimes(text: str) -> tuple[str, str]:
    """The two ends of a key; equal where it is one date time, empty where the range is open.

    Raises:
        InvalidQuery: it is neither.
    """
    found = _RANGE.fullmatch(text)
    if found is None or not (found[1] or found[3]):
        raise InvalidQuery("A date time of the query is neither YYYYMMDDHHMMSS.FFFFFF&ZZXX nor a range of two.")
    return (found[1] or "", found[3] or "") if found[2] else (found[1], found[1])


def datetime_from(text: str) -> str:
    """The shortest writing of the earliest moment meant: it sorts before every other writing of it.

    Raises:
        InvalidQuery: there is no such moment.
    """
    digits, _, fraction = _local(text).partition(".")
    fraction = fraction.rstrip("0")
    if fraction:
        return f"{digits}.{fraction}"
    for length, start in ((12, "00"), (10, "00"), (8, "00"), (6, "01"), (4, "01")):
        if len(digits) > length and digits.endswith(start):
            digits = digits[:length]
        elif len(digits) > length:
            break
    return digits


def datetime_to(text: str) -> str:
    """The last moment meant: ``2024`` ends with 20241231235959.999999.

    Raises:
        InvalidQuery: there is no such moment.
    """
    digits, _, fraction = _local(text).partition(".")
    digits += "".join(_LATEST[(len(digits) - 4) // 2 :])
    return f"{digits}.{fraction.ljust(6, '9')}"


def sortable(text: str) -> str:
    """A value as it was sent, in the time of this machine; what is no date time stays as it is."""
    try:
        return _local(text.strip())
    except InvalidQuery:
        return text.strip()


def _local(text: str) -> str:
    found = _DATETIME.fullmatch(text)
    if found is None:
        raise InvalidQuery("A date time of the query is not YYYYMMDDHHMMSS.FFFFFF&ZZXX.")
    digits, offset = found.groups()
    plain, point, fraction = digits.partition(".")
    written = len(plain)
    whole = plain + "".join(_PARTS[(written - 4) // 2 :])
    whole = f"{whole[:12]}59" if whole[12:] == "60" else whole  # a leap second
    try:
        moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        if offset is None or written < 10:
            return digits
        ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
        zone = timezone(-ahead if offset[0] == "-" else ahead)
        local = moment.replace(tzinfo=zone).astimezone(UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        raise InvalidQuery("A date time of the query does not exist.") from None
    minutes = 12 if local.minute and written < 12 else written
    return f"{local:%Y%m%d%H%M%S}".rjust(14, "0")[:minutes] + point + fraction
