"""Retrieve frames: as kept by a range read, or decoded or made HTJ2K on the way out (WADO-RS, PS3.18 §10.4.1.1.6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb import grant, negotiation
from pacs.dicomweb.media_type import MediaType, acceptable
from pacs.dicomweb.multipart import closing, content_type, new_boundary, part_head
from pacs.dicomweb.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, Representation
from pacs.web.byte_range import asked_span, no_such_range
from pacs.web.headers import etag_matches
from pacs.web.purpose import viewing
from pacs.web.resource import ROOT, frame_numbers, instance_path
from pacs.web.service import Service, service
from pacs.web.streaming import RETRIEVE, streamed
from storage.archive import conversion, derived_frame, read_ahead, retrieve
from storage.archive.retrieve import InstanceRow
from storage.errors import NotAcceptable, NotFound, PixelError

# A frame of an instance never changes, so browsers keep it.
CACHE = "private, max-age=31536000, immutable"
MADE = conversion.COMPRESSED | {EXPLICIT_VR_LITTLE_ENDIAN}

router = APIRouter(prefix=ROOT)


@dataclass(frozen=True)
class Frames:
    """What is asked of an instance and in which form; ``first``: the first frame, when it was read on the way."""

    row: InstanceRow
    numbers: Sequence[int]
    form: Representation
    first: bytes | None = None

    @property
    def path(self) -> str:
        """Where the instance is."""
        return instance_path(self.row.study_instance_uid, self.row.series_instance_uid, self.row.sop_instance_uid)

    @property
    def etag(self) -> str:
        """Entity tag of the answer: a frame of an instance never changes."""
        listed = "-".join(map(str, self.numbers[:16]))
        return f'"{self.row.dataset_sha256[:20]}-{listed}-{self.form.transfer_syntax}-{self.form.multipart:d}"'


@router.api_route("/studies/{study}/series/{series}/instances/{instance}/frames/{frames}", methods=RETRIEVE)
async def retrieve_frames(request: Request, study: str, series: str, instance: str, frames: str) -> Response:
    """Give the frames of a list such as ``1,3``, in that order."""
    return await respond(request, (study, series, instance), frame_numbers(frames))


async def respond(request: Request, resource: tuple[str, str, str], asked: Sequence[int] | None) -> Response:
    """Answer with some frames of an instance, or with all."""
    svc = service(request)
    accepted = acceptable(request.headers.get("accept", ""), request.query_params.get("accept"))
    found = await svc.work.run(_prepare, request, svc, resource, asked, accepted)
    if found.first is None:
        found = await svc.work.pixels(_convert_first, svc, found, accepted)
    numbers = found.numbers
    headers = {"Cache-Control": CACHE, "Vary": "Accept"}
    if len(numbers) <= 16:
        headers["ETag"] = found.etag
        if etag_matches(request, found.etag):
            return Response(status_code=304, headers=headers)
    first = found.first or b""
    if not found.form.multipart:
        return _bare(request, first, {**headers, "Content-Type": found.form.content_type})
    boundary = new_boundary()
    headers["Content-Type"] = content_type(found.form.media_type, boundary)
    before = head(found, boundary, 0)
    if len(numbers) == 1:
        return Response(b"".join((before, first, closing(boundary))), headers=headers)
    others = _others(svc, found, boundary)
    return streamed(request, svc, others, headers, first=before + first, pixels=not found.form.as_stored)


def _bare(request: Request, frame: bytes, headers: dict[str, str]) -> Response:
    """One frame without a message around it, or a range of its bytes: what HTJ2K shows a smaller picture of."""
    span = asked_span(request, len(frame), headers.get("ETag", ""))
    if span is None:
        return no_such_range(request, len(frame))
    headers["Accept-Ranges"] = "bytes"
    if not span.partial:
        return Response(frame, headers=headers)
    headers["Content-Range"] = span.content_range
    return Response(frame[span.start : span.end], 206, headers=headers)


def _others(svc: Service, found: Frames, boundary: str) -> Iterator[bytes]:
    for position, number in enumerate(found.numbers[1:], start=1):
        yield head(found, boundary, position) + _frame(svc, found.row, number, found.form)
    yield closing(boundary)


def head(found: Frames, boundary: str, position: int) -> bytes:
    """What goes before the bytes of a frame in a message of parts; ``position`` counts from 0."""
    location = f"{found.path}/frames/{found.numbers[position]}"
    return part_head(boundary, found.form.content_type, location, first=position == 0)


def _prepare(
    request: Request,
    svc: Service,
    resource: tuple[str, str, str],
    asked: Sequence[int] | None,
    accepted: Sequence[MediaType],
) -> Frames:
    """Authorise, choose the form and, when nothing has to be converted, read the first frame: one thread hop in all."""
    row = grant.instances(request, svc, viewing(request), *resource)[0]
    numbers = asked if asked is not None else range(1, row.number_of_frames + 1)
    _require_frames(row, numbers)
    form = negotiation.frames(accepted, row.transfer_syntax_uid, single=len(numbers) == 1, made=MADE)
    if not form.as_stored:
        return Frames(row, numbers, form)
    first = retrieve.frame_bytes(svc.archive, row, numbers[0])
    ahead = read_ahead.behind(svc.archive, row, numbers[-1])
    if ahead is not None:
        svc.work.later(lambda: read_ahead.fetch(svc.archive, ahead))
    return Frames(row, numbers, form, first)


def _require_frames(row: InstanceRow, numbers: Sequence[int]) -> None:
    if row.number_of_frames < 1:
        raise NotFound("This instance holds no image.")
    if max(numbers) > row.number_of_frames:
        raise NotFound(f"This instance has {row.number_of_frames} frames.")


def _convert_first(svc: Service, found: Frames, accepted: Sequence[MediaType]) -> Frames:
    """Convert the first frame; a form that this image cannot have gives way to the client's next choice."""
    made = set(MADE)
    form = found.form
    while True:
        try:
            first = _frame(svc, found.row, found.numbers[0], form)
        except (NotAcceptable, PixelError):
            if form.as_stored or form.transfer_syntax not in made:
                raise
            made.discard(form.transfer_syntax)
            form = negotiation.frames(
                accepted, found.row.transfer_syntax_uid, single=len(found.numbers) == 1, made=frozenset(made)
            )
        else:
            return Frames(found.row, found.numbers, form, first)


def _frame(svc: Service, row: InstanceRow, number: int, form: Representation) -> bytes:
    if form.as_stored:
        return retrieve.frame_bytes(svc.archive, row, number)
    frame, is_new = derived_frame.delivered(svc.archive, row, number, form.transfer_syntax)
    if is_new:
        svc.work.later(lambda: derived_frame.keep(svc.archive, row, number, form.transfer_syntax, frame))
    return frame
