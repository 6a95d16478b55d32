"""Who makes a request: by session cookie or bearer token (RFC 6750); and whether it comes from our own pages."""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import Response

from pacs.web.edge import client_address
from pacs.web.errors import UntrustedOrigin
from pacs.web.resource import ROOT
from pacs.web.settings import WebSettings
from storage.access import credentials
from storage.access.credentials import Credential
from storage.access.principal import Principal
from storage.archive import Archive, visit
from storage.errors import Forbidden, Unauthenticated

COOKIE = "filmless_session"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_SECRET = 512
_VISITED = (f"{ROOT}/studies", f"{ROOT}/series", f"{ROOT}/instances")


def authenticate(request: Request, archive: Archive, settings: WebSettings) -> Credential:
    """Find whom the request stands for; blocking, though mostly answered from memory.

    A bearer token wins over a cookie. An unsafe method with a cookie must come from our own pages.

    Raises:
        Unauthenticated: no credential, or one that is not valid.
        UntrustedOrigin: the cookie was sent by another site.
    """
    secret = _secret(request, settings)
    if secret.startswith(visit.PREFIX):
        return _visitor(request, archive, secret)
    return credentials.resolve(archive.index, secret, client_address(request.scope))


def known_principal(request: Request, archive: Archive, settings: WebSettings) -> Principal | None:
    """The same principal if it was found within the last seconds; None: ask :func:`authenticate`, which may block.

    Raises:
        Unauthenticated, UntrustedOrigin: as :func:`authenticate`.
    """
    found = credentials.resolved(archive.index, _secret(request, settings), client_address(request.scope))
    return found.principal if found else None


def principal_of(request: Request, archive: Archive, settings: WebSettings) -> Principal:
    """The principal of :func:`authenticate`."""
    return authenticate(request, archive, settings).principal


def session_secret(request: Request) -> str:
    """The secret in the session cookie, or nothing."""
    secret = request.cookies.get(COOKIE, "")
    return secret if len(secret) <= _LONGEST_SECRET else ""


def require_same_origin(request: Request, settings: WebSettings, *, lenient: bool = False) -> None:
    """Refuse a request that a browser sends on behalf of another site.

    Browsers send Origin with every unsafe request, and Sec-Fetch-Site where the connection is trustworthy. ``lenient``
    lets pass a request with neither, which no browser makes: a program that signs in.

    Raises:
        UntrustedOrigin: another site, or nothing tells where it comes from.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is None and origin is None:
        if lenient:
            return
        raise UntrustedOrigin("A request with the session cookie must say its Origin; programs use a bearer token.")
    if site is not None and site not in ("same-origin", "none"):
        raise UntrustedOrigin("The request comes from another site.")
    if origin is not None and not _own(origin, request, settings):
        raise UntrustedOrigin("The request comes from another site.")


def set_cookie(response: Response, secret: str, seconds: int, settings: WebSettings) -> None:
    """Give the browser a session."""
    response.set_cookie(
        COOKIE, secret, max_age=seconds, path="/", secure=settings.https, httponly=True, samesite="strict"
    )


def clear_cookie(response: Response, settings: WebSettings) -> None:
    """Take the session from the browser."""
    response.delete_cookie(COOKIE, path="/", secure=settings.https, httponly=True, samesite="strict")


def _secret(request: Request, settings: WebSettings) -> str:
    secret = _bearer(request)
    if secret is None:
        secret = request.cookies.get(COOKIE, "")
        if secret and request.method not in _SAFE:
            require_same_origin(request, settings)
    if not secret or len(secret) > _LONGEST_SECRET:
        raise Unauthenticated("Sign in, or send a bearer token.")
    return secret


def _visitor(request: Request, archive: Archive, secret: str) -> Credential:
    """A person of a linked site: they search and retrieve studies over DICOMweb and do nothing else."""
    found = visit.resolve(archive, secret, client_address(request.scope))
    if request.method not in _SAFE or not request.url.path.startswith(_VISITED):
        raise Forbidden("A person of a linked site reads studies here, and nothing else.")
    return found


def _own(origin: str, request: Request, settings: WebSettings) -> bool:
    if settings.public_url and origin == settings.public_url:
        return True
    given = urlsplit(origin)
    return bool(given.netloc) and given.netloc.lower() == request.headers.get("host", "").lower()


def _bearer(request: Request) -> str | None:
    """The token of the Authorization field; ``None`` when there is no such field."""
    value = request.headers.get("authorization")
    if value is None:
        return None
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("The Authorization field must hold a bearer token.")
    return token.strip()
