"""Storage Commitment Service over the web: request, and check of the result (PS3.18 §13, Annex J)."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb.data_set import DicomJson, data_set_response, media_type_of, read_data_set
from pacs.web.authentication import principal_of
from pacs.web.resource import ROOT, uid
from pacs.web.service import Service, service
from storage.archive import commitment
from storage.archive.commitment import Reference, Result
from storage.dicom.encoding import text_of
from storage.errors import InvalidRequest

RETRY_AFTER_S = 2

_REFERENCED, _FAILED, _REASON = "00081199", "00081198", "00081197"
_STUDIES, _FAILED_STUDIES, _SERIES = "00081110", "0008119B", "00081115"
_BY_CLASS, _INSTANCES = "00081112", "0008114A"
_CLASS, _INSTANCE, _STUDY_UID, _SERIES_UID = "00081150", "00081155", "0020000D", "0020000E"

router = APIRouter(prefix=ROOT)


@router.post("/commitment-requests/{transaction}")
async def request_commitment(request: Request, transaction: str) -> Response:
    """Ask for the safe keeping of instances; the result is ready later."""
    svc = service(request)
    media_type = media_type_of(request)
    await svc.work.run(principal_of, request, svc.archive, svc.settings)
    body = await read_data_set(request)
    return _answer(await svc.work.run(_request, request, svc, uid(transaction), body), media_type)


@router.get("/commitment-requests/{transaction}")
async def check_commitment(request: Request, transaction: str) -> Response:
    """Ask what came of a request."""
    svc = service(request)
    media_type = media_type_of(request)
    return _answer(await svc.work.run(_result, request, svc, uid(transaction)), media_type)


def _request(request: Request, svc: Service, transaction: str, body: DicomJson) -> Result:
    principal = principal_of(request, svc.archive, svc.settings)
    commitment.request(svc.archive, transaction, list(_references(body)), principal)
    return Result(done=False)


def _result(request: Request, svc: Service, transaction: str) -> Result:
    return commitment.result(svc.archive, transaction, principal_of(request, svc.archive, svc.settings))


def _references(body: DicomJson) -> Iterator[Reference]:
    """What a Storage Commitment Request Module names (Table J.1-1)."""
    for item in _items(body, _REFERENCED):
        yield Reference(sop_class=text_of(item, _CLASS), instance=text_of(item, _INSTANCE))
    for study in _items(body, _STUDIES):
        study_uid = text_of(study, _STUDY_UID)
        of_series = _items(study, _SERIES)
        if not of_series:
            yield Reference(study_uid)
        for series in of_series:
            series_uid = text_of(series, _SERIES_UID)
            named = [
                (text_of(group, _CLASS), text_of(one, _INSTANCE))
                for group in _items(series, _BY_CLASS)
                for one in _items(group, _INSTANCES)
            ] + [(text_of(one, _CLASS), text_of(one, _INSTANCE)) for one in _items(series, _REFERENCED)]
            if not named:
                yield Reference(study_uid, series_uid)
            for sop_class, instance in named:
                yield Reference(study_uid, series_uid, sop_class, instance)


def _items(data_set: Mapping[str, Any], tag: str) -> list[Mapping[str, Any]]:
    items = data_set.get(tag, {}).get("Value") or []
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise InvalidRequest("A sequence of the request is not a list of items.")
    return items


def _answer(result: Result, media_type: str) -> Response:
    if not result.done:
        headers = {"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"}
        return Response(status_code=202, headers=headers)
    made: DicomJson = {}
    committed = [(one, 0) for one in result.committed]
    if result.by_study:
        told = ((_STUDIES, _by_study(committed)), (_FAILED_STUDIES, _by_study(result.failed)))
    else:
        told = ((_FAILED, [_item(*one) for one in result.failed]), (_REFERENCED, [_item(*one) for one in committed]))
    for tag, items in told:
        if items:
            made[tag] = {"vr": "SQ", "Value": items}
    return data_set_response(made, media_type)


def _item(one: Reference, reason: int) -> dict[str, Any]:
    found = {_CLASS: _uid(one.sop_class), _INSTANCE: _uid(one.instance)}
    return found | {_REASON: {"vr": "US", "Value": [reason]}} if reason else found


def _by_study(named: Iterable[tuple[Reference, int]]) -> list[dict[str, Any]]:
    """Nest instances under study, series and class (Table J.2-1)."""
    ordered = sorted(named, key=lambda one: (one[0].study, one[0].series, one[0].sop_class))
    found = []
    for study, of_study in groupby(ordered, key=lambda one: one[0].study):
        series_items = []
        for series, of_series in groupby(of_study, key=lambda one: one[0].series):
            classes = [
                {_CLASS: _uid(sop_class), _INSTANCES: _sequence([_without_class(*one) for one in of_class])}
                for sop_class, of_class in groupby(of_series, key=lambda one: one[0].sop_class)
            ]
            series_items.append({_SERIES_UID: _uid(series), _BY_CLASS: _sequence(classes)})
        found.append({_STUDY_UID: _uid(study), _SERIES: _sequence(series_items)})
    return found


def _without_class(one: Reference, reason: int) -> dict[str, Any]:
    found = _item(one, reason)
    del found[_CLASS]
    return found


def _sequence(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": items}


def _uid(value: str) -> dict[str, Any]:
    return {"vr": "UI", "Value": [value]} if value else {"vr": "UI"}
