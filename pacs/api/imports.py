"""What is taken over from other archives' servers: ``/api/imports``."""

import re
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer
from pacs.web.authentication import principal_of
from pacs.web.service import Service, service
from storage.archive import server_import
from storage.errors import NotFound
from storage.index.imports import Row

_ID = re.compile(r"[0-9]{1,18}")
_AS_THEY_ARE = (
    *("id", "address", "state", "is_active", "instances_there", "stored", "duplicates", "gone", "unproven", "refused"),
    *("bytes", "studies_there", "studies_compared", "studies_complete", "incomplete", "error", "started_at"),
    *("updated_at", "finished_at"),
)
_MOST_NAMED = 100

router = APIRouter(prefix="/api/imports")


@router.get("")
async def imports(request: Request) -> Response:
    """Give all of them, the one that moved last first."""
    svc = service(request)
    return answer(await svc.work.run(_list, request, svc))


@router.get("/{identity}")
async def one(request: Request, identity: str) -> Response:
    """Give one, with what could not be had."""
    svc = service(request)
    return answer(await svc.work.run(_show, request, svc, _identity(identity)))


@router.delete("/{identity}")
async def cancel(request: Request, identity: str) -> Response:
    """Call it off; it can be run again."""
    svc = service(request)
    await svc.work.run(_cancel, request, svc, _identity(identity))
    return Response(status_code=204)


def _identity(text: str) -> int:
    if not _ID.fullmatch(text):
        raise NotFound("There is no such import.")
    return int(text)


def _import_json(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in _AS_THEY_ARE} | {"facility_code": row.get("facility_code", "")}


def _list(request: Request, svc: Service) -> bytes:
    found = server_import.listed(svc.archive, principal_of(request, svc.archive, svc.settings))
    return orjson.dumps({"imports": [_import_json(row) for row in found]})


def _show(request: Request, svc: Service, identity: int) -> bytes:
    row = server_import.show(svc.archive, identity, principal_of(request, svc.archive, svc.settings))
    named = row["problems"][:_MOST_NAMED]
    problems = [{name: one[name] for name in ("kind", "subject", "reason")} for one in named]
    return orjson.dumps({**_import_json(row), "problems": problems})


def _cancel(request: Request, svc: Service, identity: int) -> None:
    server_import.cancel(svc.archive, identity, principal_of(request, svc.archive, svc.settings))
