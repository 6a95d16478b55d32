"""The DICOM network as it is just now, and what went wrong on it, for administrators: ``/api/network``."""

import re
from typing import Any

import orjson
from fastapi import APIRouter, Request
from pydicom.uid import UID
from starlette.responses import Response

from pacs.api.page import answer
from pacs.web.authentication import principal_of
from pacs.web.service import Service, service
from storage.archive import live_association, network_finding
from storage.archive.network_finding import Counted
from storage.errors import NotFound

_ID = re.compile(r"[0-9]{1,18}")

router = APIRouter(prefix="/api/network")


@router.get("")
async def network(request: Request) -> Response:
    """Give the DICOM processes that live, on all machines, and the associations they serve now."""
    svc = service(request)
    return answer(await svc.work.run(_network, request, svc))


@router.get("/findings")
async def findings(request: Request) -> Response:
    """Give what was refused or failed, the latest first."""
    svc = service(request)
    return answer(await svc.work.run(_findings, request, svc))


@router.delete("/findings/{identity}")
async def dismiss(request: Request, identity: str) -> Response:
    """Forget one that was seen to."""
    svc = service(request)
    if not _ID.fullmatch(identity):
        raise NotFound("There is no such finding.")
    await svc.work.run(_dismiss, request, svc, int(identity))
    return Response(status_code=204)


def finding_json(found: Counted) -> dict[str, Any]:
    """One finding; ``class_name`` is the name of the SOP class it is about."""
    uid = str(found.detail.get("sop_class_uid") or found.subject)
    name = UID(uid).name if re.fullmatch(r"[0-9.]{1,64}", uid) else ""
    return {
        "id": found.id,
        "cause": found.cause,
        "calling_ae_title": found.peer.calling_ae_title,
        "called_ae_title": found.peer.called_ae_title,
        "address": found.peer.address,
        "subject": found.subject,
        "class_name": name,
        "syntaxes": [UID(one).name for one in str(found.detail.get("transfer_syntaxes", "")).split("\\") if one],
        "detail": found.detail,
        "node": found.node,
        "times": found.times,
        "first_at": found.first_at,
        "last_at": found.last_at,
    }


def _network(request: Request, svc: Service) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    processes = live_association.processes(svc.archive, principal)
    return orjson.dumps(
        {
            "processes": [{**one, "here": one["node"] == svc.archive.spool.node} for one in processes],
            "associations": live_association.associations(svc.archive, principal),
        }
    )


def _findings(request: Request, svc: Service) -> bytes:
    found = network_finding.listed(svc.archive, principal_of(request, svc.archive, svc.settings))
    return orjson.dumps(
        {"own_ae_title": getattr(svc.settings, "aet", ""), "findings": [finding_json(one) for one in found]}
    )


def _dismiss(request: Request, svc: Service, identity: int) -> None:
    network_finding.dismiss(svc.archive, principal_of(request, svc.archive, svc.settings), identity)
