"""Search transaction, QIDO-RS: studies, series and instances at all five resources (PS3.18 §10.6)."""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, Literal

import orjson
from fastapi import APIRouter, Request
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag, tag_for_keyword
from starlette.responses import Response

from pacs.dicomweb.media_type import MediaType, acceptable, matches
from pacs.dicomweb.multipart import closing, content_type, new_boundary, part_head
from pacs.dicomweb.parameter import boolean, whole
from pacs.web.authentication import principal_of
from pacs.web.headers import base_url
from pacs.web.resource import ROOT, instance_path, series_path, study_path, uid
from pacs.web.service import Service, service
from storage.archive.query import Query, QueryResult, search
from storage.dicom import native_xml
from storage.dicom.attributes import Level
from storage.errors import InvalidQuery, NotAcceptable

DICOM_JSON = "application/dicom+json"
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_LONGEST = 32 * 1024  # a list of some hundred UIDs; other values have limits of their own
_MOST_LISTED = 200
_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"
_RETRIEVE_URL = "00081190"

Find = Callable[[Request, Service, Query, str], QueryResult]
Told = tuple[list[bytes], QueryResult]
Run = Callable[..., Awaitable[Told]]

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
    return await respond(request, level, scope, _run, service(request).work.run)


async def respond(request: Request, level: Level, scope: dict[str, str], find: Find, run: Run) -> Response:
    """Read the query, ``find`` its matches in a thread of ``run``, and answer with them.

    Raises:
        InvalidQuery: as :func:`read_query`.
        NotAcceptable: none of the accepted media types can be given.
    """
    svc = service(request)
    media_type = _representation(acceptable(request.headers.get("accept", ""), request.query_params.get("accept")))
    base = base_url(request, svc.settings)
    query = read_query(request.query_params.multi_items(), level, scope, svc.settings.maximum_qido_results)
    body, result = await run(_told, find, request, svc, query, base, media_type)
    headers = {"X-Total-Count": str(result.total), "Cache-Control": "private, no-store"}
    if not result.exact:
        headers["X-Total-Count-Relation"] = "at-least"
    warnings = list(result.warnings)
    if result.truncated:
        left = max(0, result.total - query.offset - len(result.rows))
        left_over = f"{left}" if result.exact else f"at least {left}"
        warnings.append(f"There are {left_over} additional results that can be requested")
    if warnings:
        # The agent is the service, as PS3.18 §8.3.4 writes it.
        headers["Warning"] = ", ".join(f'299 {base}{ROOT}: "{_plain(text)}"' for text in warnings)
    if media_type == native_xml.MEDIA_TYPE:
        if not result.rows:
            return Response(status_code=204, headers=headers)  # a message of parts has at least one
        boundary = new_boundary()
        parts = [part_head(boundary, media_type, first=number == 0) + one for number, one in enumerate(body)]
        media_type = content_type(media_type, boundary)
        body = [*parts, closing(boundary)]
    return Response(b"".join(body), media_type=media_type, headers=headers)


def _representation(accepted: Sequence[MediaType]) -> str:
    """The media type of an answer, or of its parts (PS3.18 Table 10.6.3-2).

    Raises:
        NotAcceptable: none of the accepted types can be given.
    """
    for one in accepted:
        if one.multipart and matches(one.content, native_xml.MEDIA_TYPE):
            return native_xml.MEDIA_TYPE
        for offer in (DICOM_JSON, "application/json"):
            if not one.multipart and matches(one.name, offer):
                return offer
    raise NotAcceptable(f'This is available as {DICOM_JSON} or multipart/related; type="{native_xml.MEDIA_TYPE}".')


def read_query(parameters: Iterable[tuple[str, str]], level: Level, scope: dict[str, str], most: int) -> Query:
    """Read the query parameters (PS3.18 §8.3.4, and ``orderby`` of our own); UIDs of the address narrow the search.

    A name that is neither a parameter nor an attribute is refused: a misspelt key would otherwise widen the search to
    everything.

    Raises:
        InvalidQuery: an unknown name, a malformed value, or a key given twice.
    """
    keys: dict[str, str] = {}
    include: set[str] = set()
    order: list[tuple[str, bool]] = []
    flags = {"fuzzymatching": False, "emptyvaluematching": False, "multiplevaluematching": False}
    limit, offset = most, 0
    for name, value in parameters:
        if len(value) > _LONGEST:
            raise InvalidQuery("A value of the query is too long.")
        if name == "limit":
            limit = min(most, whole("limit", value, least=0, most=10**9))
        elif name == "offset":
            offset = whole("offset", value, least=0, most=10**9)
        elif name == "includefield":
            include.update("all" if field == "all" else _path(_tags(field)) for field in _listed(value))
        elif name == "orderby":
            order += [_term(term) for term in _listed(value)]
        elif name in flags:
            flags[name] = boolean(name, value)
        elif name not in ("accept", "charset"):
            _add_key(keys, name, value)
    for path, value in scope.items():
        if keys.get(path, value) != value:
            raise InvalidQuery("A UID of the query contradicts the address.")
        keys[path] = value
    wanted: Collection[str] | Literal["all"] = "all" if "all" in include else frozenset(include)
    # Several values of one key match by one of them, asked or not: none of the values can hold a backslash.
    return Query(
        level,
        keys,
        wanted,
        fuzzy=flags["fuzzymatching"],
        empty=flags["emptyvaluematching"],
        limit=limit,
        offset=offset,
        order=tuple(order),
    )


def _listed(value: str) -> list[str]:
    found = [part for part in (part.strip() for part in value.split(",")) if part]
    if len(found) > _MOST_LISTED:
        raise InvalidQuery(f"A list of the query has more than {_MOST_LISTED} members.")
    return found


def _term(text: str) -> tuple[str, bool]:
    """One attribute to order by, descending with a dash before it."""
    tags = _tags(text.lstrip("+-"))
    keyword = keyword_for_tag(tags[0])
    if len(tags) > 1 or len(text) - len(text.lstrip("+-")) > 1 or not keyword:
        raise InvalidQuery(f"An answer cannot be ordered by {text[:64]!r}.")
    return keyword, text.startswith("-")


def _path(tags: Iterable[int]) -> str:
    return ".".join(f"{tag:08X}" for tag in tags)


def _add_key(keys: dict[str, str], name: str, value: str) -> None:
    tags = _tags(name)
    path = _path(tags)
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
        if not part or tag is None:
            raise InvalidQuery(f"{name[:64]!r} is neither a query parameter nor an attribute.")
        found.append(tag)
    if len(found) > 8:
        raise InvalidQuery("An attribute of the query lies too deep.")
    return found


def _told(find: Find, request: Request, svc: Service, query: Query, base: str, media_type: str) -> Told:
    """The matches: as one text of JSON, or each as a document of XML."""
    result = find(request, svc, query, base)
    if media_type == native_xml.MEDIA_TYPE:
        return [native_xml.document(row) for row in result.rows], result
    return [orjson.dumps(result.rows)], result


def _run(request: Request, svc: Service, query: Query, base: str) -> QueryResult:
    result = search(svc.archive, query, principal_of(request, svc.archive, svc.settings))
    for row in result.rows:
        row[_RETRIEVE_URL] = retrieve_url(row, query.level, base)
    return result


def retrieve_url(row: dict[str, Any], level: Level | str, base: str) -> dict[str, Any]:
    """The Retrieve URL of a match (PS3.18 Table 10.6.3-3)."""
    study, series, instance = (_value(row, tag) for tag in (_STUDY, _SERIES, _INSTANCE))
    if level is Level.STUDY:
        path = study_path(study)
    elif level is Level.SERIES:
        path = series_path(study, series)
    else:
        path = instance_path(study, series, instance)
    return {"vr": "UR", "Value": [base + path]}


def _value(row: dict[str, Any], tag: str) -> str:
    values = row.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _plain(text: str) -> str:
    """Make a sentence safe inside a quoted string of a header field (RFC 9110 §5.6.4)."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text)
