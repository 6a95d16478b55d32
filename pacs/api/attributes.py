"""Attributes that are searchable beside those of every archive, for administrators: ``/api/attributes``."""

from dataclasses import asdict
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.service import Service, service
from storage.archive import search_attribute
from storage.archive.search_attribute import Described
from storage.errors import InvalidRequest

_LONGEST = 256

router = APIRouter(prefix="/api/attributes")


@router.get("")
async def attributes(request: Request) -> Response:
    """Give all of them, with how far each is filled."""
    svc = service(request)
    return answer(await svc.work.run(_list, request, svc))


@router.post("")
async def add(request: Request) -> Response:
    """Make one searchable."""
    svc = service(request)
    body = await read_json_object(request)
    if not body.keys() <= {"attribute", "level", "vr"}:
        raise InvalidRequest("The body holds attribute, and where needed level and vr.")
    wanted = (
        text_of(body, "attribute", _LONGEST),
        *(text_of(body, name, 16) if name in body else "" for name in ("level", "vr")),
    )
    made = await svc.work.run(_add, request, svc, *wanted)
    made.status_code = 201
    return made


@router.delete("/{attribute}")
async def remove(request: Request, attribute: str) -> Response:
    """Make one unsearchable."""
    svc = service(request)
    await svc.work.run(_remove, request, svc, attribute[:_LONGEST])
    return Response(status_code=204)


def attribute_json(found: Described) -> dict[str, Any]:
    """One attribute."""
    return asdict(found)


def _list(request: Request, svc: Service) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    found = search_attribute.listed(svc.archive, principal)
    return orjson.dumps({"attributes": [attribute_json(one) for one in found]})


def _add(request: Request, svc: Service, name: str, level: str, vr: str) -> Response:
    principal = principal_of(request, svc.archive, svc.settings)
    return answer(orjson.dumps(attribute_json(search_attribute.add(svc.archive, name, level, vr, principal))))


def _remove(request: Request, svc: Service, name: str) -> None:
    search_attribute.remove(svc.archive, name, principal_of(request, svc.archive, svc.settings))
