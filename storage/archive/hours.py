"""Hours of the day, by the clock of this machine: ``22:00-06:00``; empty: always."""

import re
from datetime import datetime, timedelta

from storage.errors import InvalidRequest

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAYS = re.compile(r"[1-7]{0,7}")


def checked(text: str) -> str:
    """The hours as they are kept.

    Raises:
        InvalidRequest: they have another form.
    """
    hours = text.strip().replace(" ", "").replace("–", "-")
    if hours and (not _FORM.fullmatch(hours) or hours[:5] == hours[6:]):
        raise InvalidRequest("Hours are written HH:MM-HH:MM, for example 22:00-06:00.")
    return hours


def checked_days(text: str) -> str:
    """Days of the week as they are kept: digits, 1 is Monday; empty: every day.

    Raises:
        InvalidRequest: they have another form.
    """
    if not _DAYS.fullmatch(text):
        raise InvalidRequest("Days are digits from 1 (Monday) to 7 (Sunday), for example 12345.")
    days = "".join(sorted(set(text)))
    return "" if days == "1234567" else days


def is_open(hours: str, at: datetime, days: str = "") -> bool:
    """Whether a time lies within; hours over midnight belong to the day on which they begin."""
    local = at.astimezone()
    begin, _, end = hours.partition("-")
    now = f"{local:%H:%M}"
    if not hours or begin < end:
        inside, day = not hours or begin <= now < end, local
    else:
        inside = now >= begin or now < end
        day = local if now >= begin else local - timedelta(days=1)
    return inside and (not days or str(day.isoweekday()) in days)


def next_opening(hours: str, at: datetime) -> datetime:
    """The first time from ``at`` on that lies within."""
    if is_open(hours, at):
        return at
    local = at.astimezone()
    opening = local.replace(hour=int(hours[:2]), minute=int(hours[3:5]), second=0, microsecond=0)
    return opening if opening > local else opening + timedelta(days=1)
