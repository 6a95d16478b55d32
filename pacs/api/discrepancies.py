"""Where what arrived contradicts what is kept, for administrators: ``/api/discrepancies``."""

import re
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer, whole
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.service import Service, service
from storage.archive import discrepancy
from storage.archive.discrepancy import State, Wanted
from storage.dicom.part10 import valid_uid
from storage.errors import InvalidQuery, InvalidRequest, NotFound
from storage.index.discrepancies import Row

_STATES = {"open": "open", "dismissed": "dismissed", "all": None}
_KINDS = ("patient", "study", "series")
_SETTLED: dict[str, State] = {"open": "open", "dismissed": "dismissed"}
_ID = re.compile(r"[0-9]{1,18}")
_STUDY = (
    *("study_instance_uid", "patient_name", "patient_id", "issuer_of_patient_id", "patient_birth_date"),
    *("study_date", "study_description"),
)

router = APIRouter(prefix="/api/discrepancies")


@router.get("")
async def discrepancies(request: Request) -> Response:
    """Give a page of the discrepancies that match, last seen first."""
    svc = service(request)
    query = dict(request.query_params)
    page = whole(query, "limit", 50, discrepancy.MOST_ROWS), whole(query, "offset", 0, 10**9)
    return answer(await svc.work.run(_list, request, svc, read_wanted(query), *page))


@router.post("/{identity}")
async def settle(request: Request, identity: str) -> Response:
    """Dismiss or reopen one."""
    svc = service(request)
    if not _ID.fullmatch(identity):
        raise NotFound("There is no such discrepancy.")
    body = await read_json_object(request)
    state = _SETTLED.get(text_of(body, "state", 16))
    if state is None:
        raise InvalidRequest("state must be dismissed or open.")
    note = text_of(body, "note", discrepancy.LONGEST_NOTE) if "note" in body else ""
    return answer(await svc.work.run(_settle, request, svc, int(identity), state, note))


def read_wanted(query: dict[str, str]) -> Wanted:
    """Read the query parameters of the list.

    Raises:
        InvalidQuery: one of them is malformed.
    """
    state, kind, study = (
        query.get(name, default) for name, default in (("state", "open"), ("kind", ""), ("study", ""))
    )
    if state not in _STATES:
        raise InvalidQuery("state must be open, dismissed or all.")
    if kind and kind not in _KINDS:
        raise InvalidQuery("kind must be patient, study or series.")
    if study and not valid_uid(study):
        raise InvalidQuery("study must be a Study Instance UID.")
    return Wanted(_STATES[state], kind or None, study or None)


def discrepancy_json(row: Row) -> dict[str, Any]:
    """One discrepancy."""
    series = None
    if row["series_instance_uid"] is not None:
        names = ("series_instance_uid", "modality", "series_number", "series_description")
        series = {name: row[name] for name in names}
    return {
        "id": row["id"],
        "kind": row["kind"],
        "state": row["state"],
        "attribute": row["attribute"],
        "kept": row["kept"],
        "arrived": row["arrived"],
        "number_of_instances": row["number_of_instances"],
        "first_seen_at": row["first_seen_at"],
        "last_seen_at": row["last_seen_at"],
        "study": _study(row, ""),
        "series": series,
        "other_study": _study(row, "other_") if row["other_study_instance_uid"] is not None else None,
        "dismissed_at": row["dismissed_at"],
        "dismissed_by": row["dismissed_by"],
        "note": row["note"],
    }


def _study(row: Row, prefix: str) -> dict[str, Any]:
    return {
        **{name: row[f"{prefix}{name}"] for name in _STUDY},
        "modalities": [part for part in row[f"{prefix}modalities_in_study"].split("\\") if part],
        "facility": {"code": row[f"{prefix}facility_code"], "name": row[f"{prefix}facility_name"]},
    }


def _list(request: Request, svc: Service, wanted: Wanted, limit: int, offset: int) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    page = discrepancy.listed(svc.archive, wanted, principal, limit, offset)
    return orjson.dumps({"total": page.total, "discrepancies": [discrepancy_json(row) for row in page.rows]})


def _settle(request: Request, svc: Service, identity: int, state: State, note: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(discrepancy_json(discrepancy.settle(svc.archive, identity, state, note, principal)))
