"""WADO-URI: one object by query parameters, as a file or a picture (PS3.18 §9)."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from pacs.dicomweb import grant, instances, rendered
from pacs.dicomweb.media_type import MediaType, acceptable, matches, parse
from pacs.dicomweb.negotiation import DICOM
from pacs.dicomweb.parameter import real, whole
from pacs.dicomweb.rendering import GIF, JPEG, MP4, PNG, Form, annotations
from pacs.web.resource import uid
from pacs.web.service import service
from pacs.web.streaming import RETRIEVE
from storage.access.principal import Action
from storage.archive.retrieve import InstanceRow
from storage.errors import InvalidQuery, NotAcceptable, NotFound
from storage.pixels.grayscale import VoiFunction
from storage.pixels.render import RenderOptions
from storage.pixels.viewport import Region, Viewport

_MOST = 8192
_STILLS = (JPEG, PNG)
_MOVIES = (GIF, MP4)

router = APIRouter()


@router.api_route("/wado", methods=RETRIEVE)
async def wado(request: Request) -> Response:
    """Give the object that ``objectUID`` names, in the first of the types of ``contentType`` that can be given."""
    svc = service(request)
    query = request.query_params
    resource = _resource(query)
    for refused in ("presentationUID", "presentationSeriesUID"):
        if query.get(refused):
            raise NotAcceptable("Presentation states are not applied by the server.")
    if query.get("anonymize"):
        raise NotAcceptable("Objects are not de-identified on their way out.")
    wanted = parse(query.get("contentType", "").replace("dicom json", "dicom+json"))
    row = (await svc.work.run(grant.instances, request, svc, Action.VIEW, *resource))[0]
    media_type = _choose(wanted or _default(row, query), acceptable(request.headers.get("accept", "")), row)
    if media_type == DICOM:
        # what a media type without a transfer syntax means is the same here and there
        asked = {"transfer-syntax": query["transferSyntax"]} if query.get("transferSyntax") else {}
        return await instances.respond(request, [MediaType(DICOM, asked)], resource)
    options = _options(query, row, media_type)
    if media_type in _MOVIES and not query.get("frameNumber"):
        return await rendered.moving(request, svc, row, Form(GIF if media_type == GIF else MP4, False), options)
    number = whole("frameNumber", query.get("frameNumber") or "1", least=1, most=999_999_999)
    return await rendered.still(request, svc, rendered.existing(row, number), options, rendered.IMMUTABLE)


def _resource(query: QueryParams) -> tuple[str, str, str]:
    """Read what every request must have (§9.4.1).

    Raises:
        InvalidQuery: the request type is another one, or a UID is missing or there twice.
    """
    if query.get("requestType") != "WADO":
        raise InvalidQuery("requestType must be WADO.")
    found = []
    for name in ("studyUID", "seriesUID", "objectUID"):
        if len(query.getlist(name)) != 1:
            raise InvalidQuery("A request needs one studyUID, one seriesUID and one objectUID.")
        found.append(uid(query[name]))
    return found[0], found[1], found[2]


def _default(row: InstanceRow, query: QueryParams) -> list[MediaType]:
    """The type of who asks for none: a picture of what is one, else the file (§9.1.1)."""
    picture = row.number_of_frames == 1 or (row.number_of_frames > 1 and query.get("frameNumber"))
    return [MediaType(JPEG)] if picture else [MediaType(DICOM)]


def _choose(wanted: Sequence[MediaType], accepted: Sequence[MediaType], row: InstanceRow) -> str:
    """Choose the first wanted type that is offered and that the Accept field does not shut out.

    Raises:
        NotAcceptable: there is none.
        NotFound: a picture is wanted of what is no image.
    """
    for one in wanted:
        for offer in (DICOM, *_STILLS, *_MOVIES):
            if matches(one.name, offer) and any(matches(range_.name, offer) for range_ in accepted):
                if offer != DICOM and row.number_of_frames < 1:
                    raise NotFound("This instance holds no image.")
                return offer
    raise NotAcceptable(f"This is available as {', '.join((DICOM, *_STILLS, *_MOVIES))}.")


def _options(query: QueryParams, row: InstanceRow, media_type: str) -> RenderOptions:
    """Read how a picture is made (§9.4.2 to §9.4.4).

    Raises:
        InvalidQuery: a parameter is malformed.
    """
    window: tuple[float, float, VoiFunction] | None = None
    if query.get("windowCenter") or query.get("windowWidth"):
        width = real("windowWidth", query.get("windowWidth", ""))
        if width < 1:
            raise InvalidQuery("windowWidth must be at least 1.")
        window = (real("windowCenter", query.get("windowCenter", "")), width, "LINEAR")
    return RenderOptions(
        window=window,
        viewport=_viewport(query, row),
        quality=whole("imageQuality", query.get("imageQuality") or "90", least=1, most=100),
        format=PNG if media_type == PNG else JPEG,
        annotations=annotations(query.get("annotation", "")),
    )


def _viewport(query: QueryParams, row: InstanceRow) -> Viewport | None:
    """Rows and columns that the picture has to fit in, and a region in parts of the image's sides."""
    rows = whole("rows", query["rows"], least=1, most=_MOST) if query.get("rows") else None
    columns = whole("columns", query["columns"], least=1, most=_MOST) if query.get("columns") else None
    if not query.get("region"):
        return Viewport(columns or _MOST, rows or _MOST) if rows or columns else None
    given = [real("region", part) for part in query["region"].split(",")]
    if len(given) != 4 or not (0 <= given[0] < given[2] <= 1 and 0 <= given[1] < given[3] <= 1):
        raise InvalidQuery("region must be left,top,right,bottom, each from 0 to 1.")
    across, down = float(row.columns or 1), float(row.rows or 1)
    region = Region(given[0] * across, given[1] * down, (given[2] - given[0]) * across, (given[3] - given[1]) * down)
    if rows or columns:
        return Viewport(columns or _MOST, rows or _MOST, region)
    return Viewport(max(1, round(region.width or 1)), max(1, round(region.height or 1)), region)
