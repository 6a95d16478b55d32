"""The studies and series that instances arrived for just now: what the index says of them, remembered for seconds."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from storage.dicom.search_value import NONE, SearchValues

_MOST = 8_192
# What other processes change meanwhile (an owner, a removal) is seen after this long; the index is still asked whether
# the rows are there at every instance.
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RecentStudy:
    """The row of a study, and what an instance said of it, once that was held against the row.

    ``said`` is the very mapping that the columns of that instance were: an instance that says the same is given the
    same mapping (:func:`storage.dicom.columns.columns`), so it is known again by identity. ``noted``: keys of the
    discrepancies that whoever says this is one more case of; ``other_patient``: it says another Patient ID.
    ``values``: what it said last that is searched beside the columns; that has its rows.
    """

    id: int
    facility_id: int
    modalities: frozenset[str]
    said: Mapping[str, Any]
    noted: tuple[str, ...]
    other_patient: bool
    values: tuple[Any, ...] = ()
    since: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class RecentSeries:
    """The row of a series; ``said``, ``noted`` and ``values`` as in :class:`RecentStudy`."""

    id: int
    said: Mapping[str, Any]
    noted: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    since: float = field(default_factory=time.monotonic)


def unsaid(values: SearchValues, study: RecentStudy, series: RecentSeries | None) -> SearchValues:
    """Of what an instance says, that which the one before it did not say of its study and series: what has no rows."""
    new_of_study = values.study if values.study != study.values else ()
    new_of_series = values.series if series is None or values.series != series.values else ()
    if (new_of_study, new_of_series) == (values.study, values.series):
        return values
    if not (new_of_study or new_of_series or values.instance):
        return NONE
    return SearchValues(new_of_study, new_of_series, values.instance)


V = TypeVar("V", RecentStudy, RecentSeries)


class _Recent(Generic[V]):
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        found = self._found.get(key)
        return found if found is not None and time.monotonic() - found.since < _SECONDS else None

    def put(self, key: Hashable, found: V) -> None:
        with self._lock:
            self._found[key] = found
            self._found.move_to_end(key)
            if len(self._found) > _MOST:
                self._found.popitem(last=False)

    def drop(self, key: Hashable) -> None:
        with self._lock:
            self._found.pop(key, None)


class Recent:
    """The last used studies and series; safe to share between threads."""

    def __init__(self) -> None:
        self._studies: _Recent[RecentStudy] = _Recent()
        self._series: _Recent[RecentSeries] = _Recent()

    def study(self, study_instance_uid: str, said: Mapping[str, Any]) -> RecentStudy | None:
        """What is remembered of a study of which this was said, unless it is too long ago."""
        return self._studies.get((study_instance_uid, id(said)))

    def series(self, study_instance_uid: str, series_instance_uid: str) -> RecentSeries | None:
        """What is remembered of a series, unless it is too long ago."""
        return self._series.get((study_instance_uid, series_instance_uid))

    def remember_study(self, study_instance_uid: str, found: RecentStudy) -> None:
        """Note the row of a study, as committed."""
        self._studies.put((study_instance_uid, id(found.said)), found)

    def remember_series(self, study_instance_uid: str, series_instance_uid: str, found: RecentSeries) -> None:
        """Note the row of a series, as committed."""
        self._series.put((study_instance_uid, series_instance_uid), found)

    def remember_values(
        self,
        study_instance_uid: str,
        series_instance_uid: str,
        study: RecentStudy,
        series: RecentSeries,
        values: SearchValues,
        *,
        new: bool,
    ) -> None:
        """Note what an instance said last of its study and series, as committed; ``new``: a series just made."""
        if study.values != values.study:
            self.remember_study(study_instance_uid, replace(study, values=values.study))
        if new or series.values != values.series:
            self.remember_series(study_instance_uid, series_instance_uid, replace(series, values=values.series))

    def forget(self, study_instance_uid: str, series_instance_uid: str, said: Mapping[str, Any]) -> None:
        """The rows are not what they were; ``said``: of the study."""
        self._studies.drop((study_instance_uid, id(said)))
        self._series.drop((study_instance_uid, series_instance_uid))
