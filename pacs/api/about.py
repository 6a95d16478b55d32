"""What this node is called on the DICOM network, for whom wants to send to it: ``/api/about``."""

from importlib.metadata import version

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.web.authentication import authenticate
from pacs.web.service import service

router = APIRouter(prefix="/api/about")


@router.get("")
async def about(request: Request) -> Response:
    """Give AE title, DICOM port and version to whoever is signed in."""
    svc = service(request)
    await svc.work.run(authenticate, request, svc.archive, svc.settings)
    # The node's own settings belong to a package the web does not know; where they are composed, they are here too.
    body = {
        "ae_title": str(getattr(svc.settings, "aet", "")),
        "dicom_port": int(getattr(svc.settings, "dicom_port", 0)),
        "version": version("filmless"),
    }
    return Response(orjson.dumps(body), media_type="application/json", headers={"Cache-Control": "no-store"})
