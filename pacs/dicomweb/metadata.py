"""Retrieve metadata: ready-made DICOM JSON documents of series, or XML made of them (WADO-RS, PS3.18 §10.4.1.1.2)."""

from collections.abc import Iterator, Sequence

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb import grant
from pacs.dicomweb.media_type import MediaType, acceptable, matches
from pacs.dicomweb.multipart import closing, content_type, new_boundary, part_head
from pacs.web.headers import content_coding, etag_matches
from pacs.web.purpose import viewing
from pacs.web.resource import ROOT, instance_path, uid
from pacs.web.service import Service, service
from pacs.web.streaming import RETRIEVE, streamed
from storage.archive import series_document
from storage.archive.series_document import SeriesDocument
from storage.dicom import native_xml
from storage.errors import NotAcceptable

DICOM_JSON = "application/dicom+json"
# The thinnest first: the client decides among those it likes as much.
_CODINGS = ("br", "zstd", "gzip")
_BLOCK = 256 * 1024
_PLAIN: tuple[str, ...] = (DICOM_JSON, "application/json")
_PLAIN_XML: tuple[str, ...] = (native_xml.MEDIA_TYPE,)

router = APIRouter(prefix=ROOT)


@router.api_route("/studies/{study}/metadata", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}/metadata", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}/instances/{instance}/metadata", methods=RETRIEVE)
async def metadata(request: Request, study: str, series: str | None = None, instance: str | None = None) -> Response:
    """Give the headers of all instances of the resource: as one JSON array, or as XML documents, one part each."""
    svc = service(request)
    accepted = acceptable(request.headers.get("accept", ""), request.query_params.get("accept"))
    media_type = _choose(accepted, single=instance is not None)
    document = await svc.work.run(_document, request, svc, (study, series, instance))
    xml = native_xml.MEDIA_TYPE in media_type
    etag = f'"{document.etag}-xml"' if xml else f'"{document.etag}"'
    # It grows while the study arrives, so it is asked for again each time; mostly the answer is 304.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept, Accept-Encoding"}
    if etag_matches(request, etag):
        return Response(status_code=304, headers=headers)
    if xml:
        return _xml(request, svc, document, media_type, headers)
    coding = content_coding(request, *_CODINGS)
    if coding != "identity":
        headers["Content-Encoding"] = coding
    body = await svc.work.run(series_document.body, svc.archive, document, coding)
    return Response(body, media_type=media_type, headers=headers)


def _choose(accepted: Sequence[MediaType], *, single: bool) -> str:
    """The media type of the answer: JSON, XML documents as parts, or of one instance the XML document itself.

    Raises:
        NotAcceptable: none of them is accepted.
    """
    for range_ in accepted:
        if range_.multipart:
            if matches(range_.content, native_xml.MEDIA_TYPE):
                return f'multipart/related; type="{native_xml.MEDIA_TYPE}"'
            continue
        for offer in _PLAIN + (_PLAIN_XML if single else ()):
            if matches(range_.name, offer):
                return offer
    raise NotAcceptable(f'This is available as {DICOM_JSON} or multipart/related; type="{native_xml.MEDIA_TYPE}".')


def _xml(
    request: Request, svc: Service, document: SeriesDocument, media_type: str, headers: dict[str, str]
) -> Response:
    if not media_type.startswith("multipart"):
        headers["Content-Type"] = native_xml.MEDIA_TYPE
        return streamed(request, svc, _documents(svc, document), headers)
    boundary = new_boundary()
    headers["Content-Type"] = content_type(native_xml.MEDIA_TYPE, boundary)
    return streamed(request, svc, _parts(svc, document, boundary), headers)


def _documents(svc: Service, document: SeriesDocument) -> Iterator[bytes]:
    for data_set in orjson.loads(series_document.body(svc.archive, document, "identity")):
        yield native_xml.document(data_set)


def _parts(svc: Service, document: SeriesDocument, boundary: str) -> Iterator[bytes]:
    """The message, in blocks that are worth a thread hop."""
    block = bytearray()
    for number, data_set in enumerate(orjson.loads(series_document.body(svc.archive, document, "identity"))):
        location = instance_path(*(data_set[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018")))
        block += part_head(boundary, native_xml.MEDIA_TYPE, f"{location}/metadata", first=number == 0)
        block += native_xml.document(data_set)
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block + closing(boundary))


def _document(request: Request, svc: Service, resource: tuple[str, str | None, str | None]) -> SeriesDocument:
    study, series, instance = resource
    grant.study(request, svc, viewing(request), study)
    if series is None:
        return series_document.study_document(svc.archive, study)
    if instance is None:
        return series_document.document(svc.archive, study, uid(series))
    return series_document.instance_document(svc.archive, study, uid(series), uid(instance))
