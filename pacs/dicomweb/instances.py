"""Retrieve instances as Part 10 files: of a study, a series, or one (WADO-RS, PS3.18 §10.4.1.1.1)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb import grant, negotiation, zipped
from pacs.dicomweb.media_type import MediaType, acceptable
from pacs.dicomweb.multipart import closing, content_type, new_boundary, part_head
from pacs.dicomweb.negotiation import ZIP, Representation
from pacs.web.errors import request_id
from pacs.web.resource import ROOT, instance_path
from pacs.web.service import Service, service
from pacs.web.streaming import RETRIEVE, header_only, streamed
from storage.access.principal import Action
from storage.archive import conversion, retrieve
from storage.archive.retrieve import InstanceRow
from storage.dicom.recoding import Piece
from storage.errors import InvalidInstance, NotAcceptable, PixelError, TooLarge

BLOCK = 256 * 1024

_log = structlog.get_logger("pacs.dicomweb.instances")

router = APIRouter(prefix=ROOT)


@router.api_route("/studies/{study}", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}", methods=RETRIEVE)
@router.api_route("/studies/{study}/series/{series}/instances/{instance}", methods=RETRIEVE)
async def retrieve_instances(
    request: Request, study: str, series: str | None = None, instance: str | None = None
) -> Response:
    """Give every instance of the resource in one message or ZIP archive, streamed, or one alone."""
    accepted = acceptable(request.headers.get("accept", ""), request.query_params.get("accept"))
    return await respond(request, accepted, (study, series, instance))


async def respond(
    request: Request, accepted: Sequence[MediaType], resource: tuple[str, str | None, str | None]
) -> Response:
    """Answer with the files of a resource in the best of the accepted forms."""
    svc = service(request)
    delivery = await svc.work.run(_prepare, request, svc, accepted, resource)
    headers = {"Cache-Control": "private, no-cache", "Content-Type": delivery.content_type, "Vary": "Accept"}
    if delivery.length is not None:
        headers["Content-Length"] = str(delivery.length)
    if delivery.zipped:
        headers["Content-Disposition"] = 'attachment; filename="images.zip"'
    if request.method == "HEAD" and delivery.length is not None:
        return header_only(headers)
    # what is converted waits for the few threads of pixels, so that never many are held in memory
    run = svc.work.pixels if delivery.converts else svc.work.run
    first = await run(delivery.first)
    if delivery.length == len(first):
        return Response(first, headers=headers)
    return streamed(request, svc, delivery.blocks, headers, first=first, pixels=delivery.converts)


class Delivery:
    """One answer: which instances in which form, as blocks of bytes. Blocking."""

    def __init__(
        self,
        svc: Service,
        rows: Sequence[InstanceRow],
        forms: Sequence[Representation],
        identifier: str,
        *,
        anything: bool,
    ) -> None:
        self._svc = svc
        self._rows = rows
        self._forms = forms
        self._identifier = identifier
        self._any = anything
        self._multipart = forms[0].multipart
        self.zipped = forms[0].media_type == ZIP
        self._boundary = new_boundary()
        self.blocks = zipped.archive(self._files()) if self.zipped else self._gather()
        self.length = self._length()

    @property
    def content_type(self) -> str:
        """Content-Type of the whole answer."""
        if self.zipped:
            return ZIP
        return content_type(negotiation.DICOM, self._boundary) if self._multipart else self._forms[0].content_type

    @property
    def converts(self) -> bool:
        """Whether an instance goes out in another form than it is kept in."""
        return not all(form.as_stored for form in self._forms)

    def first(self) -> bytes:
        """The first block, so that an instance that cannot be had is known before the answer starts."""
        return next(self.blocks)

    def _length(self) -> int | None:
        """Bytes of the answer, where they are known beforehand: nothing is converted."""
        if self.zipped or self.converts:
            return None
        total = sum(row.size for row in self._rows)
        if self._multipart:
            total += sum(len(self._head(number, form)) for number, form in enumerate(self._forms))
            total += len(closing(self._boundary))
        return total

    def _gather(self) -> Iterator[bytes]:
        """Join small pieces, so that a thread hop carries many small instances."""
        pieces: list[Piece] = []
        size = 0
        for piece in self._pieces():
            pieces.append(piece)
            size += len(piece)
            if size >= BLOCK:
                yield b"".join(pieces)
                pieces, size = [], 0
        if pieces:
            yield b"".join(pieces)

    def _pieces(self) -> Iterator[Piece]:
        for number in range(len(self._rows)):
            form, content = self._content(number)
            if self._multipart:
                yield self._head(number, form)
            yield from content
        if self._multipart:
            yield closing(self._boundary)

    def _files(self) -> Iterator[tuple[str, Iterable[Piece]]]:
        """Each instance as a file in a folder of its series; the names tell nothing of the patient."""
        folders: dict[str, int] = {}
        for number, row in enumerate(self._rows):
            folder = folders.setdefault(row.series_instance_uid, len(folders) + 1)
            yield f"{folder:03}/{number + 1:06}.dcm", self._content(number)[1]

    def _content(self, number: int) -> tuple[Representation, Iterable[Piece]]:
        """The bytes of an instance, converted where that is asked for.

        One that cannot be converted comes as stored, and its part says so, rather than spoiling the whole study; when
        it was asked for alone, that is an error.
        """
        row, form = self._rows[number], self._forms[number]
        if not form.as_stored:
            try:
                data_set = conversion.converted(self._svc.archive, row, form.transfer_syntax, may_round=True)
                return form, conversion.part10(row, data_set)
            except (NotAcceptable, PixelError, InvalidInstance, TooLarge) as error:
                if len(self._rows) == 1 and not self._any:
                    raise
                _log.warning("sent as stored", id=self._identifier, sop=row.sop_instance_uid, reason=str(error))
                form = replace(form, transfer_syntax=row.transfer_syntax_uid, as_stored=True)
        return form, retrieve.open_instance(self._svc.archive, row).chunks()

    def _head(self, number: int, form: Representation) -> bytes:
        row = self._rows[number]
        location = instance_path(row.study_instance_uid, row.series_instance_uid, row.sop_instance_uid)
        return part_head(self._boundary, form.content_type, location, first=number == 0)


def _prepare(
    request: Request, svc: Service, accepted: Sequence[MediaType], resource: tuple[str, str | None, str | None]
) -> Delivery:
    rows = grant.instances(request, svc, Action.EXPORT, *resource)
    single = resource[2] is not None
    forms = [
        negotiation.instance(accepted, row.transfer_syntax_uid, single=single, made=_made(row.transfer_syntax_uid))
        for row in rows
    ]
    anything = any(range_.name == "*/*" for range_ in accepted)
    return Delivery(svc, rows, forms, request_id(request), anything=anything)


def _made(stored: str) -> frozenset[str]:
    """The transfer syntaxes that an instance can be converted to: not from video."""
    if negotiation.FRAME_MEDIA_TYPE.get(stored, "").startswith("video/"):
        return frozenset()
    return conversion.COMPRESSED | {negotiation.EXPLICIT_VR_LITTLE_ENDIAN}
