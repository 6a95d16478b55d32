"""Printed films that nobody knows the patient of, for whoever files them: ``/api/tray``."""

import re
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer, whole
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.service import Service, service
from storage.archive import film_tray
from storage.archive.film_tray import NewStudy, Shown, TrayFilm
from storage.errors import InvalidQuery, NotFound
from storage.index.films import Row

_ID = re.compile(r"[0-9]{1,18}")
_SHOWN: dict[str, Shown] = {"open": "open", "settled": "settled"}
_AS_THEY_ARE = (
    *("id", "state", "reason", "ae_title", "address", "printed_at", "display_format", "size_id", "number_of_images"),
    *("bytes", "study_instance_uid", "settled_at", "note"),
)
_STUDY = (
    *("study_instance_uid", "patient_name", "patient_id", "patient_birth_date", "patient_sex", "study_date"),
    *("study_time", "accession_number", "study_description"),
)
_TYPED = ("patient_birth_date", "patient_sex", "accession_number", "study_description")
_LONGEST = 256

router = APIRouter(prefix="/api/tray")


@router.get("")
async def films(request: Request) -> Response:
    """Give a page of the films that wait, or of those that are settled, newest first."""
    svc = service(request)
    query = dict(request.query_params)
    shown = _SHOWN.get(query.get("state", "open"))
    if shown is None:
        raise InvalidQuery("state must be open or settled.")
    page = whole(query, "limit", 50, film_tray.MOST_ROWS), whole(query, "offset", 0, 10**9)
    return answer(await svc.work.run(_list, request, svc, shown, *page))


@router.get("/count")
async def count(request: Request) -> Response:
    """Give how many films wait."""
    svc = service(request)
    return answer(await svc.work.run(_count, request, svc))


@router.get("/{identity}")
async def film(request: Request, identity: str) -> Response:
    """Give one film, with the studies it may belong to."""
    svc = service(request)
    return answer(await svc.work.run(_show, request, svc, _identity(identity)))


@router.get("/{identity}/picture")
async def picture(request: Request, identity: str) -> Response:
    """Give the film as laid out, as PNG."""
    svc = service(request)
    side = whole(dict(request.query_params), "side", 1024, film_tray.LARGEST_SIDE)
    body = await svc.work.pixels(_picture, request, svc, _identity(identity), max(side, film_tray.SMALLEST_SIDE))
    return Response(body, media_type="image/png", headers={"Cache-Control": "private, no-store"})


@router.post("/{identity}/file")
async def file(request: Request, identity: str) -> Response:
    """File the film into a study, or as a study of its own."""
    svc = service(request)
    body = await read_json_object(request)
    number = _identity(identity)
    if "study_instance_uid" in body:
        study: str | NewStudy = text_of(body, "study_instance_uid", 64)
    else:
        typed = {name: text_of(body, name, _LONGEST) for name in _TYPED if name in body}
        name, patient_id = (text_of(body, one, _LONGEST) for one in ("patient_name", "patient_id"))
        study = NewStudy(name, patient_id, **typed)
    return answer(await svc.work.pixels(_file, request, svc, number, study))


@router.delete("/{identity}")
async def discard(request: Request, identity: str) -> Response:
    """Throw the film away for good."""
    svc = service(request)
    body = await read_json_object(request)
    reason = text_of(body, "reason", film_tray.LONGEST_REASON)
    await svc.work.run(_discard, request, svc, _identity(identity), reason)
    return Response(status_code=204)


def film_json(row: Row) -> dict[str, Any]:
    """One film."""
    return {
        **{name: row[name] for name in _AS_THEY_ARE},
        "texts": [text for text in row["texts"].split("\n") if text],
        "filed_by": row["filed_by"] if row["filed_by_kind"] != "ae" else "",
        "facility": {"code": row["facility_code"], "name": row["facility_name"]},
    }


def _identity(text: str) -> int:
    if not _ID.fullmatch(text):
        raise NotFound("There is no such film.")
    return int(text)


def _list(request: Request, svc: Service, shown: Shown, limit: int, offset: int) -> bytes:
    tray = film_tray.listed(svc.archive, principal_of(request, svc.archive, svc.settings), shown, limit, offset)
    return orjson.dumps({"total": tray.total, "films": [film_json(row) for row in tray.rows]})


def _count(request: Request, svc: Service) -> bytes:
    found = film_tray.waiting(svc.archive, principal_of(request, svc.archive, svc.settings))
    return orjson.dumps({"waiting": found})


def _show(request: Request, svc: Service, identity: int) -> bytes:
    found: TrayFilm = film_tray.show(svc.archive, identity, principal_of(request, svc.archive, svc.settings))
    candidates = [
        {
            **{name: study[name] for name in _STUDY},
            "modalities": [part for part in study["modalities_in_study"].split("\\") if part],
            "is_named": study["study_instance_uid"] in found.named,
        }
        for study in found.candidates
    ]
    return orjson.dumps({**film_json(found.row), "proposal": vars(found.proposal), "candidates": candidates})


def _picture(request: Request, svc: Service, identity: int, side: int) -> bytes:
    return film_tray.picture(svc.archive, identity, principal_of(request, svc.archive, svc.settings), side)


def _file(request: Request, svc: Service, identity: int, study: str | NewStudy) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    if isinstance(study, str):
        uid = film_tray.file_into(svc.archive, identity, study, principal)
    else:
        uid = film_tray.file_as(svc.archive, identity, study, principal)
    return orjson.dumps({"study_instance_uid": uid})


def _discard(request: Request, svc: Service, identity: int, reason: str) -> None:
    film_tray.discard(svc.archive, identity, reason, principal_of(request, svc.archive, svc.settings))
