"""What linked sites ask of us, proved by their keys and nothing else: ``/api/federation``."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer
from pacs.web.body import read_json_object, text_of
from pacs.web.edge import client_address
from pacs.web.service import service
from storage.access.site_token import LONGEST_TOKEN
from storage.archive import invitation, visit

router = APIRouter(prefix="/api/federation")


@router.post("/link")
async def link(request: Request) -> Response:
    """Take the acceptance of one of our invitations; the link then waits for an administrator."""
    svc = service(request)
    said = text_of(await read_json_object(request), "acceptance", LONGEST_TOKEN)
    confirmation = await svc.work.run(invitation.take, svc.archive, said, client_address(request.scope))
    return _created({"link": confirmation})


@router.post("/session")
async def session(request: Request) -> Response:
    """Exchange a token of a linked site for a short session of one study, or for one that searches."""
    svc = service(request)
    said = text_of(await read_json_object(request), "token", LONGEST_TOKEN)
    admitted = await svc.work.run(visit.admit, svc.archive, said, client_address(request.scope))
    return _created({"secret": admitted.secret, "expires_at": admitted.expires_at.isoformat()})


def _created(body: dict[str, Any]) -> Response:
    made = answer(orjson.dumps(body))
    made.status_code = 201
    return made
