"""Files that could not be kept in their place, for administrators: ``/api/quarantine``."""

import re
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from pacs.api.page import answer, whole
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.service import Service, service
from storage.archive import Archive, quarantine
from storage.archive.quarantine_entry import Kind
from storage.errors import InvalidQuery, NotFound
from storage.index.quarantine import Row

_KINDS: dict[str, Kind | None] = {"": None, "conflict": "conflict", "damaged": "damaged"}
_ID = re.compile(r"[0-9]{1,18}")
_AS_THEY_ARE = (
    *("id", "kind", "state", "reason", "received_at", "last_received_at", "times_received", "node", "host"),
    *("sop_instance_uid", "sop_class_uid", "series_instance_uid", "study_instance_uid", "patient_name", "patient_id"),
    *("transfer_syntax_uid", "size", "dataset_sha256", "kept_dataset_sha256"),
    *("resolved_at", "resolved_by", "note"),
)
_KEPT = (
    *("study_instance_uid", "series_instance_uid", "sop_instance_uid", "patient_name", "patient_id", "received_at"),
    *("source_ae_title", "size", "transfer_syntax_uid", "dataset_sha256"),
)

router = APIRouter(prefix="/api/quarantine")


@router.get("")
async def entries(request: Request) -> Response:
    """Give a page of the open entries, newest first."""
    svc = service(request)
    query = dict(request.query_params)
    kind = query.get("kind", "")
    if kind not in _KINDS:
        raise InvalidQuery("kind must be conflict or damaged.")
    page = whole(query, "limit", 50, quarantine.MOST_ROWS), whole(query, "offset", 0, 10**9)
    return answer(await svc.work.run(_list, request, svc, _KINDS[kind], *page))


@router.get("/{identity}")
async def entry(request: Request, identity: str) -> Response:
    """Give one entry, beside what is kept under its UID."""
    svc = service(request)
    return answer(await svc.work.run(_show, request, svc, _identity(identity)))


@router.get("/{identity}/file")
async def file(request: Request, identity: str) -> Response:
    """Give the file byte for byte."""
    svc = service(request)
    number = _identity(identity)
    return FileResponse(
        await svc.work.run(_file, request, svc, number),
        media_type="application/dicom",
        filename=f"quarantine-{number}.dcm",
        headers={"Cache-Control": "private, no-store"},
    )


@router.delete("/{identity}")
async def discard(request: Request, identity: str) -> Response:
    """Remove the file for good."""
    svc = service(request)
    body = await read_json_object(request)
    reason = text_of(body, "reason", quarantine.LONGEST_REASON)
    await svc.work.run(_discard, request, svc, _identity(identity), reason)
    return Response(status_code=204)


@router.post("/{identity}/retry")
async def retry(request: Request, identity: str) -> Response:
    """Try to keep the file once more."""
    svc = service(request)
    return answer(await svc.work.run(_retry, request, svc, _identity(identity)))


def entry_json(archive: Archive, row: Row) -> dict[str, Any]:
    """One entry."""
    facility = {"code": row["facility_code"], "name": row["facility_name"]} if row["facility_code"] else None
    return {
        **{name: row[name] for name in _AS_THEY_ARE},
        "last_received_at": row["last_received_at"] or row["received_at"],
        "here": quarantine.is_here(archive, row),
        "source": {
            "kind": row["source_kind"],
            "ae_title": row["source_ae_title"],
            "address": row["source_address"],
        },
        "facility": facility,
    }


def comparison_json(found: quarantine.Comparison | None) -> dict[str, Any] | None:
    """How an entry differs from what is kept."""
    if found is None:
        return None
    return {
        "kept": {name: found.kept[name] for name in _KEPT},
        "differences": [
            {"path": one.path, "keyword": one.keyword, "vr": one.vr, "kept": one.first, "quarantined": one.second}
            for one in found.differences
        ],
        "truncated": found.truncated,
        "pixel_data": found.pixel_data,
    }


def _identity(text: str) -> int:
    if not _ID.fullmatch(text):
        raise NotFound("There is no such quarantined file.")
    return int(text)


def _list(request: Request, svc: Service, kind: Kind | None, limit: int, offset: int) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    page = quarantine.listed(svc.archive, principal, kind, limit, offset)
    return orjson.dumps(
        {
            "total": page.total,
            "bytes": page.bytes,
            "maximum_bytes": svc.archive.settings.maximum_quarantine_bytes,
            "quarantine": [entry_json(svc.archive, row) for row in page.rows],
        }
    )


def _show(request: Request, svc: Service, identity: int) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    row, comparison, note = quarantine.show(svc.archive, identity, principal)
    body = entry_json(svc.archive, row)
    return orjson.dumps({**body, "comparison": comparison_json(comparison), "comparison_note": note})


def _file(request: Request, svc: Service, identity: int) -> Path:
    return quarantine.open_file(svc.archive, identity, principal_of(request, svc.archive, svc.settings))[1]


def _discard(request: Request, svc: Service, identity: int, reason: str) -> None:
    quarantine.discard(svc.archive, identity, reason, principal_of(request, svc.archive, svc.settings))


def _retry(request: Request, svc: Service, identity: int) -> bytes:
    receipt = quarantine.retry(svc.archive, identity, principal_of(request, svc.archive, svc.settings))
    return orjson.dumps(
        {
            "study_instance_uid": receipt.study_instance_uid,
            "series_instance_uid": receipt.series_instance_uid,
            "sop_instance_uid": receipt.sop_instance_uid,
            "duplicate": receipt.duplicate,
            "warnings": receipt.warnings,
        }
    )
