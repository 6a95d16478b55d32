"""The study list and the thin manifest of a study, for the viewer: ``/api/studies``."""

import gzip
import re
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.documents import history_json, manifest_json, page_json
from pacs.api.page import answer
from pacs.web.authentication import principal_of
from pacs.web.headers import accepts_gzip
from pacs.web.purpose import viewing
from pacs.web.service import Service, service
from storage.archive.opening import open_study
from storage.archive.patient_history import patient_history
from storage.archive.query import StudyFilter, count_studies, list_studies, study_manifest
from storage.dicom.part10 import valid_uid
from storage.errors import InvalidQuery, InvalidRequest

MOST_ROWS = 500
_DATE = re.compile(r"[0-9]{8}")
_MODALITY = re.compile(r"[A-Z0-9 _]{1,16}")
_FACILITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CHOICES = {"state": ("", "arriving", "unopened", "opened"), "order": ("received", "patient", "date")}
_DIRECTIONS = ("descending", "ascending")
_WORTH_COMPRESSING = 1024

router = APIRouter(prefix="/api/studies")


@router.get("")
async def studies(request: Request) -> Response:
    """Give a page of the studies that match, the latest change first."""
    svc = service(request)
    return _answer(request, await svc.work.run(_list, request, svc, read_filter(dict(request.query_params))))


@router.get("/count")
async def count(request: Request) -> Response:
    """Give how many studies match, exactly: for a list that is scrolled as a whole."""
    svc = service(request)
    return answer(await svc.work.run(_count, request, svc, read_filter(dict(request.query_params))))


@router.get("/{study}/history")
async def history(request: Request, study: str) -> Response:
    """Give the other studies of the patient, the latest first."""
    svc = service(request)
    return _answer(request, await svc.work.run(_history, request, svc, study))


@router.put("/{study}/opened")
async def opened(request: Request, study: str) -> Response:
    """Note that the person has opened the study."""
    svc = service(request)
    await svc.work.run(_opened, request, svc, study)
    return Response(status_code=204)


@router.get("/{study}/manifest")
async def manifest(request: Request, study: str) -> Response:
    """Give what a viewer needs to lay a study out: its series and images, without their headers."""
    svc = service(request)
    return _answer(request, await svc.work.run(_manifest, request, svc, study))


def read_filter(query: dict[str, str]) -> StudyFilter:
    """Read the query parameters of the list.

    Raises:
        InvalidQuery: one of them is malformed.
    """
    modalities = [part.strip().upper() for part in query.get("modality", "").split(",") if part.strip()]
    if len(modalities) > 32 or not all(_MODALITY.fullmatch(one) for one in modalities):
        raise InvalidQuery("modality must be modalities with commas between.")
    facilities = [part for part in query.get("facility", "").split(",") if part]
    if len(facilities) > 64 or not all(map(_FACILITY.fullmatch, facilities)):
        raise InvalidQuery("facility must be codes of facilities with commas between.")
    text = query.get("q", "").strip()
    if len(text) > 256:
        raise InvalidQuery("q must be at most 256 characters.")
    return StudyFilter(
        text=text,
        modalities=tuple(modalities),
        date_from=_date(query, "date_from"),
        date_to=_date(query, "date_to"),
        limit=_whole(query, "limit", 50, MOST_ROWS),
        offset=_whole(query, "offset", 0, 10**9),
        facilities=tuple(facilities),
        state=_choice(query, "state", _CHOICES["state"]),
        order=_choice(query, "order", _CHOICES["order"]),
        descending=_choice(query, "direction", _DIRECTIONS) == "descending",
    )


def _choice(query: dict[str, str], name: str, choices: tuple[str, ...]) -> Any:
    value = query.get(name) or choices[0]
    if value not in choices:
        raise InvalidQuery(f"{name} must be one of {', '.join(filter(None, choices))}.")
    return value


def _date(query: dict[str, str], name: str) -> str:
    value = query.get(name, "")
    if value and not _DATE.fullmatch(value):
        raise InvalidQuery(f"{name} must be a date as YYYYMMDD.")
    return value


def _whole(query: dict[str, str], name: str, default: int, most: int) -> int:
    value = query.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,10}", value) or int(value) > most:
        raise InvalidQuery(f"{name} must be a whole number up to {most}.")
    return int(value)


def _list(request: Request, svc: Service, wanted: StudyFilter) -> bytes:
    return page_json(list_studies(svc.archive, wanted, principal_of(request, svc.archive, svc.settings)))


def _count(request: Request, svc: Service, wanted: StudyFilter) -> bytes:
    total = count_studies(svc.archive, wanted, principal_of(request, svc.archive, svc.settings))
    return orjson.dumps({"total": total})


def _manifest(request: Request, svc: Service, study: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return manifest_json(study_manifest(svc.archive, _uid(study), principal, viewing(request)))


def _history(request: Request, svc: Service, study: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return history_json(patient_history(svc.archive, _uid(study), principal))


def _opened(request: Request, svc: Service, study: str) -> None:
    open_study(svc.archive, _uid(study), principal_of(request, svc.archive, svc.settings))


def _uid(text: str) -> str:
    if not valid_uid(text):
        raise InvalidRequest("The UID in the address is malformed.")
    return text


def _answer(request: Request, body: bytes) -> Response:
    headers = {"Cache-Control": "private, no-store", "Vary": "Accept-Encoding"}
    if len(body) >= _WORTH_COMPRESSING and accepts_gzip(request):
        body = gzip.compress(body, 4)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)
