"""Retrieve instances as Part 10 files: of a study, a series, or one (WADO-RS, PS3.18 §10.4.1.1.1)."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from pacs.dicomweb import grant, negotiation
from pacs.dicomweb.media_type import MediaType, acceptable
from pacs.dicomweb.multipart import closing, content_type, new_boundary, part_head
from pacs.dicomweb.negotiation import Representation
from pacs.web.errors import request_id
from pacs.web.resource import ROOT, instance_path
from pacs.web.service import Service, service
from storage.access.principal import Action
from storage.archive import conversion, retrieve
from storage.archive.retrieve import InstanceRow
from storage.dicom.recoding import Piece
from storage.errors import InvalidInstance, NotAcceptable, PixelError, TooLarge

BLOCK = 256 * 1024

_log = structlog.get_logger("pacs.dicomweb.instances")

router = APIRouter(prefix=ROOT)


@router.get("/studies/{study}")
@router.get("/studies/{study}/series/{series}")
@router.get("/studies/{study}/series/{series}/instances/{instance}")
async def retrieve_instances(
    request: Request, study: str, series: str | None = None, instance: str | None = None
) -> Response:
    """Give every instance of the resource in one message, streamed."""
    svc = service(request)
    accepted = acceptable(request.headers.get("accept", ""), request.query_params.get("accept"))
    delivery = await svc.work.run(_prepare, request, svc, accepted, (study, series, instance))
    first = await svc.work.run(delivery.first)
    headers = {"Cache-Control": "private, no-cache"}
    if delivery.length is not None:
        headers["Content-Length"] = str(delivery.length)
    if delivery.length == len(first):
        return Response(first, media_type=delivery.content_type, headers=headers)
    return StreamingResponse(_stream(svc, first, delivery), media_type=delivery.content_type, headers=headers)


async def _stream(svc: Service, first: bytes, delivery: "Delivery") -> AsyncIterator[bytes]:
    yield first
    async for block in svc.work.iterate(delivery.blocks):
        yield block


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
        self._boundary = new_boundary()
        self.blocks = self._gather()
        self.length = self._length()

    @property
    def content_type(self) -> str:
        """Content-Type of the whole answer."""
        return content_type(negotiation.DICOM, self._boundary) if self._multipart else self._forms[0].content_type

    def first(self) -> bytes:
        """The first block, so that an instance that cannot be had is known before the answer starts."""
        return next(self.blocks)

    def _length(self) -> int | None:
        """Bytes of the answer, where they are known beforehand: nothing is converted."""
        if not all(form.as_stored for form in self._forms):
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
        for number, (row, chosen) in enumerate(zip(self._rows, self._forms, strict=True)):
            form, converted = self._converted(row, chosen)
            if self._multipart:
                yield self._head(number, form)
            if form.as_stored:
                yield from retrieve.open_instance(self._svc.archive, row).chunks()
            else:
                yield from converted
        if self._multipart:
            yield closing(self._boundary)

    def _converted(self, row: InstanceRow, form: Representation) -> tuple[Representation, Sequence[Piece]]:
        """Convert an instance where that is asked for.

        One that cannot be converted comes as stored, and its part says so, rather than spoiling the whole study; when
        it was asked for alone, that is an error.
        """
        if form.as_stored:
            return form, ()
        try:
            data_set = conversion.converted(self._svc.archive, row, form.transfer_syntax, may_round=True)
            return form, conversion.part10(row, data_set)
        except (NotAcceptable, PixelError, InvalidInstance, TooLarge) as error:
            if len(self._rows) == 1 and not self._any:
                raise
            _log.warning("sent as stored", id=self._identifier, sop=row.sop_instance_uid, reason=str(error))
            return replace(form, transfer_syntax=row.transfer_syntax_uid, as_stored=True), ()

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
    return frozenset({negotiation.EXPLICIT_VR_LITTLE_ENDIAN})
