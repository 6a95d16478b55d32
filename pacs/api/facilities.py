"""The facilities whose studies one can find, to choose from: ``/api/facilities``."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer
from pacs.web.authentication import principal_of
from pacs.web.service import Service, service
from storage.access import facilities, permission
from storage.access.principal import Action

router = APIRouter(prefix="/api/facilities")


@router.get("")
async def listed(request: Request) -> Response:
    """Give code and name of each facility in reach."""
    svc = service(request)
    return answer(await svc.work.run(_list, request, svc))


def _list(request: Request, svc: Service) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    permission.may_anywhere(principal, Action.SEARCH)
    reach = permission.reach(principal)
    found = [one for one in facilities.everything(svc.archive.index) if reach is None or one.id in reach]
    return orjson.dumps({"facilities": [{"code": one.code, "name": one.name} for one in found]})
