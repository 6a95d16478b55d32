"""The services as an OpenAPI document, told from the same routes and offers as the capabilities (PS3.18 §8.9)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.routing import BaseRoute

from pacs.dicomweb.capabilities import Operation, operations
from pacs.web.errors import PROBLEM
from pacs.web.resource import ROOT
from storage.dicom.attributes import Level, of_levels

Document = dict[str, Any]

_TEXT: Final[Document] = {"type": "string"}
_FLAG: Final[Document] = {"type": "string", "enum": ["true", "false"]}
_UID: Final[Document] = {"type": "string", "pattern": "^[0-9.]{1,64}$", "maxLength": 64}
_DESCRIPTION: Final = (
    "What every client may use. Sign in with `Authorization: Bearer TOKEN` (`pacs token create`). What is answered is "
    "limited to the facilities in the reach of whoever asks. Errors are problem details (RFC 9457)."
)

# Schema and meaning of the parts of an address.
_PATH: Mapping[str, tuple[Document, str]] = {
    "study": (_UID, "Study Instance UID"),
    "series": (_UID, "Series Instance UID"),
    "instance": (_UID, "SOP Instance UID"),
    "frames": ({"type": "string", "pattern": "^[0-9]+(,[0-9]+)*$"}, "Numbers of frames, from 1, with commas between"),
    "path": (_TEXT, "Tags and item numbers of the value, as metadata gives them in BulkDataURI"),
    "transaction": (_UID, "Transaction UID"),
    "workitem": (_UID, "SOP Instance UID of a work item"),
    "step": (_UID, "SOP Instance UID of a performed procedure step"),
    "aetitle": ({"type": "string", "maxLength": 16}, "AE title of the subscriber"),
}
# Schema and meaning of what may stand in a query, under whatever resource it does.
_QUERY: Mapping[str, tuple[Document, str]] = {
    "accept": (_TEXT, "Media types, in place of the Accept field (§8.3.3.1)"),
    "includefield": (_TEXT, "Attributes to answer with: keywords or tags with commas between, or `all` (§8.3.4.3)"),
    "fuzzymatching": (_FLAG, "Words of a name in any order (§8.3.4.2)"),
    "emptyvaluematching": (_FLAG, 'Whether `""` matches empty values'),
    "multiplevaluematching": (_FLAG, "Whether several values may be given"),
    "orderby": (_TEXT, "Attributes to sort by, with commas between; a minus before one turns it round (our own)"),
    "limit": ({"type": "integer", "minimum": 0, "maximum": 10**9}, "Matches at most (§8.3.4.4)"),
    "offset": ({"type": "integer", "minimum": 0, "maximum": 10**9}, "Matches to pass over (§8.3.4.4)"),
    "viewport": (_TEXT, "Width,height in pixels, then the part of the image: x,y,width,height (§8.3.5.1.3)"),
    "window": (_TEXT, "Centre,width,function: linear, linear-exact or sigmoid (§8.3.5.1.4)"),
    "quality": ({"type": "integer", "minimum": 1, "maximum": 100}, "Quality of a JPEG (§8.3.5.1.2)"),
    "annotation": (_TEXT, "What is burnt in: patient, technique (§8.3.5.1.1)"),
    "iccprofile": ({"type": "string", "enum": ["no", "yes", "srgb", "adobergb", "rommrgb"]}, "Profile (§8.3.5.1.5)"),
    "reason": (_TEXT, "Why it is deleted"),
    "note": (_TEXT, "Words for the audit trail"),
    "workitem": (_UID, "UID for the work item; without it one is made"),
    "transaction-uid": (_UID, "Transaction UID of the owner"),
    "update": (_TEXT, "Without a value: the step is there already and goes on, or has ended"),
}
_LEVELS: Mapping[str, tuple[Level, ...]] = {
    "studies": (Level.PATIENT, Level.STUDY),
    "series": (Level.PATIENT, Level.STUDY, Level.SERIES),
    "instances": (Level.PATIENT, Level.STUDY, Level.SERIES, Level.IMAGE),
}
_PROBLEMS: Mapping[int, str] = {
    400: "The address, a parameter or the body cannot be understood",
    401: "Nobody is signed in, or the token has expired",
    403: "The act or the facility is not open to this user",
    404: "Nothing is kept under this address",
    406: "Not in a form of the Accept field, or the pixels cannot be decoded",
    409: "Not possible as things are, or nothing of it was stored",
    410: "It was deleted",
    413: "Over a limit",
    415: "The body is of another media type",
    416: "The range lies behind the end of the value",
    431: "The header fields are over 32 KiB",
    503: "No room, or the index or store cannot be reached; Retry-After says when to try again",
}
# Beside those any request may meet: 400, 401, 403, 406, 431, 503.
_ALWAYS = (400, 401, 403, 406, 431, 503)
_MORE: Mapping[str, tuple[int, ...]] = {
    "qido": (),
    "stow": (409, 413, 415),
    "deletion": (404, 409, 410),
    "bulk_data": (404, 410, 413, 416),
    "frames": (404, 410, 413, 416),
    "commitment": (404, 409, 410, 413, 415),
    "work_items": (404, 409, 410, 413, 415),
    "modality_steps": (404, 409, 413, 415),
    "work_item_events": (404, 409, 410, 413, 415),
}
# By operation where it stands alone, else by service; what is neither gives 200.
_SUCCESS: Mapping[str, Mapping[int, str]] = {
    "stow": {200: "All stored", 202: "Some stored"},
    "deletion": {204: "Deleted"},
    "frames": {200: "The frames", 206: "The range of a bare frame that was asked for"},
    "bulk_data": {200: "The value", 206: "The range of it that was asked for"},
    "commitment": {200: "The result", 202: "Noted, and not known yet; Retry-After says when to ask again"},
    "qido": {200: "What matches", 204: "Nothing matches, and the answer would be XML"},
    "GET /workitems": {200: "What matches", 204: "Nothing matches, and the answer would be XML"},
    "GET /modality-scheduled-procedure-steps": {
        200: "What matches",
        204: "Nothing matches, and the answer would be XML",
    },
    "POST /modality-performed-procedure-steps/{step}": {200: "Updated", 201: "Created"},
    "POST /workitems": {201: "Created, under the address of Location"},
    "POST /workitems/{workitem}/cancelrequest": {202: "Passed on, or canceled"},
    "POST /workitems/{workitem}/subscribers/{aetitle}": {201: "Subscribed"},
}
# The query parameters of operations whose service has others.
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "GET /workitems": ("includefield", "fuzzymatching", "emptyvaluematching", "limit", "offset"),
    "GET /modality-scheduled-procedure-steps": ("fuzzymatching", "emptyvaluematching", "limit", "offset"),
    "POST /modality-performed-procedure-steps/{step}": ("update",),
    "GET /modality-performed-procedure-steps/{step}": (),
    "POST /workitems": ("workitem",),
    "GET /workitems/{workitem}": (),
    "POST /workitems/{workitem}": ("transaction-uid",),
    "PUT /workitems/{workitem}/state": (),
    "POST /workitems/{workitem}/cancelrequest": (),
}
# Who answers something else than a document to what changes something.
_SILENT = frozenset({"work_items", "work_item_events", "modality_steps"})


def document(routes: Iterable[BaseRoute], version: str) -> Document:
    """Describe the DICOMweb routes among these."""
    paths: dict[str, Document] = {}
    for one in operations(routes):
        path = (ROOT + one.path).rstrip("/")
        paths.setdefault(path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Filmless: DICOMweb", "version": version, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _problem_schema()},
        },
    }


def _operation(one: Operation) -> Document:
    made: Document = {
        "operationId": re.sub(r"\W+", "_", f"{one.method.lower()}{one.path}").strip("_"),
        "summary": one.summary,
        "tags": [one.service],
        "parameters": [*_in_path(one.path), *_in_query(one)],
        "responses": _responses(one),
    }
    if one.takes:
        made["requestBody"] = {"required": True, "content": _content(one.takes)}
    return made


def _in_path(path: str) -> Iterable[Document]:
    for name in re.findall(r"{(\w+)}", path):
        schema, meaning = _PATH.get(name, (_TEXT, "Identifier of the resource"))
        yield {"name": name, "in": "path", "required": True, "schema": schema, "description": meaning}


def _in_query(one: Operation) -> Iterable[Document]:
    names = dict.fromkeys(_PARAMETERS.get(f"{one.method} {one.path}", one.parameters))
    if one.gives and one.method == "GET":
        names["accept"] = None
    for name in names:
        schema, meaning = _QUERY.get(name, (_TEXT, "See the conformance statement"))
        yield {"name": name, "in": "query", "schema": schema, "description": meaning}
    if one.service == "qido":
        given = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID"}
        fixed = {given[name] for name in re.findall(r"{(\w+)}", one.path)}
        for attribute in of_levels(_LEVELS[one.path.rpartition("/")[2]]):
            if attribute.matchable and attribute.keyword not in fixed:
                meaning = f"Matches {attribute.path[:4]},{attribute.path[4:]} ({attribute.vr})"
                yield {"name": attribute.keyword, "in": "query", "schema": _TEXT, "description": meaning}


def _responses(one: Operation) -> Document:
    found: Document = {}
    gives = () if one.service in _SILENT and one.method != "GET" else one.gives
    meanings = _SUCCESS.get(f"{one.method} {one.path}") or _SUCCESS.get(one.service) or {200: "What was asked for"}
    for status, meaning in meanings.items():
        content = {"content": _content(gives)} if gives and status != 204 else {}
        found[str(status)] = {"description": meaning, **content}
    if one.method == "GET" and one.service not in ("qido", "bulk_data"):
        found["304"] = {"description": "As the entity tag of If-None-Match says"}
    if one.service == "qido":
        found["200"]["headers"] = {
            "X-Total-Count": {"schema": {"type": "integer"}, "description": "Number of all matches"},
            "X-Total-Count-Relation": {"schema": _TEXT, "description": "`at-least`: there may be more than counted"},
            "Warning": {"schema": _TEXT, "description": "How many more there are; what was passed over"},
        }
    for status in sorted({*_ALWAYS, *_MORE.get(one.service, (404, 410, 413))}):
        told: Document = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        if one.service == "stow" and status in (403, 409, 503):
            told |= _content(one.gives)
        found[str(status)] = {"description": _PROBLEMS[status], "content": told}
    return found


def _content(media_types: Iterable[str]) -> Document:
    return {media_type: {"schema": _schema(media_type)} for media_type in media_types}


def _schema(media_type: str) -> Document:
    if media_type.endswith("json"):
        return {}
    return {"type": "string", "format": "binary"}


def _problem_schema() -> Document:
    fields = {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT, "id": _TEXT}
    return {"type": "object", "required": list(fields), "properties": fields}
