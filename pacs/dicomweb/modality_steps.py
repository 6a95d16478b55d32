"""What modalities do over the web: search scheduled steps, report performed ones (PS3.18 §14 and §15)."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb.data_set import data_set_response, data_sets_response, media_type_of, read_data_set
from pacs.dicomweb.qido import read_query
from pacs.web.authentication import principal_of
from pacs.web.errors import warning_of
from pacs.web.resource import ROOT, uid
from pacs.web.service import Service, service
from storage.access.principal import Principal
from storage.archive import performed_step, worklist
from storage.archive.query import Query
from storage.archive.worklist import Worklist
from storage.dicom.attributes import Level
from storage.errors import InvalidQuery, InvalidRequest

_FUZZY = "The fuzzymatching parameter is not supported. Only literal matching has been performed."
_PERFORMED = "/modality-performed-procedure-steps/{step}"
T = TypeVar("T")

router = APIRouter(prefix=ROOT)


@router.get("/modality-scheduled-procedure-steps")
async def search_scheduled_steps(request: Request) -> Response:
    """Search the Modality Worklist; each item is given whole."""
    svc = service(request)
    media_type = media_type_of(request, many=True)
    query = read_query(request.query_params.multi_items(), Level.STUDY, {}, svc.settings.maximum_qido_results)
    if query.order:
        raise InvalidQuery("The worklist is ordered by the time its steps are scheduled, and by nothing else.")
    found = await _run(request, svc, lambda principal: _search(svc, query, principal))
    headers = {"X-Total-Count": str(found.total)}
    warnings = [_FUZZY] if query.fuzzy else []
    left = found.total - query.offset - len(found.items)
    if found.items and left > 0:
        warnings.append(f"There are {left} additional results that can be requested")
    if warnings:
        headers["Warning"] = ", ".join(f'299 filmless "{one}"' for one in warnings)
    return data_sets_response(found.items, media_type, headers)


@router.post(_PERFORMED)
async def report_performed_step(request: Request, step: str) -> Response:
    """Report that a procedure step has begun; with ``update`` in the query, that it goes on or has ended."""
    svc = service(request)
    wanted = uid(step)
    names = [name for name, _ in request.query_params.multi_items()]
    if names not in ([], ["update"]):
        raise InvalidRequest("The query may hold update alone.")
    await svc.work.run(principal_of, request, svc.archive, svc.settings)
    body = await read_data_set(request)
    if names:
        done = await _run(request, svc, lambda principal: performed_step.update(svc.archive, wanted, body, principal))
        left = ", ".join(f"({tag[:4]},{tag[4:]})" for tag in done.left)
        return Response(headers={"Cache-Control": "no-store", **warning_of(left and f"Not changed: {left}.")})
    await _run(request, svc, lambda principal: performed_step.create(svc.archive, body, wanted, None, principal))
    return Response(status_code=201, headers={"Cache-Control": "no-store"})


@router.get(_PERFORMED)
async def retrieve_performed_step(request: Request, step: str) -> Response:
    """Give a performed procedure step."""
    svc = service(request)
    media_type = media_type_of(request)
    wanted = uid(step)
    found = await _run(request, svc, lambda principal: performed_step.retrieve(svc.archive, wanted, principal))
    return data_set_response(found, media_type)


def _search(svc: Service, query: Query, principal: Principal) -> Worklist:
    return worklist.search(svc.archive, query.keys, None, principal, limit=query.limit, offset=query.offset)


async def _run(request: Request, svc: Service, act: Callable[[Principal], T]) -> T:
    return await svc.work.run(lambda: act(principal_of(request, svc.archive, svc.settings)))
