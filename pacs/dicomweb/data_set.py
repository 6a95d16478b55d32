"""A data set as the body of a request or answer, in JSON or XML (PS3.18 §8.7.3, §F)."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from pacs.dicomweb.media_type import acceptable, parse_one
from pacs.dicomweb.multipart import closing, content_type, new_boundary, part_head
from pacs.dicomweb.negotiation import require
from pacs.web.errors import UnsupportedMediaType
from storage.dicom import native_xml, native_xml_reading
from storage.errors import ArchiveError, InvalidRequest, NotAcceptable, TooLarge

DICOM_JSON = "application/dicom+json"
DICOM_XML = native_xml.MEDIA_TYPE
JSON = "application/json"
MULTIPART_XML = f'multipart/related; type="{DICOM_XML}"'
MOST_BYTES = 16 * 1024 * 1024

DicomJson = dict[str, dict[str, Any]]


async def read_data_set(request: Request, *, most: int = MOST_BYTES, empty: bool = False) -> DicomJson:
    """Read a body of one data set; an array of one is taken as well. ``empty``: there may be none.

    Raises:
        UnsupportedMediaType: it is neither JSON nor XML.
        TooLarge: it is over ``most`` bytes.
        InvalidRequest: it cannot be read, or holds another number of data sets.
    """
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > most:
            raise TooLarge(f"The body is over {most} bytes.")
    if empty and not body.strip():
        return {}
    given = request.headers.get("content-type", "")
    name = parse_one(given).name if given else DICOM_JSON
    if name in (DICOM_JSON, JSON):
        found = _of_json(bytes(body))
    elif name == DICOM_XML:
        try:
            found = native_xml_reading.read(bytes(body))
        except ArchiveError as error:
            raise InvalidRequest(str(error)) from None
    else:
        raise UnsupportedMediaType(f"Send {DICOM_JSON} or {DICOM_XML}.")
    if len(found) != 1:
        raise InvalidRequest("The body must hold one data set.")
    return found[0]


def _of_json(body: bytes) -> list[DicomJson]:
    try:
        made = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidRequest("The body is not JSON.") from None
    found = made if isinstance(made, list) else [made]
    for one in found:
        if not isinstance(one, dict) or not all(isinstance(element, dict) for element in one.values()):
            raise InvalidRequest("The body is not a DICOM JSON object.")
    return found


def media_type_of(request: Request, *, many: bool = False) -> str:
    """The media type that an answer of one data set, or of ``many``, is to have.

    Raises:
        NotAcceptable: the client takes none of ours.
    """
    accepted = acceptable(request.headers.get("accept", ""), request.query_params.get("accept"))
    if many and any(one.multipart and one.content in (DICOM_XML, "*/*") for one in accepted):
        return DICOM_XML
    try:
        return require(accepted, DICOM_JSON, JSON, *(() if many else (DICOM_XML,)))
    except NotAcceptable:
        raise NotAcceptable(f"This is available as {DICOM_JSON} or {MULTIPART_XML if many else DICOM_XML}.") from None


def data_set_response(
    found: Mapping[str, Any], media_type: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer one data set; JSON is an array of one, as all DICOM JSON over the web is."""
    fields = {"Cache-Control": "private, no-store", **(headers or {})}
    if media_type == DICOM_XML:
        return Response(native_xml.document(found), status, media_type=DICOM_XML, headers=fields)
    return Response(orjson.dumps([found]), status, media_type=media_type, headers=fields)


def data_sets_response(
    found: Sequence[Mapping[str, Any]], media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer any number of data sets: an array, or a message of XML parts."""
    fields = {"Cache-Control": "private, no-store", **(headers or {})}
    if media_type != DICOM_XML:
        return Response(orjson.dumps(list(found)), media_type=media_type, headers=fields)
    if not found:
        return Response(status_code=204, headers=fields)
    boundary = new_boundary()
    parts = [
        part_head(boundary, DICOM_XML, first=number == 0) + native_xml.document(one) for number, one in enumerate(found)
    ]
    fields["Content-Type"] = content_type(DICOM_XML, boundary)
    return Response(b"".join(parts) + closing(boundary), headers=fields)
