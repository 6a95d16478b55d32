"""Rendered images and thumbnails of frames, instances, series and studies (PS3.18 §10.4.1.1.3, .4, §8.3.5)."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb import grant
from pacs.dicomweb.media_type import acceptable
from pacs.dicomweb.negotiation import require
from pacs.dicomweb.parameter import real, viewport, whole
from pacs.web.headers import etag_matches
from pacs.web.resource import ROOT, frame_numbers
from pacs.web.service import Service, service
from storage.access.principal import Action
from storage.archive import retrieve
from storage.archive.retrieve import InstanceRow
from storage.errors import InvalidQuery, NotAcceptable, NotFound
from storage.pixels.grayscale import VoiFunction
from storage.pixels.render import RenderOptions

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
THUMBNAIL_SIDE = 128
_IMMUTABLE = "private, max-age=31536000, immutable"
# The middle image of a series changes while it arrives.
_FOR_NOW = "private, max-age=5"
_FUNCTIONS: Mapping[str, VoiFunction] = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}

router = APIRouter(prefix=ROOT)


@router.get("/studies/{study}/series/{series}/instances/{instance}/rendered")
@router.get("/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered")
async def rendered(request: Request, study: str, series: str, instance: str, frames: str | None = None) -> Response:
    """Give one frame as JPEG or PNG with its window applied."""
    return await _render(request, (study, series, instance), _options(request, thumbnail=False), frames)


@router.get("/studies/{study}/thumbnail")
@router.get("/studies/{study}/series/{series}/thumbnail")
@router.get("/studies/{study}/series/{series}/instances/{instance}/thumbnail")
@router.get("/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail")
async def thumbnail(
    request: Request, study: str, series: str | None = None, instance: str | None = None, frames: str | None = None
) -> Response:
    """Give a small picture of the resource: of a series its middle image, of a study that of its first series."""
    return await _render(request, (study, series, instance), _options(request, thumbnail=True), frames)


async def _render(
    request: Request, resource: tuple[str, str | None, str | None], options: RenderOptions, frames: str | None
) -> Response:
    svc = service(request)
    asked = _one_frame(frames)
    row, number = await svc.work.run(_choose, request, svc, resource, asked)
    headers = {"Cache-Control": _IMMUTABLE if resource[2] else _FOR_NOW, "Vary": "Accept"}
    headers["ETag"] = f'"{row.dataset_sha256[:20]}-{number}-{_tag_of(options)}"'
    if etag_matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    body = await svc.work.pixels(retrieve.rendered, svc.archive, row, number, options)
    return Response(body, media_type=options.format, headers=headers)


def _options(request: Request, *, thumbnail: bool) -> RenderOptions:
    """Read window, viewport, quality and the picture format.

    Raises:
        InvalidQuery, NotAcceptable: a parameter or the Accept field cannot be used.
    """
    query = request.query_params
    accepted = acceptable(request.headers.get("accept", ""), query.get("accept"))
    asked = query.get("viewport")
    size = viewport(asked) if asked else ((THUMBNAIL_SIDE, THUMBNAIL_SIDE) if thumbnail else None)
    return RenderOptions(
        window=_window(query["window"]) if query.get("window") else None,
        viewport=size,
        quality=whole("quality", query.get("quality", "90"), least=1, most=100),
        format=JPEG if require(accepted, JPEG, PNG) == JPEG else PNG,
    )


def _window(text: str) -> tuple[float, float, VoiFunction]:
    """Read centre, width and function (PS3.18 §8.3.5.1.4)."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (2, 3):
        raise InvalidQuery("window must be centre,width,function.")
    function = _FUNCTIONS.get(parts[2].lower() if len(parts) == 3 else "linear")
    if function is None:
        raise InvalidQuery("The function of window must be linear, linear-exact or sigmoid.")
    center, width = real("window centre", parts[0]), real("window width", parts[1])
    if width < 1 if function == "LINEAR" else width <= 0:
        raise InvalidQuery("window width must be at least 1 for linear and above 0 otherwise.")
    return center, width, function


def _one_frame(frames: str | None) -> int | None:
    if frames is None:
        return None
    numbers = frame_numbers(frames)
    if len(numbers) != 1:
        raise NotAcceptable("Several frames cannot be rendered into one picture; ask for them one by one.")
    return numbers[0]


def _choose(
    request: Request, svc: Service, resource: tuple[str, str | None, str | None], frame: int | None
) -> tuple[InstanceRow, int]:
    """Authorise and choose the frame to show: the one asked for, else the middle of what there is."""
    rows = grant.instances(request, svc, Action.VIEW, *resource)
    images = _first_series_with_images(rows)
    if not images:
        raise NotFound("There is no image in this resource.")
    row = images[len(images) // 2]
    if frame is None:
        return row, row.number_of_frames // 2 + 1 if resource[2] is None else 1
    if frame > row.number_of_frames:
        raise NotFound(f"This instance has {row.number_of_frames} frames.")
    return row, frame


def _first_series_with_images(rows: Sequence[InstanceRow]) -> list[InstanceRow]:
    images = [row for row in rows if row.number_of_frames > 0]
    return [row for row in images if row.series_instance_uid == images[0].series_instance_uid]


def _tag_of(options: RenderOptions) -> str:
    """Part of an entity tag: the same for the same options."""
    return sha256(repr(options).encode()).hexdigest()[:16]
