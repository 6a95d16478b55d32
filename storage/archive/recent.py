"""The series that instances arrived for just now: what the index says of them, remembered for seconds."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST = 4_096
# What other processes change meanwhile (an owner, a removal) is seen after this long; the index is still asked whether
# the rows are there at every instance.
_SECONDS = 10.0


@dataclass(frozen=True)
class RecentSeries:
    """Rows of a study and one of its series, and the attributes of an instance that agreed with them.

    ``study`` and ``series`` are the very mappings that the columns of that instance were: an instance that says the
    same is given the same mappings, so agreement is found by identity.
    """

    study_id: int
    series_id: int
    facility_id: int
    patient_id: str
    study: Mapping[str, Any]
    series: Mapping[str, Any]
    since: float = field(default_factory=time.monotonic)


class Recent:
    """The last used series by Study and Series Instance UID; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: OrderedDict[tuple[str, str], RecentSeries] = OrderedDict()

    def get(self, study_instance_uid: str, series_instance_uid: str) -> RecentSeries | None:
        """What is remembered of a series, unless it is too long ago."""
        found = self._series.get((study_instance_uid, series_instance_uid))
        return found if found is not None and time.monotonic() - found.since < _SECONDS else None

    def remember(self, study_instance_uid: str, series_instance_uid: str, found: RecentSeries) -> None:
        """Note the rows of a committed instance."""
        key = study_instance_uid, series_instance_uid
        with self._lock:
            self._series[key] = found
            self._series.move_to_end(key)
            if len(self._series) > _MOST:
                self._series.popitem(last=False)

    def forget(self, study_instance_uid: str, series_instance_uid: str) -> None:
        """The rows are not what they were."""
        with self._lock:
            self._series.pop((study_instance_uid, series_instance_uid), None)
