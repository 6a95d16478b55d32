"""What was granted to linked sites, and emergency accesses to review: ``/api/grants``."""

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer, number, whole
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.service import Service, service
from storage.access import permission
from storage.access.principal import Action
from storage.archive import emergency, grant, site
from storage.archive.grant import Paper, Wanted
from storage.errors import InvalidRequest

_LARGEST_BODY = grant.LARGEST_DOCUMENT * 4 // 3 + 64 * 1024
_TEXTS = {"study_instance_uid": 64, "patient_id": 256, "note": grant.LONGEST_NOTE}
_WORDS = {"site_id": 32, "scope": 16, "purpose": 16, "basis": 16}

router = APIRouter(prefix="/api/grants")


@router.get("")
async def grants(request: Request) -> Response:
    """Give the newest first: of one ``kind`` (grant, emergency) and ``state`` (open, ended, unreviewed)."""
    svc = service(request)
    query = dict(request.query_params)
    wanted = query.get("kind", "")[:16], query.get("state", "")[:16], whole(query, "limit", 100, grant.MOST_ROWS)
    return answer(await svc.work.run(_list, request, svc, *wanted))


@router.get("/choices")
async def choices(request: Request) -> Response:
    """Give the sites that something can be granted to."""
    svc = service(request)
    return answer(await svc.work.run(_choices, request, svc))


@router.post("")
async def give(request: Request) -> Response:
    """Grant a study, or a patient's studies, to a site."""
    svc = service(request)
    # Whoever may not is told before ten megabytes are read.
    await svc.work.run(_require, request, svc)
    wanted = read_wanted(await read_json_object(request, _LARGEST_BODY))
    made = answer(await svc.work.run(_give, request, svc, wanted))
    made.status_code = 201
    return made


@router.post("/{key}/revoke")
async def revoke(request: Request, key: str) -> Response:
    """End a grant at once, with a reason."""
    svc = service(request)
    reason = text_of(await read_json_object(request), "reason", grant.LONGEST_NOTE)
    await svc.work.run(_revoke, request, svc, number(key), reason)
    return Response(status_code=204)


@router.post("/{key}/review")
async def review(request: Request, key: str) -> Response:
    """Say whether an emergency access was justified."""
    svc = service(request)
    body = await read_json_object(request)
    verdict, note = text_of(body, "verdict", 16), text_of(body, "note", 1000)
    await svc.work.run(_review, request, svc, number(key), verdict, note)
    return Response(status_code=204)


@router.get("/{key}/paper")
async def paper(request: Request, key: str) -> Response:
    """Give the paper that a grant rests on, to be kept as a file."""
    svc = service(request)
    name, media_type, content = await svc.work.run(_paper, request, svc, number(key))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "sandbox",
    }
    return Response(content, media_type=media_type, headers=headers)


def grant_json(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """One grant; names of labelled columns are of a class that JSON does not take for a text."""
    hidden = ("site_fk", "facility_id", "study_date")
    open_ = row["revoked_at"] is None and row["valid_until"] > now
    return {str(name): value for name, value in row.items() if name not in hidden} | {"open": open_}


def read_wanted(body: dict[str, Any]) -> Wanted:
    """What a body wants granted.

    Raises:
        InvalidRequest: a member is missing, unknown or of another type.
    """
    if not body.keys() <= {*_TEXTS, *_WORDS, "may_copy", "valid_until", "paper"}:
        raise InvalidRequest(f"A grant has {', '.join((*_WORDS, *_TEXTS, 'may_copy', 'valid_until', 'paper'))}.")
    may_copy = body.get("may_copy", False)
    if not isinstance(may_copy, bool):
        raise InvalidRequest("may_copy must be true or false.")
    texts = {name: text_of(body, name, longest) if name in body else "" for name, longest in _TEXTS.items()}
    words = {name: text_of(body, name, longest) for name, longest in _WORDS.items()}
    until = _moment(text_of(body, "valid_until", 40))
    return Wanted(**words, **texts, may_copy=may_copy, valid_until=until, paper=_read_paper(body.get("paper")))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest("valid_until must be a time such as 2027-01-31T23:59:59+07:00.") from None
    if found.tzinfo is None:
        raise InvalidRequest("valid_until must name its time zone.")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise InvalidRequest("valid_until is no time that a clock shows.") from None


def _read_paper(found: object) -> Paper | None:
    if found is None:
        return None
    if not isinstance(found, dict) or found.keys() != {"name", "content"}:
        raise InvalidRequest("paper holds name and content.")
    try:
        content = base64.b64decode(text_of(found, "content", _LARGEST_BODY), validate=True)
    except ValueError:
        raise InvalidRequest("The content of the paper must be base64.") from None
    return Paper(text_of(found, "name", 255), content)


def _require(request: Request, svc: Service) -> None:
    permission.may_anywhere(principal_of(request, svc.archive, svc.settings), Action.GRANT)


def _list(request: Request, svc: Service, kind: str, state: str, limit: int) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    now = datetime.now(UTC)
    found = grant.page(svc.archive, principal, kind=kind, state=state, limit=limit)
    return orjson.dumps({"grants": [grant_json(row, now) for row in found]})


def _choices(request: Request, svc: Service) -> bytes:
    _require(request, svc)
    found = site.linked(svc.archive)
    return orjson.dumps(
        {"sites": [{"site_id": one.site_id, "name": one.name, "facility_code": one.facility_code} for one in found]}
    )


def _give(request: Request, svc: Service, wanted: Wanted) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(grant_json(grant.give(svc.archive, wanted, principal), datetime.now(UTC)))


def _revoke(request: Request, svc: Service, key: int, reason: str) -> None:
    grant.revoke(svc.archive, key, reason, principal_of(request, svc.archive, svc.settings))


def _review(request: Request, svc: Service, key: int, verdict: str, note: str) -> None:
    emergency.review(svc.archive, key, verdict, note, principal_of(request, svc.archive, svc.settings))


def _paper(request: Request, svc: Service, key: int) -> tuple[str, str, bytes]:
    return grant.paper(svc.archive, key, principal_of(request, svc.archive, svc.settings))
