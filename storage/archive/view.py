"""Use case: may this principal have this study; that it had, or was refused, is in the audit trail (PS3.15 A.5.3.6).

A viewer fetches thousands of frames of a study: the same act by the same principal is noted once in five minutes.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from weakref import WeakKeyDictionary

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.access.refusal import VisitRefused
from storage.archive import Archive, grant
from storage.archive.absence import absence
from storage.errors import Forbidden
from storage.index import listing
from storage.index.engine import Index

NOTED_AGAIN_AFTER_S = 300.0
_MOST_REMEMBERED = 10_000


def allow(
    archive: Archive,
    principal: Principal,
    action: Action,
    facility_id: int,
    study_instance_uid: str,
    patient_id: str = "",
) -> None:
    """Return if the principal may act on the study; either outcome is noted.

    Raises:
        Forbidden: the study belongs to a facility out of reach, or the act is not allowed.
        StoreUnavailable: it cannot be noted, so it is not allowed either.
    """
    try:
        _require(archive, principal, action, facility_id, study_instance_uid)
    except Forbidden:
        _note(archive, principal, action, "refused", study_instance_uid, patient_id)
        raise
    _note(archive, principal, action, "success", study_instance_uid, patient_id)


def allowed_and_noted(
    archive: Archive, principal: Principal, action: Action, facility_id: int, study_instance_uid: str
) -> bool:
    """Whether :func:`allow` would return with nothing left to note; asks nothing that could keep the caller waiting."""
    if principal.visit is not None:
        return False
    try:
        permission.may(principal, action, facility_id)
    except Forbidden:
        return False
    return _noted_of(archive.index).is_recent(_key(principal, action, "success", study_instance_uid))


def keep_to_study(archive: Archive, principal: Principal, action: Action, study_instance_uid: str) -> None:
    """Refuse a visitor of a linked site who asks for anything but the study of the visit, whether it is here or not.

    Raises:
        VisitRefused: it is another study.
    """
    if principal.visit is not None and principal.visit.study_instance_uid != study_instance_uid:
        _note(archive, principal, action, "refused", study_instance_uid, "")
        raise VisitRefused("study")


def allow_study(archive: Archive, principal: Principal, action: Action, study_instance_uid: str) -> None:
    """Find the study and ask :func:`allow`.

    Raises:
        NotFound: there is no such study.
        Forbidden, StoreUnavailable: as :func:`allow`.
    """
    with archive.index.read() as connection:
        row = listing.by_uid(connection, study_instance_uid)
    if row is None:
        raise absence(archive, study_instance_uid)
    allow(archive, principal, action, row["facility_id"], study_instance_uid, row["patient_id"])


def _require(archive: Archive, principal: Principal, action: Action, facility_id: int, study_instance_uid: str) -> None:
    """A visitor of a linked site has no facility, but perhaps a grant; everybody else the other way round."""
    if principal.visit is None:
        permission.may(principal, action, facility_id)
    else:
        permission.may_anywhere(principal, action)
        grant.require(archive, principal, action, study_instance_uid)


def _note(
    archive: Archive,
    principal: Principal,
    action: Action,
    outcome: audit.Outcome,
    study_instance_uid: str,
    patient_id: str,
) -> None:
    noted = _noted_of(archive.index)
    key = _key(principal, action, outcome, study_instance_uid)
    if noted.is_recent(key):
        return
    with archive.index.write() as connection:
        audit.record(
            connection,
            principal,
            action,
            outcome,
            study_instance_uid=study_instance_uid,
            patient_id=patient_id,
            detail={"site": visit.site_id, "purpose": visit.purpose} if (visit := principal.visit) else None,
        )
    noted.remember(key)


def _key(principal: Principal, action: Action, outcome: audit.Outcome, study_instance_uid: str) -> Hashable:
    return principal.kind, principal.name, principal.visit, principal.address, action, outcome, study_instance_uid


class _Noted:
    """What was noted of late in this process; the oldest is forgotten when there is too much."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: OrderedDict[Hashable, float] = OrderedDict()

    def is_recent(self, key: Hashable) -> bool:
        with self._lock:
            at = self._at.get(key)
        return at is not None and time.monotonic() - at < NOTED_AGAIN_AFTER_S

    def remember(self, key: Hashable) -> None:
        with self._lock:
            self._at[key] = time.monotonic()
            self._at.move_to_end(key)
            if len(self._at) > _MOST_REMEMBERED:
                self._at.popitem(last=False)


_noted: WeakKeyDictionary[Index, _Noted] = WeakKeyDictionary()
_noted_lock = threading.Lock()


def _noted_of(index: Index) -> _Noted:
    with _noted_lock:
        return _noted.setdefault(index, _Noted())
