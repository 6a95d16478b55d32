"""Store transaction, STOW-RS: Part 10 instances, or metadata with bulk data, in parts or bare (PS3.18 §10.5)."""

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb.assembly import METADATA, Assembly
from pacs.dicomweb.media_type import MediaType, acceptable, parse_one
from pacs.dicomweb.multipart import MultipartReader
from pacs.dicomweb.negotiation import DICOM, require
from pacs.dicomweb.reception import Reception
from pacs.dicomweb.store_response import DICOM_JSON, DICOM_XML, store_response
from pacs.web.authentication import known_principal, principal_of
from pacs.web.errors import RequestTimeout, UnsupportedMediaType, request_id
from pacs.web.headers import base_url
from pacs.web.resource import ROOT, uid
from pacs.web.service import Service, service
from storage.access import facilities, permission
from storage.access.principal import Action, Principal
from storage.archive.ingest import Source
from storage.errors import Forbidden, TooLarge

BLOCK = 1024 * 1024
# One sender's instances of one study are one event of the audit trail within this time.
_AUDIT_S = 300

router = APIRouter(prefix=ROOT)


async def store(request: Request) -> Response:
    """Store the instances of the body; those of a study's own resource must belong to it."""
    svc = service(request)
    study = request.path_params.get("study", "")
    content_type = request.headers.get("content-type", "")
    wanted = uid(study) if study else ""
    if _is_known(request, svc):
        reception = _begin(request, svc, content_type, wanted)
    else:
        reception = await svc.work.run(_begin, request, svc, content_type, wanted)
    media_type = require(acceptable(request.headers.get("accept", "")), DICOM_JSON, "application/json", DICOM_XML)
    base = base_url(request, svc.settings)
    ended = False
    try:
        rest = await _receive(request, svc, reception)
        await svc.work.run(_end, reception, rest)
        ended = True
    finally:
        if not ended:
            # Also when the client has gone or the request is cancelled: no half-written file stays.
            svc.work.later(reception.abandon)
    return store_response(reception, base, media_type)


# Plain routes: what FastAPI does for each call of a route of its own costs as much as indexing an instance.
for _path in ("/studies", "/studies/{study}"):
    router.add_route(ROOT + _path, store, methods=["POST"])


def _is_known(request: Request, svc: Service) -> bool:
    """Whether all that :func:`_begin` asks is remembered, so that it keeps nobody waiting."""
    principal = known_principal(request, svc.archive, svc.settings)
    everywhere = principal is not None and permission.reach(principal) is None
    return everywhere and facilities.is_known(svc.archive.index, svc.archive.settings.facility)


def _begin(request: Request, svc: Service, content_type: str, study: str) -> Reception:
    """Ask whether the sender may, before its body is read."""
    principal = principal_of(request, svc.archive, svc.settings)
    permission.may_anywhere(principal, Action.STORE)
    type_ = parse_one(content_type)
    reader, made_of_metadata = _reader(type_)
    source = _source(svc, principal, study)
    code = facilities.code(svc.archive.index, source.facility_id)
    identifier = request_id(request)
    if made_of_metadata:
        return Assembly(svc.archive, principal, source, reader, identifier, code, media_type=type_.name)
    return Reception(svc.archive, principal, source, reader, identifier, code)


def _end(reception: Reception, rest: bytes) -> None:
    if rest:
        reception.feed(rest)
    reception.close()


async def _receive(request: Request, svc: Service, reception: Reception) -> bytes:
    """Pass the body on in blocks of about a megabyte, one thread hop each; gives the last, which has not been."""
    limit = svc.settings.maximum_request_bytes
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"A store request may have {limit} bytes; send fewer instances at a time.")
    blocks: list[bytes] = []
    held = received = 0
    async for block in _blocks(request, svc.settings.request_timeout):
        received += len(block)
        if received > limit:
            raise TooLarge(f"A store request may have {limit} bytes; send fewer instances at a time.")
        blocks.append(block)
        held += len(block)
        if held >= BLOCK:
            await svc.work.run(reception.feed, b"".join(blocks))
            blocks.clear()
            held = 0
    return b"".join(blocks)


async def _blocks(request: Request, patience_s: float) -> AsyncIterator[bytes]:
    """Give the body as it comes.

    Raises:
        RequestTimeout: nothing came for so long.
        ClientDisconnect: the client has gone.
    """
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(patience_s):
                block = await anext(stream, None)
        except TimeoutError:
            raise RequestTimeout("The rest of the request did not come in time.") from None
        if block is None:
            return
        yield block


def _source(svc: Service, principal: Principal, study: str) -> Source:
    """Name the owner of what arrives: the configured facility, or the sender's own where that is out of its reach."""
    own = facilities.number(svc.archive.index, svc.archive.settings.facility)
    reach = permission.reach(principal)
    if reach is not None and own not in reach:
        if not reach:
            raise Forbidden("You may not store for any facility.")
        own = min(reach)
    return Source(
        kind="stow",
        ae_title="",
        address=principal.address,
        facility_id=own,
        context=f"{principal.kind} {principal.name} {principal.address} {int(time.time() // _AUDIT_S)}",
        study_instance_uid=study,
    )


def _reader(content_type: MediaType) -> tuple[MultipartReader | None, bool]:
    """How the body is cut into parts, if it is; and whether it is metadata, perhaps with bulk data."""
    content = content_type.content
    if content not in (DICOM, "*/*") and content not in METADATA:
        raise UnsupportedMediaType(f'Send multipart/related; type="{DICOM}", "{DICOM_JSON}" or "{DICOM_XML}".')
    reader = MultipartReader(content_type.parameters.get("boundary", "")) if content_type.multipart else None
    if reader is None and content == "*/*":
        raise UnsupportedMediaType("Say which media type the body is of.")
    return reader, content in METADATA
