"""May this request have these instances; if so, that it had them is in the audit trail (PS3.15 A.5.3.8, A.5.3.6).

A viewer fetches thousands of frames of one study: views by the same principal are noted once in a few minutes.
"""

import threading
import time

from fastapi import Request

from pacs.dicomweb.resource import uid
from pacs.web.authentication import principal_of
from pacs.web.service import Service
from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import retrieve
from storage.archive.retrieve import InstanceRow
from storage.errors import Forbidden

NOTED_AGAIN_AFTER_S = 300.0
_MOST_REMEMBERED = 10_000


class _Noted:
    """What was noted of late, so that it is not noted for each frame."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: dict[tuple[str, ...], float] = {}

    def due(self, key: tuple[str, ...]) -> bool:
        now = time.monotonic()
        at = self._at.get(key)
        return at is None or now - at > NOTED_AGAIN_AFTER_S

    def remember(self, key: tuple[str, ...]) -> None:
        with self._lock:
            if len(self._at) >= _MOST_REMEMBERED:
                self._at.clear()
            self._at[key] = time.monotonic()


_noted = _Noted()


def instances(
    request: Request, svc: Service, action: Action, study: str, series: str | None = None, instance: str | None = None
) -> list[InstanceRow]:
    """Find the instances of a resource for the one who asks, in series and instance order.

    Raises:
        Unauthenticated, InvalidRequest: the request itself.
        NotFound: nothing is kept under this address.
        Forbidden: the study belongs to a facility out of reach, or the act is not allowed.
    """
    principal = principal_of(request, svc.archive, svc.settings)
    permission.may_anywhere(principal, action)
    rows = retrieve.instances(
        svc.archive, uid(study), uid(series) if series else None, uid(instance) if instance else None
    )
    allow(svc, principal, action, rows[0], series or "")
    return rows


def allow(svc: Service, principal: Principal, action: Action, row: InstanceRow, scope: str = "") -> None:
    """Ask permission for a study and note the act; a refusal is noted too.

    Raises:
        Forbidden: as :func:`instances`.
    """
    study = row.study_instance_uid
    try:
        permission.may(principal, action, row.facility_id)
    except Forbidden:
        _note(svc, principal, action, study, "refused", scope)
        raise
    _note(svc, principal, action, study, "success", scope)


def _note(svc: Service, principal: Principal, action: Action, study: str, outcome: audit.Outcome, scope: str) -> None:
    key = (svc.archive.settings.index_url, principal.kind, principal.name, principal.address, action, study, outcome)
    if action is Action.EXPORT:
        key = (*key, scope)
    if not _noted.due(key):
        return
    with svc.archive.index.write() as connection:
        audit.record(
            connection,
            principal,
            action,
            outcome,
            study_instance_uid=study,
            detail={"series_instance_uid": scope} if scope else None,
        )
    _noted.remember(key)
