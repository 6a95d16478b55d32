"""The order of answers that came from several archives: the same however they came, so that pages fit together."""

from collections.abc import Iterable

from storage.archive.collation import Collated
from storage.archive.query import Query
from storage.dicom.attributes import BY_KEYWORD, Level
from storage.dicom.remote_matching import text_of
from storage.dicom.search_value import comparable
from storage.errors import InvalidQuery

_USUAL = {
    Level.STUDY: (("StudyDate", True), ("StudyTime", True)),
    Level.SERIES: (("SeriesNumber", False),),
    Level.IMAGE: (("InstanceNumber", False),),
}
_NUMBERS = frozenset({"IS", "US"})


def ordered(found: Iterable[Collated], query: Query) -> list[Collated]:
    """As the query says, else the latest study first, series and instances by number; of equals by UID.

    Raises:
        InvalidQuery: an attribute that answers are not ordered by.
    """
    every = sorted(found, key=lambda one: one.shown.uid)
    for keyword, descending in reversed(query.order or _USUAL[Level(query.level)]):
        every.sort(key=lambda one, keyword=keyword: _value(one, keyword), reverse=descending)  # type: ignore[misc]
    return every


def _value(one: Collated, keyword: str) -> tuple[int, str]:
    attribute = BY_KEYWORD.get(keyword)
    if attribute is None:
        raise InvalidQuery(f"An answer cannot be ordered by {keyword[:64]!r}.")
    text = comparable(attribute.vr, text_of(one.shown.content, attribute.tag))
    if attribute.vr in _NUMBERS:
        return (int(text), "") if text.lstrip("-").isdigit() and text.isascii() and len(text) < 12 else (2**40, text)
    return 0, text
