"""Is the process alive, can it serve, and what has it done: ``/health``, ``/ready``, ``/metrics``."""

import ipaddress
import os
import shutil

import orjson
import structlog
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from pacs.web.authentication import principal_of
from pacs.web.edge import client_address
from pacs.web.errors import request_id
from pacs.web.queue_gauges import queue_gauges
from pacs.web.service import Service, service
from storage.access import permission
from storage.access.principal import Action
from storage.errors import StoreUnavailable

_log = structlog.get_logger("pacs.web.health")
_NO_STORE = {"Cache-Control": "no-store"}

router = APIRouter()


@router.api_route("/health", methods=["GET", "HEAD"])
async def health() -> Response:
    """Say that the process answers; nothing else is looked at."""
    return Response(b'{"status":"live"}', media_type="application/json", headers=_NO_STORE)


@router.api_route("/ready", methods=["GET", "HEAD"])
async def ready(request: Request) -> Response:
    """Say whether requests can be served: index, object store and disk."""
    svc = service(request)
    checks = await svc.work.run(_checks, svc, request_id(request))
    good = all(check == "ok" for check in checks.values())
    body = orjson.dumps({"status": "ready" if good else "not ready", "checks": checks})
    return Response(body, 200 if good else 503, media_type="application/json", headers=_NO_STORE)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Give the counters of this process to Prometheus: from this machine, or with an administrator's token."""
    svc = service(request)
    if not _local(request):
        principal = await svc.work.run(principal_of, request, svc.archive, svc.settings)
        permission.may_anywhere(principal, Action.ADMINISTER)
    body = generate_latest(svc.journal.registry) + await svc.work.run(_queue, svc)
    return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST, **_NO_STORE})


def _queue(svc: Service) -> bytes:
    try:
        return queue_gauges(svc.archive)
    except StoreUnavailable:  # the counters of this process are worth having all the same
        return b""


def _local(request: Request) -> bool:
    """Whether the request comes from this machine itself and not through a proxy on it."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(client_address(request.scope)).is_loopback
    except ValueError:
        return False


def _checks(svc: Service, identifier: str) -> dict[str, str]:
    """Try each thing; the answer holds no addresses or paths, the log does."""
    found: dict[str, str] = {}
    for name, attempt in {"index": _index, "object_store": _object_store, "disk": _disk}.items():
        try:
            found[name] = attempt(svc)
        except Exception as error:  # noqa: BLE001 - whatever fails here means: not ready
            _log.warning("not ready", id=identifier, check=name, exc_info=error)
            found[name] = "failed"
    return found


def _index(svc: Service) -> str:
    svc.archive.index.check()
    return "ok"


def _object_store(svc: Service) -> str:
    svc.archive.objects.check()
    return "ok"


def _disk(svc: Service) -> str:
    folder = svc.archive.settings.data_dir
    if not os.access(folder, os.W_OK):
        return "the data folder cannot be written"
    free = shutil.disk_usage(folder).free
    return "ok" if free > svc.archive.settings.minimum_free_bytes else "the disk is nearly full"
