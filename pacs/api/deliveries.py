"""What is owed to other machines: instances, news of them, results of commitments: ``/api/deliveries``."""

import re
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer, whole
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.service import Service, service
from storage.archive import delivery_list, routing
from storage.archive.delivery import State
from storage.dicom.part10 import valid_uid
from storage.errors import InvalidQuery, InvalidRequest, NotFound
from storage.index.deliveries import Row

_ID = re.compile(r"[0-9]{1,18}")
_STATES: dict[str, State | None] = {"": None, **{state: state for state in delivery_list.STATES}}
_AS_THEY_ARE = (
    *("id", "kind", "ae_title", "subject", "send_hours", "state", "attempts", "next_at", "error"),
    *("created_at", "updated_at", "finished_at", "is_active"),
)
_STUDY = ("patient_name", "patient_id", "study_description", "study_date", "facility_code")

router = APIRouter(prefix="/api/deliveries")


@router.get("")
async def deliveries(request: Request) -> Response:
    """Give a page of them: what failed and waits first."""
    svc = service(request)
    query = dict(request.query_params)
    state = query.get("state", "")
    if state not in _STATES:
        raise InvalidQuery(f"state must be one of {', '.join(delivery_list.STATES)}.")
    page = whole(query, "limit", 50, delivery_list.MOST_ROWS), whole(query, "offset", 0, 10**9)
    return answer(await svc.work.run(_list, request, svc, _STATES[state], query.get("ae_title", "")[:16], *page))


@router.post("")
async def send(request: Request) -> Response:
    """Owe a whole study to a machine."""
    svc = service(request)
    body = await read_json_object(request)
    study, ae_title = text_of(body, "study_instance_uid", 64), text_of(body, "ae_title", 16)
    if not valid_uid(study):
        raise InvalidRequest("study_instance_uid must be a Study Instance UID.")
    made = answer(await svc.work.run(_send, request, svc, study, ae_title))
    made.status_code = 202
    return made


@router.get("/{identity}")
async def delivery(request: Request, identity: str) -> Response:
    """Give one, with what was refused."""
    svc = service(request)
    return answer(await svc.work.run(_show, request, svc, _identity(identity)))


@router.post("/{identity}/retry")
async def retry(request: Request, identity: str) -> Response:
    """Try it again now."""
    svc = service(request)
    await svc.work.run(_retry, request, svc, _identity(identity))
    return Response(status_code=204)


@router.delete("/{identity}")
async def cancel(request: Request, identity: str) -> Response:
    """Give it up."""
    svc = service(request)
    await svc.work.run(_cancel, request, svc, _identity(identity))
    return Response(status_code=204)


def delivery_json(row: Row) -> dict[str, Any]:
    """One delivery; ``instances`` is a number by state."""
    tally = row["instances"]
    study = {name: row.get(name) or "" for name in _STUDY}
    return {
        **{name: row[name] for name in _AS_THEY_ARE},
        "instances": {state: tally.get(state, 0) for state in ("waiting", "sent", "refused")},
        "study": study if row.get("facility_code") else None,
    }


def _identity(text: str) -> int:
    if not _ID.fullmatch(text):
        raise NotFound("There is no such delivery.")
    return int(text)


def _list(request: Request, svc: Service, state: State | None, ae_title: str, limit: int, offset: int) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    page = delivery_list.listed(svc.archive, principal, state=state, ae_title=ae_title, limit=limit, offset=offset)
    return orjson.dumps(
        {
            "total": page.total,
            "states": {name: page.states.get(name, 0) for name in delivery_list.STATES},
            "deliveries": [delivery_json(row) for row in page.rows],
        }
    )


def _show(request: Request, svc: Service, identity: int) -> bytes:
    row = delivery_list.show(svc.archive, identity, principal_of(request, svc.archive, svc.settings))
    return orjson.dumps({**delivery_json(row), "refused": row["refused"]})


def _send(request: Request, svc: Service, study: str, ae_title: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps({"id": routing.send(svc.archive, study, ae_title, principal)})


def _retry(request: Request, svc: Service, identity: int) -> None:
    delivery_list.retry(svc.archive, identity, principal_of(request, svc.archive, svc.settings))


def _cancel(request: Request, svc: Service, identity: int) -> None:
    delivery_list.cancel(svc.archive, identity, principal_of(request, svc.archive, svc.settings))
