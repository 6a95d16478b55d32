"""The receipt of a study: received, durable, in the object store, committed: ``/api/studies/{study}/receipt``."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.web.authentication import principal_of
from pacs.web.service import Service, service
from storage.archive.receipt import Progress, Receipt, Step, study_receipt
from storage.dicom.part10 import valid_uid
from storage.errors import InvalidRequest

router = APIRouter(prefix="/api/studies")


@router.get("/{study}/receipt")
async def receipt(request: Request, study: str) -> Response:
    """Give how many instances of a study have come how far, and when; by series too."""
    svc = service(request)
    body = await svc.work.run(_receipt, request, svc, study)
    return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-store"})


def receipt_json(found: Receipt) -> bytes:
    """A receipt as JSON."""
    return orjson.dumps(
        {
            "study_instance_uid": found.study_instance_uid,
            **_progress(found.progress),
            "sources": [
                {"ae_title": one.ae_title, "instances": one.instances, "last_at": one.last_at} for one in found.senders
            ],
            "series": [{"series_instance_uid": uid, **_progress(part)} for uid, part in found.series],
        }
    )


def _receipt(request: Request, svc: Service, study: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    if not valid_uid(study):
        raise InvalidRequest("The UID in the address is malformed.")
    return receipt_json(study_receipt(svc.archive, study, principal))


def _progress(part: Progress) -> dict[str, Any]:
    return {name: _step(getattr(part, name)) for name in ("received", "durable", "stored", "committed")}


def _step(step: Step) -> dict[str, Any]:
    return {"instances": step.instances, "bytes": step.bytes, "first_at": step.first_at, "last_at": step.last_at}
