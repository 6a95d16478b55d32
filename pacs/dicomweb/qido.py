"""Search transaction, QIDO-RS: studies, series and instances at all five resources (PS3.18 §10.6)."""

import re
from collections.abc import Collection, Iterable
from typing import Any, Literal

import orjson
from fastapi import APIRouter, Request
from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword
from starlette.responses import Response

from pacs.dicomweb.media_type import acceptable
from pacs.dicomweb.negotiation import require
from pacs.dicomweb.parameter import boolean, whole
from pacs.web.authentication import principal_of
from pacs.web.headers import base_url
from pacs.web.resource import ROOT, instance_path, series_path, study_path, uid
from pacs.web.service import Service, service
from storage.archive.query import Query, QueryResult, search
from storage.dicom.attributes import Level
from storage.errors import InvalidQuery

DICOM_JSON = "application/dicom+json"
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"
_RETRIEVE_URL = "00081190"

router = APIRouter(prefix=ROOT)


@router.get("/studies")
async def search_studies(request: Request) -> Response:
    """Search all studies."""
    return await _search(request, Level.STUDY, {})


@router.get("/series")
async def search_all_series(request: Request) -> Response:
    """Search the series of all studies."""
    return await _search(request, Level.SERIES, {})


@router.get("/instances")
async def search_all_instances(request: Request) -> Response:
    """Search the instances of all studies."""
    return await _search(request, Level.IMAGE, {})


@router.get("/studies/{study}/series")
async def search_series(request: Request, study: str) -> Response:
    """Search the series of a study."""
    return await _search(request, Level.SERIES, {_STUDY: uid(study)})


@router.get("/studies/{study}/instances")
async def search_study_instances(request: Request, study: str) -> Response:
    """Search the instances of a study."""
    return await _search(request, Level.IMAGE, {_STUDY: uid(study)})


@router.get("/studies/{study}/series/{series}/instances")
async def search_instances(request: Request, study: str, series: str) -> Response:
    """Search the instances of a series."""
    return await _search(request, Level.IMAGE, {_STUDY: uid(study), _SERIES: uid(series)})


async def _search(request: Request, level: Level, scope: dict[str, str]) -> Response:
    svc = service(request)
    media_type = require(
        acceptable(request.headers.get("accept", ""), request.query_params.get("accept")),
        DICOM_JSON,
        "application/json",
    )
    base = base_url(request, svc.settings)
    query, unsupported = read_query(request.query_params.multi_items(), level, scope, svc.settings.maximum_qido_results)
    body, result = await svc.work.run(_run, request, svc, query, base)
    headers = {"X-Total-Count": str(result.total), "Cache-Control": "private, no-store"}
    if not result.exact:
        headers["X-Total-Count-Relation"] = "at-least"
    warnings = [f"{name} is not supported; it was passed over." for name in unsupported]
    warnings += result.warnings
    if result.truncated:
        left = max(0, result.total - query.offset - len(result.rows))
        left_over = f"{left}" if result.exact else f"at least {left}"
        warnings.append(f"There are {left_over} additional results that can be requested")
    if warnings:
        headers["Warning"] = ", ".join(f'299 filmless "{_plain(text)}"' for text in warnings)
    return Response(body, media_type=media_type, headers=headers)


def read_query(
    parameters: Iterable[tuple[str, str]], level: Level, scope: dict[str, str], most: int
) -> tuple[Query, list[str]]:
    """Read the query parameters (PS3.18 §8.3.4) and name the unsupported; UIDs of the address narrow the search.

    A name that is neither a parameter nor an attribute is refused: a misspelt key would otherwise widen the search to
    everything.

    Raises:
        InvalidQuery: an unknown name, a malformed value, or a key given twice.
    """
    keys: dict[str, str] = {}
    include: set[int] = set()
    everything = fuzzy = False
    limit, offset = most, 0
    unsupported: list[str] = []
    for name, value in parameters:
        if len(value) > 4096:
            raise InvalidQuery("A value of the query is too long.")
        if name == "limit":
            limit = min(most, whole("limit", value, least=0, most=10**9))
        elif name == "offset":
            offset = whole("offset", value, least=0, most=10**9)
        elif name == "includefield":
            fields = [field.strip() for field in value.split(",") if field.strip()]
            everything = everything or "all" in fields
            include.update(_tags(field)[0] for field in fields if field != "all")
        elif name == "fuzzymatching":
            fuzzy = boolean(name, value)
        elif name in ("emptyvaluematching", "multiplevaluematching"):
            if boolean(name, value):
                unsupported.append(name)
        elif name not in ("accept", "charset"):
            _add_key(keys, name, value)
    for path, value in scope.items():
        if keys.get(path, value) != value:
            raise InvalidQuery("A UID of the query contradicts the address.")
        keys[path] = value
    wanted: Collection[int] | Literal["all"] = "all" if everything else frozenset(include)
    return Query(level, keys, wanted, fuzzy=fuzzy, limit=limit, offset=offset), unsupported


def _add_key(keys: dict[str, str], name: str, value: str) -> None:
    tags = _tags(name)
    path = ".".join(f"{tag:08X}" for tag in tags)
    uids = dictionary_has_tag(tags[-1]) and dictionary_VR(tags[-1]) == "UI"
    if uids:
        # Over the web a list of UIDs is separated by commas (PS3.18 §8.3.4.1); inside it is as in DIMSE.
        value = value.replace(",", "\\")
    if path in keys:
        if not uids:
            raise InvalidQuery(f"The attribute {name} is given twice.")
        value = f"{keys[path]}\\{value}"
    keys[path] = value


def _tags(name: str) -> list[int]:
    """Read an attribute: keywords or tags, with dots into sequences."""
    found: list[int] = []
    for part in name.split("."):
        tag = int(part, 16) if _TAG.fullmatch(part) else tag_for_keyword(part)
        if tag is None:
            raise InvalidQuery(f"{name[:64]!r} is neither a query parameter nor an attribute.")
        found.append(tag)
    if len(found) > 8:
        raise InvalidQuery("An attribute of the query lies too deep.")
    return found


def _run(request: Request, svc: Service, query: Query, base: str) -> tuple[bytes, QueryResult]:
    principal = principal_of(request, svc.archive, svc.settings)
    result = search(svc.archive, query, principal)
    for row in result.rows:
        study, series, instance = (_value(row, tag) for tag in (_STUDY, _SERIES, _INSTANCE))
        if query.level is Level.STUDY:
            path = study_path(study)
        elif query.level is Level.SERIES:
            path = series_path(study, series)
        else:
            path = instance_path(study, series, instance)
        row[_RETRIEVE_URL] = {"vr": "UR", "Value": [base + path]}
    return orjson.dumps(result.rows), result


def _value(row: dict[str, Any], tag: str) -> str:
    values = row.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _plain(text: str) -> str:
    """Make a sentence safe inside a quoted string of a header field (RFC 9110 §5.6.4)."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text)
