"""Delete a study, a series or an instance: not a service of the standard, offered as other archives do.

What was deleted answers 410 afterwards (PS3.18 §8.5). An administrator can undo it for a while.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.web.authentication import principal_of
from pacs.web.resource import ROOT, uid
from pacs.web.service import Service, service
from storage.archive.removal import Target, remove
from storage.errors import InvalidQuery

_SERIES = "/studies/{study}/series/{series}"
_PARAMETERS = frozenset({"reason", "note"})

router = APIRouter(prefix=ROOT)


@router.delete("/studies/{study}")
async def delete_study(request: Request, study: str) -> Response:
    """Delete a study; ``reason`` and ``note`` say why."""
    return await _delete(request, Target(uid(study)))


@router.delete(_SERIES)
async def delete_series(request: Request, study: str, series: str) -> Response:
    """Delete a series."""
    return await _delete(request, Target(uid(study), uid(series)))


@router.delete(_SERIES + "/instances/{instance}")
async def delete_instance(request: Request, study: str, series: str, instance: str) -> Response:
    """Delete an instance."""
    return await _delete(request, Target(uid(study), uid(series), uid(instance)))


async def _delete(request: Request, target: Target) -> Response:
    svc = service(request)
    unknown = set(request.query_params.keys()) - _PARAMETERS
    if unknown:
        raise InvalidQuery("A deletion takes the parameters reason and note alone.")
    await svc.work.run(_remove, request, svc, target)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


def _remove(request: Request, svc: Service, target: Target) -> None:
    principal = principal_of(request, svc.archive, svc.settings)
    reason, note = (request.query_params.get(name, "") for name in ("reason", "note"))
    remove(svc.archive, target, principal, reason or "other", note)
