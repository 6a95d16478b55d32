"""Header fields every answer carries, and what is believed of those of a request (RFC 9110; OWASP)."""

import re
from collections.abc import Mapping
from functools import lru_cache

from fastapi import Request

from pacs.web.settings import WebSettings
from storage.errors import InvalidRequest

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'; object-src 'none'"
)
_SECURITY: Mapping[str, str] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), microphone=(), camera=(), payment=()",
}
# For a document that the browser's own viewer shows inside a page of ours: that viewer is an object with styles.
FRAMED: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
    "X-Frame-Options": "SAMEORIGIN",
}
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def security(*, https: bool) -> list[tuple[bytes, bytes]]:
    """The fields for every answer; over HTTPS browsers are told to stay there."""
    found = [(name.encode(), value.encode()) for name, value in _SECURITY.items()]
    if https:
        found.append((b"strict-transport-security", b"max-age=31536000"))
    return found


def base_url(request: Request, settings: WebSettings) -> str:
    """Scheme and host for absolute addresses in answers: the public address, else that of the request.

    Raises:
        InvalidRequest: the Host field is missing or not a host.
    """
    if settings.public_url:
        return settings.public_url
    host = request.headers.get("host", "") or str(request.scope.get("server_name", ""))
    if not _HOST.fullmatch(host):
        raise InvalidRequest("The Host field of the request is not a host name.")
    return f"{request.scope['scheme']}://{host}"


def etag_matches(request: Request, etag: str) -> bool:
    """Whether If-None-Match holds this (quoted) entity tag, compared weakly (RFC 9110 §13.1.2)."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    return given.strip() == "*" or etag in (one.strip().removeprefix("W/") for one in given.split(","))


def accepts_gzip(request: Request) -> bool:
    """Whether Accept-Encoding names gzip (or ``*``) without a quality of zero."""
    return content_coding(request, "gzip") == "gzip"


def content_coding(request: Request, *offers: str) -> str:
    """The content coding that the client likes best of ``offers``, the first of equals; else ``identity`` (§12.5.3)."""
    qualities = _codings(request.headers.get("accept-encoding", ""))
    liked = {offer: qualities.get(offer, qualities.get("*", 0.0)) for offer in offers}
    best = max(offers, key=lambda offer: liked[offer])
    return best if liked[best] > 0 and liked[best] >= qualities.get("identity", 0.0) else "identity"


@lru_cache(256)
def _codings(field: str) -> Mapping[str, float]:
    qualities: dict[str, float] = {}
    for item in field.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        qualities[name] = quality
    return qualities
