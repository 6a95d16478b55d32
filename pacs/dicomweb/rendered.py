"""Rendered images and thumbnails of frames, instances, series and studies (PS3.18 §10.4.1.1.3, .4)."""

from collections.abc import Iterator, Sequence

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb import grant, rendering, whole
from pacs.dicomweb.media_type import acceptable
from pacs.dicomweb.multipart import closing, content_type, new_boundary, part_head
from pacs.dicomweb.rendering import GIF, MP4, Form
from pacs.web.errors import request_id
from pacs.web.headers import etag_matches
from pacs.web.purpose import viewing
from pacs.web.resource import ROOT, frame_numbers, instance_path, uid
from pacs.web.service import Service, service
from pacs.web.streaming import RETRIEVE, streamed
from storage.archive import embedded, picture
from storage.archive.retrieve import InstanceRow
from storage.errors import NotAcceptable, NotFound, PixelError, TooLarge
from storage.pixels.render import RenderOptions

IMMUTABLE = "private, max-age=31536000, immutable"
# What a series or study shows changes while it arrives.
_FOR_NOW = "private, max-age=5"
_BLOCK = 256 * 1024
_log = structlog.get_logger("pacs.dicomweb.rendered")

router = APIRouter(prefix=ROOT)

_Resource = tuple[str, str | None, str | None]
Picture = tuple[InstanceRow, int]


@router.api_route("/studies/{study}/rendered", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}/rendered", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}/instances/{instance}/rendered", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered", methods=RETRIEVE)
async def rendered(
    request: Request, study: str, series: str | None = None, instance: str | None = None, frames: str | None = None
) -> Response:
    """Give frames as pictures with their window applied: one, a message of all, or a moving picture."""
    svc = service(request)
    accepted = acceptable(request.headers.get("accept", ""), request.query_params.get("accept"))
    asked = frame_numbers(frames) if frames is not None else None
    if instance is not None and asked is None:
        row = (await svc.work.run(grant.instances, request, svc, viewing(request), study, series, instance))[0]
        if embedded.kind(row) is not None:
            return await whole.respond(request, svc, row, accepted)
    single = instance is not None and (asked is None or len(asked) == 1)
    form = rendering.choose(accepted, single=single, moving=instance is not None and asked is None)
    options = rendering.options(request.query_params, form.media_type)
    found = await svc.work.run(_pictures, request, svc, (study, series, instance), asked)
    if form.media_type in (GIF, MP4):
        return await moving(request, svc, found[0][0], form, options)
    if form.multipart:
        return await _message(request, svc, found, form, options)
    return await still(request, svc, found[0], options, IMMUTABLE)


@router.api_route("/studies/{study}/thumbnail", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}/thumbnail", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}/instances/{instance}/thumbnail", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail", methods=RETRIEVE)
async def thumbnail(
    request: Request, study: str, series: str | None = None, instance: str | None = None, frames: str | None = None
) -> Response:
    """Give a small picture of the resource: of a series its middle image, of a study that of its first series."""
    svc = service(request)
    accepted = acceptable(request.headers.get("accept", ""), request.query_params.get("accept"))
    form = rendering.choose(accepted, single=True, moving=False)
    if form.multipart:
        raise NotAcceptable("A thumbnail is one picture: image/jpeg or image/png.")
    asked = frame_numbers(frames) if frames is not None else None
    if asked is not None and len(asked) != 1:
        raise NotAcceptable("A thumbnail shows one frame.")
    options = rendering.options(request.query_params, form.media_type, thumbnail=True)
    shown = await svc.work.run(_representative, request, svc, (study, series, instance), asked)
    return await still(request, svc, shown, options, IMMUTABLE if instance else _FOR_NOW)


async def still(request: Request, svc: Service, shown: Picture, options: RenderOptions, cache: str) -> Response:
    """Answer with one frame as a picture."""
    row, number = shown
    headers = {"Cache-Control": cache, "Vary": "Accept"}
    headers["ETag"] = f'"{row.dataset_sha256[:20]}-{number}-{rendering.tag_of(options)}"'
    if etag_matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    body = await svc.work.pixels(picture.rendered, svc.archive, row, number, options)
    return Response(body, media_type=options.format, headers=headers)


async def moving(request: Request, svc: Service, row: InstanceRow, form: Form, options: RenderOptions) -> Response:
    """Answer with all frames of an instance as a GIF or video."""
    headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept"}
    headers["ETag"] = f'"{row.dataset_sha256[:20]}-{form.media_type[-3:]}-{rendering.tag_of(options)}"'
    if etag_matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if form.media_type == GIF:
        made = await svc.work.pixels(picture.gif, svc.archive, row, options)
        return Response(made, media_type=GIF, headers=headers)
    file = await svc.work.pixels(picture.mp4, svc.archive, row, options)
    headers["Content-Type"] = MP4

    def blocks() -> Iterator[bytes]:
        with file:
            while block := file.read(_BLOCK):
                yield block

    return streamed(request, svc, blocks(), headers)


async def _message(
    request: Request, svc: Service, found: Sequence[Picture], form: Form, options: RenderOptions
) -> Response:
    boundary = new_boundary()
    headers = {"Cache-Control": _FOR_NOW, "Vary": "Accept", "Content-Type": content_type(form.media_type, boundary)}
    parts = _parts(svc, found, options, boundary, request_id(request))
    # the first one tells whether there is anything to be seen
    first = await svc.work.pixels(next, parts)
    return streamed(request, svc, parts, headers, first=first, pixels=True)


def _parts(
    svc: Service, found: Sequence[Picture], options: RenderOptions, boundary: str, identifier: str
) -> Iterator[bytes]:
    """Each picture as a part; what cannot be shown is left out, unless nothing can."""
    failure: NotAcceptable | PixelError | TooLarge | None = None
    sent = 0
    for row, number in found:
        try:
            body = picture.rendered(svc.archive, row, number, options)
        except (NotAcceptable, PixelError, TooLarge) as error:
            failure = error
            _log.warning("left out", id=identifier, sop=row.sop_instance_uid, frame=number, reason=str(error))
            continue
        path = instance_path(row.study_instance_uid, row.series_instance_uid, row.sop_instance_uid)
        location = f"{path}/frames/{number}/rendered"
        yield part_head(boundary, options.format, location, first=sent == 0) + body
        sent += 1
    if failure is not None and not sent:
        raise failure
    yield closing(boundary)


def _pictures(request: Request, svc: Service, resource: _Resource, asked: Sequence[int] | None) -> Sequence[Picture]:
    """Authorise and list the frames of a resource, or those asked for."""
    rows = [row for row in grant.instances(request, svc, viewing(request), *resource) if row.number_of_frames > 0]
    if not rows:
        raise NotFound("There is no image in this resource.")
    if asked is None:
        return [(row, number) for row in rows for number in range(1, row.number_of_frames + 1)]
    return [existing(rows[0], number) for number in asked]


def _representative(request: Request, svc: Service, resource: _Resource, asked: Sequence[int] | None) -> Picture:
    """Authorise and choose the frame to show: the one asked for, else the middle of what there is."""
    study, series, instance = resource
    if instance is None:
        grant.study(request, svc, viewing(request), study)
        return picture.representative(svc.archive, study, uid(series) if series is not None else None)
    (row,) = grant.instances(request, svc, viewing(request), study, series, instance)[:1]
    if row.number_of_frames < 1:
        raise NotFound("There is no image in this resource.")
    return existing(row, asked[0]) if asked is not None else (row, 1)


def existing(row: InstanceRow, number: int) -> Picture:
    """A frame that is there.

    Raises:
        NotFound: it is not.
    """
    if number > row.number_of_frames:
        raise NotFound(f"This instance has {row.number_of_frames} frames.")
    return row, number
