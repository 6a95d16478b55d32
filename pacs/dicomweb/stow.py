"""Store transaction, STOW-RS: Part 10 instances in a multipart message or bare (PS3.18 §10.5)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb.media_type import MediaType, acceptable, parse_one
from pacs.dicomweb.multipart import MultipartReader
from pacs.dicomweb.negotiation import DICOM, require
from pacs.dicomweb.reception import Failure, Reception
from pacs.web.authentication import principal_of
from pacs.web.errors import RETRY_AFTER_S, RequestTimeout, UnsupportedMediaType, request_id
from pacs.web.headers import base_url
from pacs.web.resource import ROOT, instance_path, study_path, uid
from pacs.web.service import Service, service
from storage.access import facilities, permission
from storage.access.principal import Action, Principal
from storage.archive.ingest import Receipt, Source
from storage.errors import Forbidden, OutOfResources, StoreUnavailable, TooLarge

BLOCK = 1024 * 1024
DICOM_JSON = "application/dicom+json"

router = APIRouter(prefix=ROOT)


@router.post("/studies")
@router.post("/studies/{study}")
async def store(request: Request, study: str | None = None) -> Response:
    """Store the instances of the body; those of a study's own resource must belong to it."""
    svc = service(request)
    principal = await svc.work.run(_may_store, request, svc)
    require(acceptable(request.headers.get("accept", "")), DICOM_JSON, "application/json")
    reader = _reader(parse_one(request.headers.get("content-type", "")))
    base = base_url(request, svc.settings)
    source = await svc.work.run(_source, svc, principal, request_id(request), uid(study) if study else "")
    code = await svc.work.run(facilities.code, svc.archive.index, source.facility_id)
    reception = Reception(svc.archive, principal, source, reader, request_id(request), code)
    try:
        await _receive(request, svc, reception)
        await svc.work.run(reception.close)
    finally:
        # Also when the client has gone or the request is cancelled: no half-written file stays.
        svc.work.later(reception.abandon)
    return _answer(reception, base)


async def _receive(request: Request, svc: Service, reception: Reception) -> None:
    """Pass the body on in blocks of about a megabyte, one thread hop each."""
    limit = svc.settings.maximum_request_bytes
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"A store request may have {limit} bytes; send fewer instances at a time.")
    buffer = bytearray()
    received = 0
    async for block in _blocks(request, svc.settings.request_timeout):
        received += len(block)
        if received > limit:
            raise TooLarge(f"A store request may have {limit} bytes; send fewer instances at a time.")
        buffer += block
        if len(buffer) >= BLOCK:
            await svc.work.run(reception.feed, bytes(buffer))
            buffer.clear()
    if buffer:
        await svc.work.run(reception.feed, bytes(buffer))


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


def _may_store(request: Request, svc: Service) -> Principal:
    principal = principal_of(request, svc.archive, svc.settings)
    permission.may_anywhere(principal, Action.STORE)
    return principal


def _source(svc: Service, principal: Principal, context: str, study: str) -> Source:
    """Name the owner of what arrives: the configured facility, or the sender's own where that is out of its reach."""
    own = facilities.get_or_create(svc.archive.index, svc.archive.settings.facility).id
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
        context=context,
        study_instance_uid=study,
    )


def _reader(content_type: MediaType) -> MultipartReader | None:
    if content_type.multipart:
        if content_type.content not in (DICOM, "*/*"):
            raise UnsupportedMediaType(f'Send multipart/related; type="{DICOM}".')
        return MultipartReader(content_type.parameters.get("boundary", ""))
    if content_type.name == DICOM:
        return None
    raise UnsupportedMediaType(f'Send multipart/related; type="{DICOM}" or {DICOM}.')


def _answer(reception: Reception, base: str) -> Response:
    """Build the Store Instances Response (PS3.18 §10.5.3, Annex I)."""
    body: dict[str, Any] = {}
    studies = {one.study_instance_uid for one in reception.stored}
    if len(studies) == 1:
        body["00081190"] = {"vr": "UR", "Value": [base + study_path(studies.pop())]}
    if reception.stored:
        body["00081199"] = {"vr": "SQ", "Value": [_stored(one, base) for one in reception.stored]}
    named = [one for one in reception.failed if one.sop_instance_uid]
    if named:
        body["00081198"] = {"vr": "SQ", "Value": [_failed(one) for one in named]}
    nameless = [one for one in reception.failed if not one.sop_instance_uid]
    if nameless:
        body["0008119A"] = {"vr": "SQ", "Value": [_failed(one) for one in nameless]}
    status = _status(reception)
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
    headers["Cache-Control"] = "no-store"
    return Response(orjson.dumps(body), status, media_type=DICOM_JSON, headers=headers)


def _status(reception: Reception) -> int:
    """200 all stored, 202 some, 409 none; 503 when trying again may help and 403 when none is allowed."""
    if not reception.failed:
        return 200
    if reception.stored:
        return 202
    errors = [one.error for one in reception.failed]
    if all(isinstance(error, OutOfResources | StoreUnavailable) for error in errors):
        return 503
    if all(isinstance(error, Forbidden) for error in errors):
        return 403
    return 409


def _stored(one: Receipt, base: str) -> dict[str, Any]:
    path = instance_path(one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid)
    return {
        "00081150": {"vr": "UI", "Value": [one.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [one.sop_instance_uid]},
        "00081190": {"vr": "UR", "Value": [base + path]},
    }


def _failed(one: Failure) -> dict[str, Any]:
    """One item; the reason in words goes into Error Comment (0000,0902), as other archives do."""
    found: dict[str, Any] = {"00081197": {"vr": "US", "Value": [one.reason]}}
    if one.sop_class_uid:
        found["00081150"] = {"vr": "UI", "Value": [one.sop_class_uid]}
    if one.sop_instance_uid:
        found["00081155"] = {"vr": "UI", "Value": [one.sop_instance_uid]}
    found["00000902"] = {"vr": "LO", "Value": [one.comment]}
    return found
