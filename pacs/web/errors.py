"""The only place where an exception becomes an HTTP answer: problem details (RFC 9457; PS3.18 §8.5 for the statuses).

Every problem carries an id that is also in the log. No problem holds patient data: its detail is the message of an
:class:`~storage.errors.ArchiveError`, or a sentence of this module.
"""

import http
from collections.abc import Mapping

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from storage import errors
from storage.access.refusal import VisitRefused

PROBLEM = "application/problem+json"
RETRY_AFTER_S = 10

_log = structlog.get_logger("pacs.web")

# The nearest class in the exception's ancestry decides.
STATUS: Mapping[type[errors.ArchiveError], tuple[int, str]] = {
    errors.ArchiveError: (500, "The archive could not do this"),
    errors.InvalidInstance: (400, "Not a usable DICOM instance"),
    errors.InconsistentInstance: (409, "The instance contradicts the request"),
    errors.UnsupportedInstance: (415, "This kind of instance is not kept here"),
    errors.DuplicateConflict: (409, "Another instance has this UID"),
    errors.OutOfResources: (503, "No room at the moment"),
    errors.TooLarge: (413, "Too large"),
    errors.NotFound: (404, "Not found"),
    errors.Gone: (410, "Deleted"),
    errors.InvalidQuery: (400, "The query cannot be understood"),
    errors.NotAcceptable: (406, "Not available in the form asked for"),
    errors.PixelError: (406, "The pixels of this image cannot be decoded"),
    errors.Unauthenticated: (401, "Sign in first"),
    errors.TooManyAttempts: (429, "Too many attempts"),
    errors.Forbidden: (403, "Not allowed"),
    errors.InvalidRequest: (400, "The request cannot be used"),
    errors.WrongState: (409, "Not possible as things are"),
    errors.StoreUnavailable: (503, "The archive cannot be reached now"),
}


class UnsupportedMediaType(errors.InvalidRequest):
    """The body comes in a media type that this resource does not take (PS3.18 §8.7.9)."""


class RequestTimeout(errors.InvalidRequest):
    """The rest of the body did not come (RFC 9110 §15.5.9)."""


class UntrustedOrigin(errors.Forbidden):
    """An unsafe request carried a session cookie but did not come from our own pages."""


_WEB_STATUS: Mapping[type[errors.ArchiveError], tuple[int, str]] = {
    UnsupportedMediaType: (415, "Unsupported media type"),
    RequestTimeout: (408, "The request took too long"),
    UntrustedOrigin: (403, "The request came from another site"),
}


def request_id(request: Request) -> str:
    """The id of this request, as in the log."""
    return str(request.scope.get("filmless.id", ""))


def status_of(error: errors.ArchiveError) -> tuple[int, str]:
    """HTTP status and title of an archive error."""
    for kind in type(error).__mro__:
        found = _WEB_STATUS.get(kind) or STATUS.get(kind)
        if found:
            return found
    return 500, "The archive could not do this"


def problem(
    status: int, title: str, detail: str, identifier: str, headers: Mapping[str, str] | None = None, missing: str = ""
) -> Response:
    """Build a problem answer; ``missing`` is a word for what a visitor of a linked site lacks."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "id": identifier}
    if missing:
        body["missing"] = missing
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=PROBLEM,
    )


def problem_of(error: Exception, identifier: str) -> Response:
    """Turn any exception into a problem and log it under its id; an unknown one is a 500 with a trace in the log."""
    if isinstance(error, errors.ArchiveError):
        status, title = status_of(error)
        if status >= 500:
            _log.error("refused", id=identifier, status=status, reason=str(error), exc_info=error)
        else:
            _log.info("refused", id=identifier, status=status, reason=str(error), kind=type(error).__name__)
        missing = error.missing if isinstance(error, VisitRefused) else ""
        return problem(status, title, str(error), identifier, _headers(error, status), missing)
    if isinstance(error, HTTPException):
        phrase = http.HTTPStatus(error.status_code).phrase
        return problem(error.status_code, phrase, str(error.detail), identifier, error.headers)
    if isinstance(error, RequestValidationError):
        fields = ", ".join(sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()}))
        return problem(400, "The request cannot be understood", f"Check: {fields}.", identifier)
    if isinstance(error, ClientDisconnect):
        _log.info("the client left before its request had ended", id=identifier)
        return problem(400, "The request was cut off", "The body ended before its announced length.", identifier)
    _log.error("unexpected", id=identifier, status=500, exc_info=error)
    return problem(
        500, "Something went wrong", f"An unexpected error; tell the administrator this id: {identifier}.", identifier
    )


def install(app: FastAPI) -> None:
    """Answer every exception of a handler with a problem."""

    async def answer(request: Request, error: Exception) -> Response:
        return problem_of(error, request_id(request))

    for kind in (errors.ArchiveError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer)


def warning_of(text: str) -> dict[str, str]:
    """A Warning field as PS3.18 §11 words them."""
    return {"Warning": f"299 filmless: {text}"} if text else {}


def _headers(error: errors.ArchiveError, status: int) -> dict[str, str]:
    if isinstance(error, errors.WorkItemRefusal):
        return warning_of(error.warning)
    if isinstance(error, errors.TooManyAttempts):
        return {"Retry-After": str(max(1, error.retry_after_s))}
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="filmless"'}
    if status == 503:
        return {"Retry-After": str(RETRY_AFTER_S)}
    return {}
