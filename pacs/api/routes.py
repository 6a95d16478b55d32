"""Forwarding rules, for administrators: ``/api/routes``."""

import re
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object
from pacs.web.service import Service, service
from storage.access import ae
from storage.archive import route
from storage.archive.route import Route, Rule
from storage.errors import InvalidRequest, NotFound

_ID = re.compile(r"[0-9]{1,18}")
_LISTS = ("destinations", "source_ae_titles", "modalities")
_TEXTS = ("name", "description", "received_hours", "received_days", "send_hours")
_SWITCHES = ("enabled", "confirm")

router = APIRouter(prefix="/api/routes")


@router.get("")
async def routes(request: Request) -> Response:
    """Give all rules, and the machines that instances can be forwarded to."""
    svc = service(request)
    return answer(await svc.work.run(_list, request, svc))


@router.post("")
async def add(request: Request) -> Response:
    """Add a rule."""
    svc = service(request)
    rule = read_rule(await read_json_object(request))
    made = answer(await svc.work.run(_add, request, svc, rule))
    made.status_code = 201
    return made


@router.put("/{identity}")
async def change(request: Request, identity: str) -> Response:
    """Replace a rule."""
    svc = service(request)
    rule = read_rule(await read_json_object(request))
    return answer(await svc.work.run(_change, request, svc, _identity(identity), rule))


@router.delete("/{identity}")
async def remove(request: Request, identity: str) -> Response:
    """Remove a rule."""
    svc = service(request)
    await svc.work.run(_remove, request, svc, _identity(identity))
    return Response(status_code=204)


def read_rule(body: dict[str, Any]) -> Rule:
    """Read a rule of a request; what is left out has its default.

    Raises:
        InvalidRequest: a member is unknown or of another type.
    """
    if not body.keys() <= {*_LISTS, *_TEXTS, *_SWITCHES}:
        raise InvalidRequest(f"A rule has {', '.join((*_TEXTS, *_LISTS, *_SWITCHES))}.")
    for name, value in body.items():
        fits = (
            isinstance(value, list) and all(isinstance(one, str) for one in value)
            if name in _LISTS
            else isinstance(value, str if name in _TEXTS else bool)
        )
        if not fits:
            kind = "a list of texts" if name in _LISTS else "a text" if name in _TEXTS else "true or false"
            raise InvalidRequest(f"{name} must be {kind}.")
    values: dict[str, Any] = {name: tuple(value) if name in _LISTS else value for name, value in body.items()}
    return Rule(**{"name": "", "destinations": ()} | values)


def route_json(one: Route) -> dict[str, Any]:
    """One rule."""
    names = ("id", *_TEXTS, *_LISTS, *_SWITCHES, "since", "created_by")
    return {name: getattr(one, name) for name in names}


def _identity(text: str) -> int:
    if not _ID.fullmatch(text):
        raise NotFound("There is no such rule.")
    return int(text)


def _list(request: Request, svc: Service) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    found = route.listed(svc.archive, principal)
    machines = [
        {"ae_title": one.ae_title, "description": one.description, "may_forward": one.may_forward}
        for one in ae.everything(svc.archive.index)
    ]
    return orjson.dumps({"routes": [route_json(one) for one in found], "machines": machines})


def _add(request: Request, svc: Service, rule: Rule) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(route_json(route.add(svc.archive, rule, principal)))


def _change(request: Request, svc: Service, identity: int, rule: Rule) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(route_json(route.change(svc.archive, identity, rule, principal)))


def _remove(request: Request, svc: Service, identity: int) -> None:
    route.remove(svc.archive, identity, principal_of(request, svc.archive, svc.settings))
