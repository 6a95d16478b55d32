"""May this request have these instances; the answer is in the audit trail either way (PS3.15 A.5.3.6, A.5.3.8)."""

from fastapi import Request

from pacs.web.authentication import principal_of
from pacs.web.resource import uid
from pacs.web.service import Service
from storage.access import permission
from storage.access.principal import Action
from storage.archive import known, retrieve
from storage.archive.retrieve import InstanceRow
from storage.archive.view import allow, allow_study, keep_to_study


def study(request: Request, svc: Service, action: Action, study_instance_uid: str) -> None:
    """Allow an act on a study to the one who asks. Blocking.

    Raises:
        Unauthenticated, InvalidRequest, NotFound, Forbidden: as :func:`instances`.
    """
    principal = principal_of(request, svc.archive, svc.settings)
    permission.may_anywhere(principal, action)
    keep_to_study(svc.archive, principal, action, study_instance_uid)
    allow_study(svc.archive, principal, action, uid(study_instance_uid))


def instances(
    request: Request, svc: Service, action: Action, study: str, series: str | None = None, instance: str | None = None
) -> list[InstanceRow]:
    """Find the instances of a resource for the one who asks, in series and instance order. Blocking.

    Raises:
        Unauthenticated, InvalidRequest: the request itself.
        NotFound: nothing is kept under this address.
        Forbidden: the study belongs to a facility out of reach, or the act is not allowed.
    """
    principal = principal_of(request, svc.archive, svc.settings)
    permission.may_anywhere(principal, action)
    keep_to_study(svc.archive, principal, action, study)
    rows = _find(svc, uid(study), uid(series) if series else None, uid(instance) if instance else None)
    allow(svc.archive, principal, action, rows[0].facility_id, study, rows[0].patient_id)
    return rows


def _find(svc: Service, study: str, series: str | None, instance: str | None) -> list[InstanceRow]:
    """Look the instances up; a single one may have been looked up some seconds ago."""
    if instance is None:
        return retrieve.instances(svc.archive, study, series)
    if series is None:
        return retrieve.instances(svc.archive, study, None, instance)
    return [known.instance(svc.archive, study, series, instance)]
