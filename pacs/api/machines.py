"""Machines of the DICOM network and what each may do, for administrators: ``/api/machines``."""

from dataclasses import asdict, fields
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.service import Probed, ProbeKind, Service, service
from storage.access import ae, facilities
from storage.access.ae import ApplicationEntity
from storage.access.ae_policy import Policy
from storage.access.permission import may
from storage.access.principal import Action
from storage.errors import InvalidRequest, NotFound, OutOfResources

_KINDS: tuple[ProbeKind, ...] = ("echo", "find", "store")
_ADDRESS = {"ae_title": 16, "host": 254, "facility_code": 64}
_LONGEST_TEXT = 8 * 1024
_POLICY = {field.name: type(field.default) for field in fields(Policy)}

router = APIRouter(prefix="/api/machines")


@router.get("")
async def machines(request: Request) -> Response:
    """Give all of them, and the facilities one can belong to."""
    svc = service(request)
    return answer(await svc.work.run(_list, request, svc))


@router.post("")
async def add(request: Request) -> Response:
    """Register one."""
    svc = service(request)
    body = await read_json_object(request)
    made = answer(await svc.work.run(_put, request, svc, body, True))
    made.status_code = 201
    return made


@router.put("")
async def change(request: Request) -> Response:
    """Change one, which its title names."""
    svc = service(request)
    body = await read_json_object(request)
    return answer(await svc.work.run(_put, request, svc, body, False))


@router.delete("")
async def remove(request: Request) -> Response:
    """Forget the one of the title in ``ae_title``."""
    svc = service(request)
    await svc.work.run(_remove, request, svc, request.query_params.get("ae_title", ""))
    return Response(status_code=204)


@router.post("/test")
async def test(request: Request) -> Response:
    """Try one: ``kind`` is echo, find or store."""
    svc = service(request)
    body = await read_json_object(request)
    title, kind = text_of(body, "ae_title", 16), text_of(body, "kind", 8)
    chosen: ProbeKind | None = next((one for one in _KINDS if one == kind), None)
    if chosen is None:
        raise InvalidRequest("kind is echo, find or store.")
    return answer(await svc.work.run(_test, request, svc, title, chosen))


def machine_json(entity: ApplicationEntity) -> dict[str, Any]:
    """One machine."""
    return {name: value for name, value in asdict(entity).items() if name != "facility_id"}


def read_policy(body: dict[str, Any]) -> Policy:
    """The policy in a body; what is left out has its default.

    Raises:
        InvalidRequest: a member is unknown or of another type.
    """
    if not body.keys() <= {*_ADDRESS, "port", *_POLICY}:
        raise InvalidRequest(f"A machine has {', '.join((*_ADDRESS, 'port', *_POLICY))}.")
    values = {name: value for name, value in body.items() if name in _POLICY}
    for name, value in values.items():
        if type(value) is not _POLICY[name] or (isinstance(value, str) and len(value) > _LONGEST_TEXT):
            kind = {bool: "true or false", int: "a whole number"}.get(_POLICY[name], "a text")
            raise InvalidRequest(f"{name} must be {kind}.")
    return Policy(**values)


def _list(request: Request, svc: Service) -> bytes:
    may(principal_of(request, svc.archive, svc.settings), Action.ADMINISTER, None)
    index = svc.archive.index
    return orjson.dumps(
        {
            # The node's own settings belong to a package the web does not know; where they are composed, they are here.
            "own_ae_title": getattr(svc.settings, "aet", ""),
            "machines": [machine_json(one) for one in ae.everything(index)],
            "facilities": [{"code": one.code, "name": one.name} for one in facilities.everything(index)],
        }
    )


def _put(request: Request, svc: Service, body: dict[str, Any], new: bool) -> bytes:
    by = principal_of(request, svc.archive, svc.settings)
    policy = read_policy(body)
    title, host, code = (text_of(body, name, longest) for name, longest in _ADDRESS.items())
    port = body.get("port")
    if type(port) is not int:
        raise InvalidRequest("port must be a whole number.")
    put = ae.add if new else ae.change
    return orjson.dumps(
        machine_json(put(svc.archive.index, title, host, port, facility_code=code, policy=policy, by=by))
    )


def _remove(request: Request, svc: Service, title: str) -> None:
    ae.remove(svc.archive.index, title, by=principal_of(request, svc.archive, svc.settings))


def _test(request: Request, svc: Service, title: str, kind: ProbeKind) -> bytes:
    may(principal_of(request, svc.archive, svc.settings), Action.ADMINISTER, None)
    entity = ae.by_title(svc.archive.index, title)
    if entity is None:
        raise NotFound("There is no such machine.")
    if svc.probe is None:
        raise OutOfResources("This process cannot call machines.")
    found: Probed = svc.probe(entity, kind)
    return orjson.dumps(asdict(found))
