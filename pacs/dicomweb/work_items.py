"""Worklist Service, UPS-RS: create, retrieve, update, search work items and change their state (PS3.18 §11)."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb.data_set import DicomJson, data_set_response, data_sets_response, media_type_of, read_data_set
from pacs.dicomweb.qido import read_query
from pacs.web.authentication import principal_of
from pacs.web.errors import warning_of
from pacs.web.headers import base_url
from pacs.web.resource import ROOT, uid
from pacs.web.service import Service, service
from storage.access.principal import Principal
from storage.archive import work_item, work_list
from storage.archive.query import Query
from storage.archive.work_item import Outcome
from storage.archive.work_list import WorkList
from storage.dicom.attributes import Level
from storage.dicom.part10 import valid_uid
from storage.dicom.work_item import STATE, TRANSACTION, text
from storage.errors import InvalidQuery, InvalidRequest

_FUZZY = "The fuzzymatching parameter is not supported. Only literal matching has been performed."

router = APIRouter(prefix=ROOT)


@router.get("/workitems")
async def search_workitems(request: Request) -> Response:
    """Search the worklist, scheduled procedure steps among it."""
    svc = service(request)
    media_type = media_type_of(request, many=True)
    most = svc.settings.maximum_qido_results
    query = read_query(request.query_params.multi_items(), Level.STUDY, {}, most)
    if query.order:
        raise InvalidQuery("The worklist is ordered by the time its work items are scheduled, and by nothing else.")
    found = await svc.work.run(_search, request, svc, query)
    headers = {"X-Total-Count": str(found.total)}
    warnings = [_FUZZY] if query.fuzzy else []
    left = found.total - query.offset - len(found.found)
    if found.found and left > 0:
        warnings.append(f"There are {left} additional results that can be requested")
    if warnings:
        headers["Warning"] = ", ".join(f'299 filmless "{one}"' for one in warnings)
    return data_sets_response(found.found, media_type, headers)


@router.post("/workitems")
async def create_workitem(request: Request) -> Response:
    """Add a work item to the worklist."""
    svc = service(request)
    made = _named(request, ("workitem", "workitem-uid", "affectedsopinstanceuid"))
    body = await _body(request, svc)
    outcome = await _run(request, svc, lambda principal: work_item.create(svc.archive, body, made, principal))
    location = f"{base_url(request, svc.settings)}{ROOT}/workitems/{outcome.uid}"
    headers = {"Location": location, "Content-Location": location, **warning_of(outcome.warning)}
    return Response(status_code=201, headers={**headers, "Cache-Control": "no-store"})


@router.get("/workitems/{workitem}")
async def retrieve_workitem(request: Request, workitem: str) -> Response:
    """Give a work item, without its Transaction UID."""
    svc = service(request)
    media_type = media_type_of(request)
    wanted = uid(workitem)
    found = await svc.work.run(_retrieve, request, svc, wanted)
    return data_set_response(found, media_type)


@router.post("/workitems/{workitem}")
async def update_workitem(request: Request, workitem: str) -> Response:
    """Replace attributes of a work item; of one in progress with the Transaction UID of its owner."""
    svc = service(request)
    wanted, transaction = uid(workitem), _named(request, ("transaction-uid", "transactionuid"))
    body = await _body(request, svc)
    return _done(
        await _run(request, svc, lambda principal: work_item.update(svc.archive, wanted, body, transaction, principal))
    )


@router.put("/workitems/{workitem}/state")
async def change_workitem_state(request: Request, workitem: str) -> Response:
    """Claim, complete or cancel a work item."""
    svc = service(request)
    wanted = uid(workitem)
    body = await _body(request, svc)
    state, transaction = text(body, STATE), text(body, TRANSACTION)
    return _done(
        await _run(
            request, svc, lambda principal: work_item.change_state(svc.archive, wanted, state, transaction, principal)
        )
    )


@router.post("/workitems/{workitem}/cancelrequest")
async def request_workitem_cancellation(request: Request, workitem: str) -> Response:
    """Ask the owner of a work item to cancel it; one without an owner is canceled."""
    svc = service(request)
    wanted = uid(workitem)
    body = await _body(request, svc, empty=True)
    outcome = await _run(
        request, svc, lambda principal: work_item.request_cancellation(svc.archive, wanted, body, principal)
    )
    return _done(outcome, 202)


async def _body(request: Request, svc: Service, *, empty: bool = False) -> DicomJson:
    """The data set of a request, read only for somebody who is signed in."""
    await svc.work.run(principal_of, request, svc.archive, svc.settings)
    return await read_data_set(request, empty=empty)


async def _run(request: Request, svc: Service, act: Callable[[Principal], Outcome]) -> Outcome:
    return await svc.work.run(lambda: act(principal_of(request, svc.archive, svc.settings)))


def _retrieve(request: Request, svc: Service, wanted: str) -> DicomJson:
    return work_item.retrieve(svc.archive, wanted, principal_of(request, svc.archive, svc.settings))


def _search(request: Request, svc: Service, query: Query) -> WorkList:
    return work_list.search(svc.archive, query, principal_of(request, svc.archive, svc.settings))


def _named(request: Request, names: Sequence[str]) -> str:
    """A UID of the query: under one of these names, or bare, as the syntax of the standard has it (``?1.2.3``).

    Raises:
        InvalidRequest: there is something else.
    """
    given = [(name.lower(), value) for name, value in request.query_params.multi_items() if name != "accept"]
    if not given:
        return ""
    name, value = given[0]
    found = value if name in names else name
    if len(given) > 1 or (name not in names and value) or not valid_uid(found):
        raise InvalidRequest(f"The query may hold the UID {names[0]} alone.")
    return found


def _done(outcome: Outcome, status: int = 200) -> Response:
    return Response(status_code=status, headers={"Cache-Control": "no-store", **warning_of(outcome.warning)})
