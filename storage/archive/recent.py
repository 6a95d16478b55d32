"""The studies and series that instances arrived for just now: what the index says of them, remembered for seconds."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

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
    """

    id: int
    facility_id: int
    modalities: frozenset[str]
    said: Mapping[str, Any]
    noted: tuple[str, ...]
    other_patient: bool
    since: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class RecentSeries:
    """The row of a series; ``said`` and ``noted`` as in :class:`RecentStudy`."""

    id: int
    said: Mapping[str, Any]
    noted: tuple[str, ...] = ()
    since: float = field(default_factory=time.monotonic)


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

    def forget(self, study_instance_uid: str, series_instance_uid: str, said: Mapping[str, Any]) -> None:
        """The rows are not what they were; ``said``: of the study."""
        self._studies.drop((study_instance_uid, id(said)))
        self._series.drop((study_instance_uid, series_instance_uid))
