"""Retrieve metadata: the ready-made DICOM JSON documents of series (WADO-RS, PS3.18 §10.4.1.1.2)."""

import gzip

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb import grant
from pacs.dicomweb.media_type import acceptable
from pacs.dicomweb.negotiation import require
from pacs.web.headers import accepts_gzip, etag_matches
from pacs.web.resource import ROOT, uid
from pacs.web.service import Service, service
from storage.access.principal import Action
from storage.archive import series_document
from storage.archive.series_document import SeriesDocument

DICOM_JSON = "application/dicom+json"

router = APIRouter(prefix=ROOT)


@router.get("/studies/{study}/metadata")
@router.get("/studies/{study}/series/{series}/metadata")
@router.get("/studies/{study}/series/{series}/instances/{instance}/metadata")
async def metadata(request: Request, study: str, series: str | None = None, instance: str | None = None) -> Response:
    """Give the headers of all instances of the resource as one array."""
    svc = service(request)
    media_type = require(
        acceptable(request.headers.get("accept", ""), request.query_params.get("accept")),
        DICOM_JSON,
        "application/json",
    )
    document = await svc.work.run(_document, request, svc, (study, series, instance))
    etag = f'"{document.etag}"'
    # It grows while the study arrives, so it is asked for again each time; mostly the answer is 304.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept, Accept-Encoding"}
    if etag_matches(request, etag):
        return Response(status_code=304, headers=headers)
    if accepts_gzip(request):
        return Response(document.gzip_body, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(await svc.work.run(gzip.decompress, document.gzip_body), media_type=media_type, headers=headers)


def _document(request: Request, svc: Service, resource: tuple[str, str | None, str | None]) -> SeriesDocument:
    study, series, instance = resource
    grant.study(request, svc, Action.VIEW, study)
    if series is None:
        return series_document.study_document(svc.archive, study)
    if instance is None:
        return series_document.document(svc.archive, study, uid(series))
    return series_document.instance_document(svc.archive, study, uid(series), uid(instance))
