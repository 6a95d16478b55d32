"""Retrieve Capabilities: what this server offers, told from its own routes (PS3.18 §8.9, Annex H)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from pacs.dicomweb.media_type import acceptable
from pacs.dicomweb.negotiation import DICOM, FRAME_MEDIA_TYPE, OCTET_STREAM, require
from pacs.dicomweb.rendering import GIF, JPEG, MP4, PDF, PNG
from pacs.web.authentication import principal_of
from pacs.web.headers import base_url
from pacs.web.resource import ROOT
from pacs.web.service import service
from storage.errors import NotFound

WADL = "application/vnd.sun.wadl+xml"
JSON = "application/json"
_NAMESPACE = "http://wadl.dev.java.net/2009/02"
_DICOM_JSON, _DICOM_XML = "application/dicom+json", "application/dicom+xml"
_MULTIPART = 'multipart/related; type="{}"'
_BOTH = (_DICOM_JSON, _MULTIPART.format(_DICOM_XML))
_SEARCH = ("includefield", "fuzzymatching", "emptyvaluematching", "multiplevaluematching", "orderby", "limit", "offset")
_RENDER = ("viewport", "window", "quality", "annotation", "iccprofile")
_FRAME_TYPES = (OCTET_STREAM, *dict.fromkeys(FRAME_MEDIA_TYPE.values()))
_FRAMES = (*map(_MULTIPART.format, _FRAME_TYPES), *_FRAME_TYPES)
_PICTURES = (JPEG, PNG, GIF, MP4, PDF, *map(_MULTIPART.format, (JPEG, PNG)))

router = APIRouter(prefix=ROOT)


@dataclass(frozen=True)
class _Offer:
    """What the operations of one module take as parameters, and the media types they give and are sent."""

    parameters: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


_OFFERS: Mapping[str, _Offer] = {
    "qido": _Offer(_SEARCH, (*_BOTH, JSON)),
    "metadata": _Offer((), (*_BOTH, JSON, _DICOM_XML)),
    "instances": _Offer((), (_MULTIPART.format(DICOM), DICOM, "application/zip")),
    "frames": _Offer((), _FRAMES),
    "bulk_data": _Offer((), _FRAMES),
    "rendered": _Offer(_RENDER, _PICTURES),
    "stow": _Offer(
        (),
        (_DICOM_JSON, _DICOM_XML),
        (DICOM, *(_MULTIPART.format(type_) for type_ in (DICOM, _DICOM_JSON, _DICOM_XML)), _DICOM_JSON),
    ),
    "commitment": _Offer((), (_DICOM_JSON, _DICOM_XML), (_DICOM_JSON, _DICOM_XML)),
    "modality_steps": _Offer(
        ("fuzzymatching", "emptyvaluematching", "limit", "offset"), _BOTH, (_DICOM_JSON, _DICOM_XML)
    ),
    "work_items": _Offer(_SEARCH, _BOTH, (_DICOM_JSON, _DICOM_XML)),
    "deletion": _Offer(("reason", "note")),
    "capabilities": _Offer((), (WADL, JSON)),
}


@dataclass(frozen=True)
class Operation:
    """One method of one resource; ``path`` is a template below the root, ``service`` the module that serves it."""

    service: str
    summary: str
    path: str
    method: str
    name: str
    parameters: tuple[str, ...]
    gives: tuple[str, ...]
    takes: tuple[str, ...]


class _OptionsRoute(Route):
    """A route that is there for OPTIONS alone: any other method of an unknown address is a 404 and not a 405."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any route, if that is the method."""
        return super().matches(scope) if scope.get("method") == "OPTIONS" else (Match.NONE, {})


async def capabilities(request: Request) -> Response:
    """Describe the root with everything below it, or one resource."""
    svc = service(request)
    path = request.path_params.get("path", "")
    await svc.work.run(principal_of, request, svc.archive, svc.settings)
    media_type = require(acceptable(request.headers.get("accept", "")), WADL, JSON)
    routes: Iterable[BaseRoute] = request.app.state.dicom_web_routes
    if path.strip("/"):
        routes = [route for route in routes if _serves(route, request.scope["path"])]
    found = list(operations(routes))
    if not found:
        raise NotFound("There is no such resource.")
    base = base_url(request, svc.settings) + ROOT
    body = _wadl(base, found) if media_type == WADL else _json(base, found)
    allow = sorted({one.method for one in found} | {"OPTIONS"})
    headers = {"Allow": ", ".join(allow), "Cache-Control": "private, max-age=3600"}
    return Response(body, media_type=media_type, headers=headers)


router.routes.extend(_OptionsRoute(ROOT + path, capabilities, methods=["OPTIONS"]) for path in ("", "/{path:path}"))


def operations(routes: Iterable[BaseRoute]) -> Iterator[Operation]:
    """What the DICOMweb routes among these offer."""
    for route in routes:
        if not isinstance(route, Route) or not route.path.startswith(ROOT) or route.endpoint is capabilities:
            continue
        service_name = route.endpoint.__module__.rpartition(".")[2]
        offer = _OFFERS.get(service_name, _Offer())
        summary = (route.endpoint.__doc__ or "").strip().partition("\n")[0]
        name = "".join(part.capitalize() for part in route.endpoint.__name__.split("_"))
        for method in sorted((route.methods or set()) - {"HEAD"}):
            path = route.path.removeprefix(ROOT).replace(":path}", "}") or "/"
            takes = offer.takes if method in ("POST", "PUT") else ()
            yield Operation(service_name, summary, path, method, name, offer.parameters, offer.gives, takes)


def _serves(route: BaseRoute, path: str) -> bool:
    if not isinstance(route, Route) or route.endpoint is capabilities:
        return False
    match, _ = route.matches({"type": "http", "method": "OPTIONS", "path": path, "headers": []})
    return match is not Match.NONE


def _json(base: str, found: Iterable[Operation]) -> bytes:
    resources: dict[str, list[dict[str, object]]] = {}
    for one in found:
        described = {"name": one.method, "id": one.name, "parameters": one.parameters, "gives": one.gives}
        resources.setdefault(one.path, []).append({**described, "takes": one.takes})
    told = [{"path": path, "methods": methods} for path, methods in resources.items()]
    return orjson.dumps({"base": base, "resources": told})


def _wadl(base: str, found: Iterable[Operation]) -> bytes:
    root = Element("application", {"xmlns": _NAMESPACE})
    resources = SubElement(root, "resources", base=base)
    made: dict[str, Element] = {}
    for one in found:
        resource = made.get(one.path)
        if resource is None:
            resource = made[one.path] = SubElement(resources, "resource", path=one.path.lstrip("/"))
            for part in one.path.split("/"):
                if part.startswith("{"):
                    SubElement(resource, "param", name=part.strip("{}"), style="template", required="true")
        method = SubElement(resource, "method", name=one.method, id=one.name)
        request = SubElement(method, "request")
        for parameter in one.parameters:
            SubElement(request, "param", name=parameter, style="query", required="false")
        for type_ in one.takes:
            SubElement(request, "representation", mediaType=type_)
        response = SubElement(method, "response", status="200")
        for type_ in one.gives:
            SubElement(response, "representation", mediaType=type_)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root)
