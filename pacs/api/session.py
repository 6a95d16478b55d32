"""Sign-in, the present session and sign-out: ``/api/session``."""

from datetime import timedelta
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.web.authentication import authenticate, clear_cookie, require_same_origin, session_secret, set_cookie
from pacs.web.body import read_json_object, text_of
from pacs.web.edge import client_address
from pacs.web.service import Service, service
from storage.access import accounts, credentials
from storage.access.credentials import Credential

router = APIRouter(prefix="/api/session")


@router.post("")
async def sign_in(request: Request) -> Response:
    """Verify account and password and begin a session."""
    svc = service(request)
    require_same_origin(request, svc.settings, lenient=True)
    body = await read_json_object(request)
    name, password = text_of(body, "account", 128), text_of(body, "password", 1024)
    secret, credential = await svc.work.run(_begin, svc, name, password, client_address(request.scope))
    answer = _answer(credential)
    set_cookie(answer, secret, int(svc.settings.session_hours * 3600), svc.settings)
    return answer


@router.get("")
async def present(request: Request) -> Response:
    """Say who is signed in."""
    svc = service(request)
    return _answer(await svc.work.run(authenticate, request, svc.archive, svc.settings))


@router.delete("")
async def sign_out(request: Request) -> Response:
    """End the session; without one nothing happens."""
    svc = service(request)
    secret = session_secret(request)
    if secret:
        require_same_origin(request, svc.settings)
        await svc.work.run(credentials.sign_out, svc.archive.index, secret, client_address(request.scope))
    answer = Response(status_code=204)
    clear_cookie(answer, svc.settings)
    return answer


def _begin(svc: Service, name: str, password: str, address: str) -> tuple[str, Credential]:
    account = accounts.verify(svc.archive.index, name, password, address)
    issued = credentials.issue_session(svc.archive.index, account.id, timedelta(hours=svc.settings.session_hours))
    return issued.secret, credentials.resolve(svc.archive.index, issued.secret, address)


def _answer(credential: Credential) -> Response:
    facilities: list[dict[str, Any]] | None = None
    if credential.facilities is not None:
        facilities = [{"code": one.code, "name": one.name} for one in credential.facilities]
    body = {
        "account": credential.principal.name,
        "display_name": credential.display_name,
        "roles": sorted(credential.principal.roles),
        "facilities": facilities,
        "expires_at": credential.expires_at.isoformat(),
    }
    return Response(orjson.dumps(body), media_type="application/json", headers={"Cache-Control": "no-store"})
