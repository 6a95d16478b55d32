"""Pictures and prints that a page makes of a study, allowed and noted first: ``/api/studies/{study}/exports``."""

from typing import Any, cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.web.authentication import authenticate, principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.resource import uid
from pacs.web.service import Service, service
from storage.archive.export import KINDS, Export, ExportKind, note_export
from storage.errors import InvalidRequest

router = APIRouter(prefix="/api/studies")


@router.post("/{study}/exports")
async def export(request: Request, study: str) -> Response:
    """Allow a picture or a print of images of a study, and note it; 403 where the person may take nothing out."""
    svc = service(request)
    await svc.work.run(authenticate, request, svc.archive, svc.settings)  # before its body is read
    body = await read_json_object(request)
    await svc.work.run(_note, request, svc, study, body)
    return Response(status_code=204)


def _note(request: Request, svc: Service, study: str, body: dict[str, Any]) -> None:
    note_export(svc.archive, uid(study), principal_of(request, svc.archive, svc.settings), export_of(body))


def export_of(body: dict[str, Any]) -> Export:
    """Read what is to leave: ``{"kind": …, "identified": …, "images": […]}``.

    Raises:
        InvalidRequest: something of it is missing or malformed.
    """
    kind, identified, images = text_of(body, "kind", 16), body.get("identified"), body.get("images")
    if kind not in KINDS:
        raise InvalidRequest(f"kind must be one of {', '.join(KINDS)}.")
    if not isinstance(identified, bool):
        raise InvalidRequest("identified must be true or false.")
    if not isinstance(images, list) or not all(isinstance(one, str) for one in images):
        raise InvalidRequest("images must be a list of SOP Instance UIDs.")
    return Export(cast("ExportKind", kind), identified, tuple(uid(one) for one in images))
