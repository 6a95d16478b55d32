"""Linked sites, for administrators: invitations, confirmation, what their people may do: ``/api/sites``."""

import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer, number
from pacs.web.authentication import authenticate, principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.resource import uid
from pacs.web.service import Service, service
from storage.access.permission import may
from storage.access.principal import Action
from storage.access.site_token import LONGEST_TOKEN
from storage.archive import invitation, site
from storage.archive.outgoing_visit import Errand
from storage.archive.site import Site
from storage.errors import InvalidRequest, NotFound

_SITE = re.compile(r"[a-z2-7]{32}")
_MOST_DAYS = 30

router = APIRouter(prefix="/api/sites")


@router.get("")
async def sites(request: Request) -> Response:
    """Give our own name and key, all linked sites, and the invitations that are open."""
    svc = service(request)
    return answer(await svc.work.run(_list, request, svc))


@router.post("/invitations")
async def invite(request: Request) -> Response:
    """Make an invitation: the only time it can be read."""
    svc = service(request)
    body = await read_json_object(request)
    note, days = text_of(body, "note", invitation.LONGEST_NOTE), body.get("days", 7)
    if type(days) is not int or not 0 < days <= _MOST_DAYS:
        raise InvalidRequest(f"days is a whole number up to {_MOST_DAYS}.")
    made = answer(await svc.work.run(_invite, request, svc, text_of(body, "address", 256), note, timedelta(days=days)))
    made.status_code = 201
    return made


@router.delete("/invitations/{key}")
async def withdraw(request: Request, key: str) -> Response:
    """End an invitation that nobody has used."""
    svc = service(request)
    await svc.work.run(_withdraw, request, svc, number(key))
    return Response(status_code=204)


@router.post("/invitations/read")
async def read(request: Request) -> Response:
    """Say whose invitation this is, before it is accepted."""
    svc = service(request)
    body = await read_json_object(request)
    return answer(await svc.work.run(_read, request, svc, text_of(body, "invitation", LONGEST_TOKEN)))


@router.post("/invitations/accept")
async def accept(request: Request) -> Response:
    """Accept an invitation, whose fingerprint was compared."""
    svc = service(request)
    body = await read_json_object(request)
    wanted = text_of(body, "invitation", LONGEST_TOKEN), text_of(body, "address", 256)
    made = answer(await svc.work.run(_accept, request, svc, *wanted, _flag(body, "may_search")))
    made.status_code = 201
    return made


@router.put("/{site_id}")
async def change(request: Request, site_id: str) -> Response:
    """Say what a site's people may do here; ``confirm`` opens a link that waits."""
    svc = service(request)
    return answer(await svc.work.run(_change, request, svc, site_id, await read_json_object(request)))


@router.delete("/{site_id}")
async def close(request: Request, site_id: str) -> Response:
    """End a link at once."""
    svc = service(request)
    await svc.work.run(_close, request, svc, site_id)
    return Response(status_code=204)


@router.post("/{site_id}/visit")
async def visit(request: Request, site_id: str) -> Response:
    """Ask the site whether it lets me see a study; with the purpose ETREAT and a reason, as an emergency."""
    svc = service(request)
    body = await read_json_object(request)
    await svc.work.run(_visit, request, svc, site_id, body)
    return Response(status_code=204)


def site_json(found: Site) -> dict[str, Any]:
    """One site."""
    return {name: value for name, value in asdict(found).items() if name != "id"} | {"fingerprint": found.fingerprint}


def _list(request: Request, svc: Service) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    found = site.everything(svc.archive, principal)
    return orjson.dumps(
        {
            "own": asdict(site.own(svc.archive)) | {"address": _address(request, svc)},
            "sites": [site_json(one) for one in found],
            "invitations": [asdict(one) for one in invitation.open_ones(svc.archive, principal)],
        }
    )


def _invite(request: Request, svc: Service, address: str, note: str, lifetime: timedelta) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps({"invitation": invitation.make(svc.archive, address, note, lifetime, principal)})


def _withdraw(request: Request, svc: Service, key: int) -> None:
    invitation.withdraw(svc.archive, key, principal_of(request, svc.archive, svc.settings))


def _read(request: Request, svc: Service, token: str) -> bytes:
    may(principal_of(request, svc.archive, svc.settings), Action.ADMINISTER, None)
    card = invitation.read(svc.archive, token)
    return orjson.dumps(asdict(card) | {"fingerprint": card.fingerprint})


def _accept(request: Request, svc: Service, token: str, address: str, may_search: bool) -> bytes:
    from pacs.federation import site_calls  # noqa: PLC0415 - what calls other servers is loaded when one is called

    principal = principal_of(request, svc.archive, svc.settings)
    linked = site_calls.accept_invitation(svc.archive, token, address, principal, may_search=may_search)
    return orjson.dumps(site_json(linked))


def _change(request: Request, svc: Service, site_id: str, body: dict[str, Any]) -> bytes:
    changed = site.change(
        svc.archive,
        _known(site_id),
        principal_of(request, svc.archive, svc.settings),
        may_search=_flag(body, "may_search"),
        may_break_glass=_flag(body, "may_break_glass"),
        address=text_of(body, "address", 256) if "address" in body else None,
        confirm=_flag(body, "confirm") if "confirm" in body else False,
    )
    return orjson.dumps(site_json(changed))


def _close(request: Request, svc: Service, site_id: str) -> None:
    site.close(svc.archive, _known(site_id), principal_of(request, svc.archive, svc.settings))


def _visit(request: Request, svc: Service, site_id: str, body: dict[str, Any]) -> None:
    from pacs.federation import site_calls  # noqa: PLC0415 - as above

    credential = authenticate(request, svc.archive, svc.settings)
    errand = Errand(
        site.find(svc.archive, _known(site_id)),
        credential.principal,
        credential.display_name,
        text_of(body, "purpose", 16),
        uid(text_of(body, "study_instance_uid", 64)),
        text_of(body, "reason", 500) if "reason" in body else "",
    )
    site_calls.ask(svc.archive, errand)


def _known(site_id: str) -> str:
    if not _SITE.fullmatch(site_id):
        raise NotFound("There is no such site.")
    return site_id


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false.")
    return value


def _address(request: Request, svc: Service) -> str:
    """Where we are reached, as far as it is known: a proposal."""
    return svc.settings.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
