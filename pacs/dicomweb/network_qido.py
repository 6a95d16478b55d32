"""The search of :mod:`pacs.dicomweb.qido` over this archive and all its peers, under its own root (PS3.18 §10.6).

A root of its own, because a client that asks one archive must neither wait for others nor take their answers for its.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb.qido import respond, retrieve_url
from pacs.web.authentication import principal_of
from pacs.web.resource import uid
from pacs.web.service import Service, service
from storage.archive.collation import Collated
from storage.archive.network_order import ordered
from storage.archive.network_query import of_query
from storage.archive.network_search import Found, SourceState
from storage.archive.query import Query, QueryResult
from storage.archive.remote import RemoteState
from storage.dicom.attributes import Level
from storage.errors import OutOfResources

NETWORK_ROOT = "/network/dicom-web"
_STUDY, _SERIES = "0020000D", "0020000E"
_RETRIEVE_URL, _AVAILABILITY = "00081190", "00080056"

router = APIRouter(prefix=NETWORK_ROOT)


@router.get("/studies")
async def search_studies(request: Request) -> Response:
    """Search the studies of all archives of the network."""
    return await _search(request, Level.STUDY, {})


@router.get("/studies/{study}/series")
async def search_series(request: Request, study: str) -> Response:
    """Search the series of a study, wherever they are."""
    return await _search(request, Level.SERIES, {_STUDY: uid(study)})


@router.get("/studies/{study}/series/{series}/instances")
async def search_instances(request: Request, study: str, series: str) -> Response:
    """Search the instances of a series, wherever they are."""
    return await _search(request, Level.IMAGE, {_STUDY: uid(study), _SERIES: uid(series)})


async def _search(request: Request, level: Level, scope: dict[str, str]) -> Response:
    return await respond(request, level, scope, _find, service(request).work.network)


def _find(request: Request, svc: Service, query: Query, base: str) -> QueryResult:
    if svc.network is None:
        raise OutOfResources("This process cannot ask other archives.")
    principal = principal_of(request, svc.archive, svc.settings)
    most = svc.settings.maximum_network_results
    asked = of_query(svc.archive, query, principal, most)
    found = svc.network.collect(asked, principal, seconds=svc.settings.network_timeout)
    every = ordered(found.all, query)
    shown = every[query.offset :][: most if query.limit is None else query.limit]
    return QueryResult(
        rows=[_row(one, query, base) for one in shown],
        total=len(every),
        truncated=query.offset + len(shown) < len(every),
        warnings=tuple(warnings_of(found)),
        exact=all(one.is_whole for one in found.sources),
    )


def _row(one: Collated, query: Query, base: str) -> dict[str, Any]:
    """The fullest copy; it can be retrieved here if it is here (PS3.3 §C.4.23.1.1)."""
    row = dict(one.shown.content)
    if one.shown.source.peer:
        row[_AVAILABILITY] = {"vr": "CS", "Value": ["NEARLINE"]}
    else:
        row[_RETRIEVE_URL] = retrieve_url(row, query.level, base)
    return row


def warnings_of(found: Found) -> Sequence[str]:
    """What a client must know beside the matches: who did not answer, who has more, and what contradicts itself."""
    said = [_sentence(one) for one in found.sources if not one.is_whole]
    if any(one.differs for one in found.all):
        said.append("Archives name different patients for the same study; compare before use")
    return said


def _sentence(one: SourceState) -> str:
    name = f"{one.source.facility_code} ({one.source.peer or 'this archive'})"
    if one.state is RemoteState.ANSWERED:
        return f"Incomplete: {name} has more matches than {one.rows}; narrow the search"
    words = {
        RemoteState.SLOW: "did not answer in time",
        RemoteState.DOWN: "cannot be reached",
        RemoteState.REFUSED: "refuses us",
    }.get(one.state, "answered with an error")
    return f"Incomplete: {name} {words}; it may have more matches"
