"""Orders: what is to be done, for whom, on which machine, and what became of it: ``/api/orders``."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer, whole
from pacs.web.authentication import principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.service import Service, service
from storage.access import permission
from storage.access.ae import everything
from storage.access.principal import Action
from storage.archive import order as use_case
from storage.archive.order_row import Order
from storage.archive.performed_step import decode
from storage.dicom import performed_step as performed_rules
from storage.dicom.order import PRIORITIES, State
from storage.dicom.part10 import valid_uid
from storage.dicom.work_item import text
from storage.errors import InvalidQuery, InvalidRequest, NotFound
from storage.index.orders import Wanted

_ID = re.compile(r"[0-9]{1,15}")
_DATE = re.compile(r"[0-9]{8}")
_MODALITY = re.compile(r"[A-Z0-9_ ]{1,16}")
_LARGEST_BODY = 256 * 1024

router = APIRouter(prefix="/api/orders")


@router.get("")
async def orders(request: Request) -> Response:
    """Give a page of the orders that match, by the time they are scheduled, and how many are in each state."""
    svc = service(request)
    query = dict(request.query_params)
    page = whole(query, "limit", 50, use_case.MOST_ROWS), whole(query, "offset", 0, 10**9)
    return answer(await svc.work.run(_list, request, svc, read_wanted(query), *page))


@router.post("")
async def create(request: Request) -> Response:
    """Make an order."""
    svc = service(request)
    made = answer(await svc.work.run(_create, request, svc, await read_json_object(request, _LARGEST_BODY)))
    made.status_code = 201
    return made


@router.get("/choices")
async def choices(request: Request) -> Response:
    """Give what an order can be given: the machines that read the worklist, and the priorities."""
    svc = service(request)
    return answer(await svc.work.run(_choices, request, svc))


@router.get("/{identity}")
async def one(request: Request, identity: str) -> Response:
    """Give an order, with the studies and the reports of machines on it."""
    svc = service(request)
    return answer(await svc.work.run(_one, request, svc, read_id(identity)))


@router.put("/{identity}")
async def edit(request: Request, identity: str) -> Response:
    """Replace what an order says; ``version`` is that which was read."""
    svc = service(request)
    body = await read_json_object(request, _LARGEST_BODY)
    version = body.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise InvalidRequest("The body needs the version that was read.")
    return answer(await svc.work.run(_edit, request, svc, read_id(identity), body, version))


@router.post("/{identity}/state")
async def change_state(request: Request, identity: str) -> Response:
    """Cancel, complete, discontinue or schedule again."""
    svc = service(request)
    state = text_of(await read_json_object(request), "state", 16)
    return answer(await svc.work.run(_change_state, request, svc, read_id(identity), state))


@router.post("/{identity}/studies")
async def assign(request: Request, identity: str) -> Response:
    """Put a kept study to an order by hand."""
    svc = service(request)
    study = text_of(await read_json_object(request), "study_instance_uid", 64)
    if not valid_uid(study):
        raise InvalidRequest("The Study Instance UID is malformed.")
    return answer(await svc.work.run(_assign, request, svc, read_id(identity), study))


@router.delete("/{identity}/studies/{study}")
async def release(request: Request, identity: str, study: str) -> Response:
    """Take a study from an order."""
    svc = service(request)
    return answer(await svc.work.run(_release, request, svc, read_id(identity), study[:64]))


def read_id(identity: str) -> int:
    """The number of an order in an address.

    Raises:
        NotFound: it is none.
    """
    if not _ID.fullmatch(identity):
        raise NotFound("There is no such order.")
    return int(identity)


def read_wanted(query: dict[str, str]) -> Wanted:
    """Read the query parameters of the list.

    Raises:
        InvalidQuery: one of them is malformed.
    """
    states = [part for part in query.get("state", "").split(",") if part]
    if not set(states) <= set(State):
        raise InvalidQuery(f"state must be of {', '.join(State)}.")
    modality = query.get("modality", "")
    if modality and not _MODALITY.fullmatch(modality):
        raise InvalidQuery("modality is malformed.")
    days = [query.get(name, "") for name in ("date_from", "date_to")]
    if any(day and not _DATE.fullmatch(day) for day in days):
        raise InvalidQuery("date_from and date_to are dates as YYYYMMDD.")
    words = query.get("q", "").strip()
    if len(words) > 256:
        raise InvalidQuery("q must be at most 256 characters.")
    return Wanted(words, tuple(states), modality, *days)


def order_json(order: Order) -> dict[str, Any]:
    """One order."""
    row = order.row
    return {
        "id": order.id,
        "version": row["version"],
        "state": row["state"],
        "facility": {"code": row["facility_code"], "name": row["facility_name"]},
        **order.values,
        "steps": [{**step.values, "state": step.row["state"]} for step in order.steps],
        "studies": [_study(study) for study in order.studies],
        "performed": [_performed(one) for one in order.performed],
        "created_at": row["created_at"],
        "created_by": row["created_by"],
        "updated_at": row["updated_at"],
        "final_at": row["final_at"],
    }


def _study(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("study_instance_uid", "found_by", "found_at", "number_of_instances")
    return {**{name: row[name] for name in names}, "patient_name": row["patient_name"] or ""}


def _performed(row: Mapping[str, Any]) -> dict[str, Any]:
    data_set = decode(row)
    return {
        "sop_instance_uid": row["sop_instance_uid"],
        "state": row["state"],
        "ae_title": row["ae_title"],
        "study_instance_uid": row["study_instance_uid"],
        "start_date": text(data_set, performed_rules.START_DATE),
        "start_time": text(data_set, performed_rules.START_TIME),
        "end_date": text(data_set, performed_rules.END_DATE),
        "end_time": text(data_set, performed_rules.END_TIME),
        "number_of_series": len(data_set.get(performed_rules.SERIES, {}).get("Value") or []),
        "number_of_images": performed_rules.number_of_images(data_set),
    }


def _list(request: Request, svc: Service, wanted: Wanted, limit: int, offset: int) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    page = use_case.listed(svc.archive, wanted, principal, limit, offset)
    found = [order_json(order) for order in page.orders]
    return orjson.dumps({"total": page.total, "counts": page.counts, "orders": found})


def _create(request: Request, svc: Service, body: dict[str, Any]) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(order_json(use_case.create(svc.archive, body, principal)))


def _choices(request: Request, svc: Service) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    permission.may_anywhere(principal, Action.READ_WORKLIST)
    reach = permission.reach(principal)
    stations = [
        {"ae_title": entity.ae_title, "description": entity.description}
        for entity in everything(svc.archive.index)
        if entity.may_worklist and (reach is None or entity.facility_id in reach)
    ]
    return orjson.dumps({"stations": stations, "priorities": PRIORITIES})


def _one(request: Request, svc: Service, identity: int) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(order_json(use_case.order(svc.archive, identity, principal)))


def _edit(request: Request, svc: Service, identity: int, body: dict[str, Any], version: int) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(order_json(use_case.edit(svc.archive, identity, body, version, principal)))


def _change_state(request: Request, svc: Service, identity: int, state: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(order_json(use_case.change_state(svc.archive, identity, state, principal)))


def _assign(request: Request, svc: Service, identity: int, study: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(order_json(use_case.assign(svc.archive, identity, study, principal)))


def _release(request: Request, svc: Service, identity: int, study: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps(order_json(use_case.release(svc.archive, identity, study, principal)))
