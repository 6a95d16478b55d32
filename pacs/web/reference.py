"""The OpenAPI document of the DICOMweb services and a page of it, for whoever is signed in."""

import html
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.dicomweb import openapi
from pacs.web.authentication import principal_of
from pacs.web.service import service

_CACHE = {"Cache-Control": "private, max-age=3600", "Vary": "Authorization, Cookie"}
_STYLE = (
    ":root{color-scheme:dark}body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;"
    "background:#0a0c10;color:#e6e9ee}a{color:#8ec5ff}h1{font-size:1.6rem}p{color:#b3bac5}"
    "code{overflow-wrap:anywhere;font-size:.92em;color:#e6e9ee}"
    "details{border-bottom:1px solid #232830}summary{cursor:pointer;padding:.55rem 0;list-style:none;display:grid;"
    "grid-template-columns:5.5rem 1fr;gap:0 .8rem}summary small{grid-column:2;color:#9aa3b0;font-size:.9em}"
    "summary b{font-size:.8em;letter-spacing:.04em;color:#8ec5ff;align-self:center}"
    "table{border-collapse:collapse;margin:0 0 1rem 6.3rem}"
    "td,th{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}"
)
_CODE = re.compile(r"``?([^`]+)``?")

router = APIRouter(prefix="/api")


@router.get("/openapi.json")
async def description(request: Request) -> Response:
    """Give the document."""
    return Response(orjson.dumps(await _document(request)), media_type="application/json", headers=_CACHE)


@router.get("/docs")
async def page(request: Request) -> Response:
    """Give the page: every operation with its parameters, media types and statuses."""
    body = "".join(_page(await _document(request)))
    return Response(body, media_type="text/html; charset=utf-8", headers=_CACHE)


async def _document(request: Request) -> openapi.Document:
    svc = service(request)
    await svc.work.run(principal_of, request, svc.archive, svc.settings)
    return openapi.document(request.app.state.dicom_web_routes, version("filmless"))


def _page(document: openapi.Document) -> Iterator[str]:
    info = document["info"]
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(info["title"])}</title>'
    yield f"<style>{_STYLE}</style><main><h1>{html.escape(info['title'])}</h1><p>{_prose(info['description'])}</p>"
    yield '<p>The same for programs: <a href="/api/openapi.json">OpenAPI 3.1</a>.</p>'
    for path, methods in sorted(document["paths"].items()):
        for method, operation in methods.items():
            yield f"<details><summary><b>{method.upper()}</b> <code>{html.escape(path)}</code> "
            yield f"<small>{_prose(operation['summary'])}</small></summary>"
            yield from _operation(operation)
            yield "</details>"
    yield "</main></html>"


def _operation(operation: dict[str, Any]) -> Iterator[str]:
    yield from _table("Parameter", ((one["name"], one["description"]) for one in operation["parameters"]))
    taken = operation.get("requestBody", {}).get("content", {})
    yield from _table("Body", ((media_type, "") for media_type in taken))
    answers = operation["responses"].items()
    yield from _table(
        "Answer",
        ((status, f"{one['description']}. {', '.join(one.get('content', {}))}") for status, one in answers),
    )


def _table(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    made = [f"<tr><td><code>{html.escape(name)}</code><td>{_prose(text)}" for name, text in rows]
    if made:
        yield f"<table><tr><th>{title}<th>Meaning{''.join(made)}</table>"


def _prose(text: str) -> str:
    """A sentence as HTML; what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", html.escape(text))
