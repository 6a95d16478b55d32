"""Asking a peer over HTTP: one client a peer, bounded in time and bytes, every failure in words (RFC 9110)."""

import ssl
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from storage.archive.peer import CERTIFICATE_KEY, Peer
from storage.archive.remote import RemoteFailed, RemoteState, Requester

LONGEST_ANSWER = 64 * 1024 * 1024
_BLOCK = 64 * 1024
_CONNECTIONS = 8
Sign = Callable[[Requester], httpx.Auth | None]


class WebClient:
    """One peer over HTTP; safe to share between threads. No redirect is followed: secrets go nowhere else."""

    def __init__(self, peer: Peer, trust: ssl.SSLContext | bool, sign: Sign) -> None:
        self._sign = sign
        self._client = httpx.Client(
            base_url=peer.url.rstrip("/"),
            verify=trust,
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            headers={"User-Agent": "Filmless", "Accept-Encoding": "gzip"},
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    @contextmanager
    def ask(
        self,
        method: str,
        path: str,
        requester: Requester,
        *,
        parameters: Mapping[str, str | list[str]] | None = None,
        json: Any = None,
        accept: str = "application/json",
    ) -> Iterator[httpx.Response]:
        """An answer whose body has not been read yet, whatever its status.

        Raises:
            RemoteFailed: no answer; also what the block raises of httpx.
        """
        try:
            with self._client.stream(
                method,
                path,
                params=parameters,
                json=json,
                headers={"Accept": accept},
                auth=self._sign(requester) or httpx.USE_CLIENT_DEFAULT,
                timeout=httpx.Timeout(requester.remaining()),
            ) as response:
                yield response
        except httpx.HTTPError as error:
            raise failure_of(error, requester) from None
        except httpx.InvalidURL:
            raise RemoteFailed(RemoteState.DOWN, "name", "The address of the peer cannot be used.") from None


def check_status(response: httpx.Response, *also: int) -> None:
    """Go on with a 200, or one of ``also``.

    Raises:
        RemoteFailed: another status.
    """
    status = response.status_code
    if status in (200, *also):
        return
    if status == 401:
        raise RemoteFailed(RemoteState.REFUSED, "sign-in", "The peer does not accept our sign-in (401).")
    if status == 403:
        raise RemoteFailed(RemoteState.REFUSED, "forbidden", "The peer does not allow this (403).")
    raise RemoteFailed(RemoteState.FAILED, "status", f"The peer answered with status {status}.")


def blocks(response: httpx.Response, requester: Requester, longest: int = LONGEST_ANSWER) -> Iterator[bytes]:
    """The body in bounded pieces; what is compressed is opened here, so that a small one cannot become a huge one.

    Raises:
        RemoteFailed: too long, too late, or compressed in another way.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip"):
        raise RemoteFailed(RemoteState.FAILED, "unreadable", "The peer's answer is compressed in an unknown way.")
    opener = zlib.decompressobj(16 + zlib.MAX_WBITS) if coding == "gzip" else None
    total = 0
    for raw in response.iter_raw(_BLOCK):
        left = raw
        while left:
            requester.remaining()
            block, left = _opened(opener, left) if opener else (left, b"")
            total += len(block)
            if total > longest:
                raise RemoteFailed(RemoteState.FAILED, "too-large", "The peer's answer is too large.")
            if block:
                yield block


def whole(response: httpx.Response, requester: Requester, longest: int) -> bytes:
    """The whole body.

    Raises:
        RemoteFailed: as :func:`blocks`.
    """
    return b"".join(blocks(response, requester, longest))


def failure_of(error: Exception, requester: Requester) -> RemoteFailed:
    """What went wrong below HTTP, in words."""
    requester_is_late = False
    try:
        requester.remaining()
    except RemoteFailed:
        requester_is_late = True
    if requester_is_late or isinstance(error, httpx.TimeoutException):
        return RemoteFailed(RemoteState.SLOW, "time", "The peer did not answer in its time.")
    words = _all_words(error)
    if any(isinstance(one, ssl.SSLError) for one in _causes(error)) or "certificate" in words or "ssl" in words:
        return RemoteFailed(RemoteState.FAILED, "tls", f"The peer and this node do not agree on TLS: {_tls(error)}.")
    if isinstance(error, httpx.ConnectError):
        name = "name or service" in words or "getaddrinfo" in words or "name resolution" in words
        if name:
            return RemoteFailed(RemoteState.DOWN, "name", "The name of the peer cannot be resolved.")
        return RemoteFailed(RemoteState.DOWN, "unreachable", "Nothing answers at the address of the peer.")
    if isinstance(error, httpx.UnsupportedProtocol):
        return RemoteFailed(RemoteState.DOWN, "name", "The address of the peer cannot be used.")
    return RemoteFailed(RemoteState.FAILED, "closed", "The peer closed the connection in the middle.")


def trust_of(peer: Peer, secrets: Mapping[str, str]) -> ssl.SSLContext | bool:
    """Whose certificate is believed, and which is shown.

    Raises:
        RemoteFailed: the certificates of the peer's settings cannot be used.
    """
    if not peer.url.startswith("https:"):
        return True
    try:
        context = ssl.create_default_context(cadata=peer.authority or None)
        if peer.certificate:
            # The library reads them from a file alone; it is gone before anything else happens.
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                file.write(f"{peer.certificate}\n{secrets.get(CERTIFICATE_KEY, '')}\n")
                file.flush()
                context.load_cert_chain(file.name)
    except (ssl.SSLError, ValueError):
        raise RemoteFailed(RemoteState.FAILED, "ours", "The certificates kept for this peer cannot be used.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _opened(opener: "zlib._Decompress", left: bytes) -> tuple[bytes, bytes]:
    try:
        block = opener.decompress(left, _BLOCK)
    except zlib.error:
        raise RemoteFailed(RemoteState.FAILED, "unreadable", "The peer's answer is damaged.") from None
    return block, opener.unconsumed_tail


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _all_words(error: Exception) -> str:
    return " ".join(str(one) for one in _causes(error)).lower()


def _tls(error: Exception) -> str:
    for one in _causes(error):
        if isinstance(one, ssl.SSLError):
            detail = getattr(one, "verify_message", "") or str(one.reason or "").replace("_", " ").lower()
            return detail or "the handshake failed"
    return "the handshake failed"
