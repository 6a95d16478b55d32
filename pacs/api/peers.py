"""Peers, the archives of other hospitals, and all facilities, for administrators: ``/api/peers``."""

from dataclasses import asdict, fields
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.service import Service, service
from storage.access import facilities
from storage.access.permission import may
from storage.access.principal import Action
from storage.archive import peer, peer_check
from storage.archive.peer import Peer, PeerSettings
from storage.errors import InvalidRequest, OutOfResources

_LONGEST_BODY = 256 * 1024
_LONGEST_TEXT = 128 * 1024
_TYPES = {one.name: type(one.default) for one in fields(PeerSettings) if one.name not in ("kind", "facility_code")}
_SECRETS = frozenset({*peer.SECRETS.values(), peer.CERTIFICATE_KEY})
_HIDDEN = frozenset({"_sealed"})

router = APIRouter(prefix="/api")


@router.get("/peers")
async def peers(request: Request) -> Response:
    """Give all peers, and the facilities one can belong to."""
    svc = service(request)
    return answer(await svc.work.run(_list, request, svc))


@router.post("/peers")
async def add(request: Request) -> Response:
    """Add one."""
    svc = service(request)
    body = await read_json_object(request, _LONGEST_BODY)
    made = answer(await svc.work.run(_put, request, svc, body, True))
    made.status_code = 201
    return made


@router.put("/peers")
async def change(request: Request) -> Response:
    """Change the one that ``name`` names; secrets that are left out stay."""
    svc = service(request)
    body = await read_json_object(request, _LONGEST_BODY)
    return answer(await svc.work.run(_put, request, svc, body, False))


@router.delete("/peers")
async def remove(request: Request) -> Response:
    """Forget the one of the name in ``name``."""
    svc = service(request)
    await svc.work.run(_remove, request, svc, request.query_params.get("name", ""))
    return Response(status_code=204)


@router.post("/peers/test")
async def test(request: Request) -> Response:
    """Try one, step by step."""
    svc = service(request)
    body = await read_json_object(request)
    return answer(await svc.work.network(_test, request, svc, text_of(body, "name", 64)))


@router.get("/facilities/all")
async def all_facilities(request: Request) -> Response:
    """Give all facilities with their number, tier and parent."""
    svc = service(request)
    return answer(await svc.work.run(_facilities, request, svc))


@router.put("/facilities")
async def put_facility(request: Request) -> Response:
    """Add or change the facility that ``code`` names."""
    svc = service(request)
    body = await read_json_object(request)
    await svc.work.run(_put_facility, request, svc, body)
    return answer(await svc.work.run(_facilities, request, svc))


@router.delete("/facilities")
async def remove_facility(request: Request) -> Response:
    """Forget the one of the code in ``code``, to which nothing belongs."""
    svc = service(request)
    await svc.work.run(_remove_facility, request, svc, request.query_params.get("code", ""))
    return Response(status_code=204)


def peer_json(one: Peer) -> dict[str, Any]:
    """One peer; of its secrets the names alone."""
    return {name: value for name, value in asdict(one).items() if name not in _HIDDEN}


def read_settings(body: dict[str, Any]) -> tuple[PeerSettings, dict[str, str]]:
    """The settings and the secrets in a body; what is left out has its default.

    Raises:
        InvalidRequest: a member is unknown or of another type.
    """
    known = {"name", "kind", "facility_code", "secrets", *_TYPES}
    if not body.keys() <= known:
        raise InvalidRequest(f"A peer has {', '.join(sorted(known))}.")
    values = {name: value for name, value in body.items() if name in _TYPES}
    for name, value in values.items():
        wanted = _TYPES[name]
        if wanted is float and type(value) is int:
            values[name] = float(value)
        elif type(value) is not wanted or (isinstance(value, str) and len(value) > _LONGEST_TEXT):
            words = {bool: "true or false", int: "a whole number", float: "a number"}.get(wanted, "a text")
            raise InvalidRequest(f"{name} must be {words}.")
    secrets = body.get("secrets", {})
    if not isinstance(secrets, dict) or not all(isinstance(one, str) for one in secrets.values()):
        raise InvalidRequest("secrets must be texts by their names.")
    if not secrets.keys() <= _SECRETS:
        raise InvalidRequest(f"The secrets of a peer are {', '.join(sorted(_SECRETS))}.")
    kind: Any = text_of(body, "kind", 16)
    return PeerSettings(kind=kind, facility_code=text_of(body, "facility_code", 64), **values), secrets


def _list(request: Request, svc: Service) -> bytes:
    may(principal_of(request, svc.archive, svc.settings), Action.ADMINISTER, None)
    return orjson.dumps(
        {
            "peers": [peer_json(one) for one in peer.everything(svc.archive)],
            "facilities": [{"code": one.code, "name": one.name} for one in facilities.everything(svc.archive.index)],
        }
    )


def _put(request: Request, svc: Service, body: dict[str, Any], new: bool) -> bytes:
    by = principal_of(request, svc.archive, svc.settings)
    settings, secrets = read_settings(body)
    put = peer.add if new else peer.change
    return orjson.dumps(peer_json(put(svc.archive, text_of(body, "name", 64), settings, secrets, by)))


def _remove(request: Request, svc: Service, name: str) -> None:
    peer.remove(svc.archive, name, principal_of(request, svc.archive, svc.settings))


def _test(request: Request, svc: Service, name: str) -> bytes:
    by = principal_of(request, svc.archive, svc.settings)
    may(by, Action.ADMINISTER, None)
    if svc.network is None:
        raise OutOfResources("This process cannot ask other archives.")
    steps = peer_check.check(peer.by_name(svc.archive, name), svc.network.connect, by)
    return orjson.dumps({"steps": [asdict(step) for step in steps]})


def _facilities(request: Request, svc: Service) -> bytes:
    may(principal_of(request, svc.archive, svc.settings), Action.ADMINISTER, None)
    every = facilities.everything(svc.archive.index)
    codes = {one.id: one.code for one in every}
    own = svc.archive.settings.facility
    return orjson.dumps(
        {
            "facilities": [
                {
                    "code": one.code,
                    "name": one.name,
                    "gln": one.gln,
                    "tier": one.tier,
                    "parent_code": codes.get(one.parent_id, "") if one.parent_id is not None else "",
                    "own": one.code == own,
                }
                for one in every
            ],
            "tiers": [tier for tier in facilities.TIERS if tier],
        }
    )


def _put_facility(request: Request, svc: Service, body: dict[str, Any]) -> None:
    by = principal_of(request, svc.archive, svc.settings)
    code, name = text_of(body, "code", 64), text_of(body, "name", 200)
    gln, tier, parent = (text_of(body, one, 64) for one in ("gln", "tier", "parent_code"))
    facilities.put(svc.archive.index, code, name, gln=gln, tier=tier, parent_code=parent, by=by)


def _remove_facility(request: Request, svc: Service, code: str) -> None:
    facilities.remove(svc.archive.index, code, by=principal_of(request, svc.archive, svc.settings))
