"""The study list of the whole network, as it comes: ``/api/network/studies``, one JSON object a line.

A line of the kind ``source`` says how a place stands, one of the kind ``study`` replaces any earlier line of the same
study, and ``end`` is the last one: a list without it was cut off.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from pacs.api.studies import read_filter
from pacs.web.authentication import principal_of
from pacs.web.service import Service, service
from storage.archive.collation import IDENTITY, Collated, Copy, Source, collate
from storage.archive.network_query import of_list
from storage.archive.network_search import Event, SourceState
from storage.archive.query import StudyFilter
from storage.errors import OutOfResources

NDJSON = "application/x-ndjson"

router = APIRouter(prefix="/api/network/studies")


@router.get("")
async def studies(request: Request) -> StreamingResponse:
    """Give the studies that match, here and at all peers, as they come."""
    svc = service(request)
    wanted = read_filter(dict(request.query_params))
    lines = _lines(request, svc, wanted)
    first = await svc.work.network(next, lines)  # what is refused is refused before anything is said

    async def told() -> AsyncIterator[bytes]:
        yield first
        async for line in svc.work.iterate(lines, network=True):
            yield line

    return StreamingResponse(told(), media_type=NDJSON, headers={"Cache-Control": "private, no-store"})


def _lines(request: Request, svc: Service, wanted: StudyFilter) -> Iterator[bytes]:
    if svc.network is None:
        raise OutOfResources("This process cannot ask other archives.")
    principal = principal_of(request, svc.archive, svc.settings)
    asked = of_list(svc.archive, wanted, principal, svc.settings.maximum_network_results)
    known: dict[str, list[Copy]] = {}
    states: dict[Source, SourceState] = {}
    for event in svc.network.search(asked, principal, seconds=svc.settings.network_timeout):
        yield _line(_told(event, known, states))
    yield _line({"kind": "end", "complete": all(one.is_whole for one in states.values())})


def _told(event: Event, known: dict[str, list[Copy]], states: dict[Source, SourceState]) -> dict[str, Any]:
    if isinstance(event, SourceState):
        states[event.source] = event
        return {"kind": "source", **source_json(event)}
    copies = known.setdefault(event.uid, [])
    copies.append(event)
    return {"kind": "study", **collated_json(collate(copies))}


def source_json(state: SourceState) -> dict[str, Any]:
    """How one place stands."""
    return {
        **asdict(state.source),
        "state": state.state.value,
        "rows": state.rows,
        "seconds": state.seconds,
        "more": state.more,
        "cause": state.cause,
        "message": state.message,
    }


def collated_json(one: Collated) -> dict[str, Any]:
    """One study and the places where it is, the fullest first."""
    return {
        "study": asdict(one.shown.content),
        "places": [
            {
                **asdict(copy.source),
                "number_of_series": copy.series,
                "number_of_instances": copy.instances,
                "lacks": one.lacks(copy),
                **({name: getattr(copy, name) for name in IDENTITY} if one.differs else {}),
            }
            for copy in one.copies
        ],
        "differs": list(one.differs),
    }


def _line(found: dict[str, Any]) -> bytes:
    return orjson.dumps(found) + b"\n"
