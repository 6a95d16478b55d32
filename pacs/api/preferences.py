"""What a person has set for themselves, such as layouts and keys: ``/api/preferences``."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object
from pacs.web.service import Service, service
from storage.access import preferences

router = APIRouter(prefix="/api/preferences")


@router.get("/{name}")
async def find(request: Request, name: str) -> Response:
    """Give the document under a name, an empty object when nothing was set."""
    svc = service(request)
    return answer(await svc.work.run(_find, request, svc, name))


@router.put("/{name}")
async def put(request: Request, name: str) -> Response:
    """Replace the document under a name."""
    svc = service(request)
    document = await read_json_object(request, preferences.LONGEST_DOCUMENT)
    await svc.work.run(_put, request, svc, name, orjson.dumps(document).decode())
    return Response(status_code=204)


@router.delete("/{name}")
async def remove(request: Request, name: str) -> Response:
    """Go back to what everybody has."""
    svc = service(request)
    await svc.work.run(_remove, request, svc, name)
    return Response(status_code=204)


def _find(request: Request, svc: Service, name: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return (preferences.find(svc.archive.index, principal, name) or "{}").encode()


def _put(request: Request, svc: Service, name: str, document: str) -> None:
    preferences.put(svc.archive.index, principal_of(request, svc.archive, svc.settings), name, document)


def _remove(request: Request, svc: Service, name: str) -> None:
    preferences.remove(svc.archive.index, principal_of(request, svc.archive, svc.settings), name)
