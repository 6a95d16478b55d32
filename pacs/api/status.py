"""How the archive is just now, for its administrators: ``/api/status``."""

from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs import presence
from pacs.api.watch import Reach, Watch
from pacs.web.authentication import principal_of
from pacs.web.service import Service, service
from storage.access import permission
from storage.access.principal import Action
from storage.archive import vitals

router = APIRouter(prefix="/api/status")


@router.get("")
async def status(request: Request) -> Response:
    """Give processes, disks, queue, object store, index and open questions; nothing in it is about a patient."""
    svc = service(request)
    body = await svc.work.run(_status, request, svc, request.app.state.watch)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _status(request: Request, svc: Service, watch: Watch) -> bytes:
    permission.may(principal_of(request, svc.archive, svc.settings), Action.ADMINISTER, None)
    archive = svc.archive
    found = vitals.vitals(archive)
    disks = vitals.disks(archive)
    full = vitals.is_full(archive, disks)
    return orjson.dumps(
        {
            "at": datetime.now(UTC),
            "version": version("filmless"),
            "node": archive.spool.node,
            "processes": _processes(svc),
            "receiving": {
                "refused": "disk" if full else "index" if watch.index.reachable is False else None,
                "limit_bytes": archive.settings.minimum_free_bytes,
                **asdict(found.arrivals),
            },
            "disks": [asdict(disk) for disk in disks],
            "queue": [{**asdict(one), "here": one.node == archive.spool.node} for one in found.queue],
            "object_store": {"kind": "s3" if vitals.is_remote(archive) else "folder", **_reach(watch.object_store)},
            "index": {"kind": "sqlite" if archive.index.is_sqlite else "postgresql", **_reach(watch.index)},
            "cache": None if (cache := vitals.cache(archive)) is None else asdict(cache),
            "quarantine": found.quarantined,
            "discrepancy": found.discrepancies,
        }
    )


def _processes(svc: Service) -> list[dict[str, Any]]:
    """The kinds of process of this node, how many there should be (where one tree runs them), and those that live."""
    data_dir = svc.archive.settings.data_dir
    living = presence.living(data_dir)
    wanted = {"dicom": 0, "web": svc.settings.web_processes, "worker": 0}
    if presence.is_held(data_dir / presence.LOCK):
        # The node's own settings belong to a package the web does not know; where they are composed, they are here too.
        wanted |= {"dicom": int(getattr(svc.settings, "number_of_dicom_processes", 1)), "worker": 1}
    return [
        {
            "kind": kind,
            "wanted": count,
            "ready": sum(one.ready for one in living if one.kind == kind),
            "since": max((one.since for one in living if one.kind == kind), default=None),
        }
        for kind, count in wanted.items()
    ]


def _reach(reach: Reach) -> dict[str, Any]:
    return {"reachable": reach.reachable, "since": reach.since}
