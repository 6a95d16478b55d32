"""Retrieve instances as Part 10 files: of a study, a series, or one (WADO-RS, PS3.18 §10.4.1.1.1)."""

from collections.abc import AsyncIterator, Iterator, Sequence

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from pacs.dicomweb import grant, negotiation
from pacs.dicomweb.media_type import MediaType, acceptable
from pacs.dicomweb.multipart import closing, content_type, new_boundary, part_head
from pacs.dicomweb.negotiation import Representation
from pacs.web.resource import ROOT, instance_path
from pacs.web.errors import request_id
from pacs.web.service import Service, service
from storage.access.principal import Action
from storage.archive import retrieve
from storage.archive.retrieve import InstanceRow
from storage.errors import ArchiveError

BLOCK = 256 * 1024
# Up to this size an answer goes out in one piece, without a second thread hop.
SMALL = 1024 * 1024
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
        self, svc: Service, rows: Sequence[InstanceRow], forms: Sequence[Representation], identifier: str
    ) -> None:
        self._svc = svc
        self._rows = rows
        self._forms = forms
        self._identifier = identifier
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
            total += sum(len(self._head(number)) for number in range(len(self._rows))) + len(closing(self._boundary))
        return total

    def _gather(self) -> Iterator[bytes]:
        """Join small pieces, so that a thread hop carries many small instances."""
        pieces: list[bytes] = []
        size = 0
        for piece in self._pieces():
            pieces.append(piece)
            size += len(piece)
            if size >= BLOCK:
                yield b"".join(pieces)
                pieces, size = [], 0
        if pieces:
            yield b"".join(pieces)

    def _pieces(self) -> Iterator[bytes]:
        for number, row in enumerate(self._rows):
            if self._multipart:
                yield self._head(number)
            yield from self._content(row, self._forms[number])
        if self._multipart:
            yield closing(self._boundary)

    def _head(self, number: int) -> bytes:
        row, form = self._rows[number], self._forms[number]
        location = instance_path(row.study_instance_uid, row.series_instance_uid, row.sop_instance_uid)
        return part_head(self._boundary, form.content_type, location, first=number == 0)

    def _content(self, row: InstanceRow, form: Representation) -> Iterator[bytes]:
        try:
            if form.as_stored:
                yield from retrieve.open_instance(self._svc.archive, row).chunks()
            else:
                yield retrieve.delivered_instance(self._svc.archive, row, form.transfer_syntax)
        except ArchiveError as error:
            _log.warning("instance not delivered", id=self._identifier, sop=row.sop_instance_uid, reason=str(error))
            raise


def _prepare(
    request: Request, svc: Service, accepted: Sequence[MediaType], resource: tuple[str, str | None, str | None]
) -> Delivery:
    rows = grant.instances(request, svc, Action.EXPORT, *resource)
    single = resource[2] is not None
    forms = [
        negotiation.instance(
            accepted, row.transfer_syntax_uid, single=single, made=retrieve.deliverable(svc.archive, row)
        )
        for row in rows
    ]
    return Delivery(svc, rows, forms, request_id(request))
