"""How a peer over HTTP is signed in to: basic, bearer, OAuth 2 client credentials (RFC 7617, 6750, 6749 §4.4)."""

import ssl
import threading
import time
from collections.abc import Callable, Generator, Mapping

import httpx
import orjson

from pacs.federation.web_client import failure_of, whole
from storage.archive.peer import SECRETS, Peer
from storage.archive.remote import RemoteFailed, RemoteState, Requester

# The token of a peer is asked for anew so long before it ends.
_EARLY_S = 30.0
_SHORTEST_S = 5.0
_LONGEST_TOKEN = 32 * 1024
SiteAuth = Callable[[Peer, Requester], httpx.Auth]


class Bearer(httpx.Auth):
    """A bearer token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class ClientCredentials(httpx.Auth):
    """A token that is fetched with a client's id and secret, and again when it has ended or was refused."""

    def __init__(
        self, token_url: str, client_id: str, client_secret: str, scope: str, trust: ssl.SSLContext | bool
    ) -> None:
        self._url, self._scope = token_url, scope
        self._client = httpx.Client(
            auth=(client_id, client_secret), verify=trust, follow_redirects=False, trust_env=False
        )
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def until(self, requester: Requester) -> "ClientCredentials":
        """The same, with a token that is fetched now if there is none.

        Raises:
            RemoteFailed: there is none to be had.
        """
        with self._lock:
            if time.monotonic() >= self._until:
                self._fetch(requester)
        return self

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token; one that is refused is not used again."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == 401:
            with self._lock:
                self._until = 0.0

    def _fetch(self, requester: Requester) -> None:
        form = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        timeout = httpx.Timeout(requester.remaining())
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        try:
            with self._client.stream("POST", self._url, data=form, headers=headers, timeout=timeout) as response:
                status = response.status_code
                body = whole(response, requester, _LONGEST_TOKEN)
        except httpx.HTTPError as error:
            raise failure_of(error, requester) from None
        try:
            found = orjson.loads(body) if status == 200 else {}
            token, seconds = str(found["access_token"]), float(found.get("expires_in") or _EARLY_S)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            message = f"The peer's sign-in gave no token (status {status})."
            raise RemoteFailed(RemoteState.REFUSED, "sign-in", message) from None
        self._token = token
        self._until = time.monotonic() + max(_SHORTEST_S, seconds - _EARLY_S)


def sign_of(
    peer: Peer, secrets: Mapping[str, str], trust: ssl.SSLContext | bool, site_auth: SiteAuth | None
) -> Callable[[Requester], httpx.Auth | None]:
    """What signs each request to this peer.

    Raises:
        RemoteFailed: this node cannot sign in as the peer's settings say.
    """
    if peer.sign_in == "none":
        return lambda requester: None
    if peer.sign_in == "site":
        if site_auth is None:
            raise RemoteFailed(RemoteState.FAILED, "ours", "This process cannot sign in with the key of this site.")
        return lambda requester: site_auth(peer, requester)
    secret = secrets.get(SECRETS[peer.sign_in], "")
    auth: httpx.Auth
    if peer.sign_in == "basic":
        auth = httpx.BasicAuth(peer.user_name, secret)
    elif peer.sign_in == "bearer":
        auth = Bearer(secret)
    else:
        fetched = ClientCredentials(peer.token_url, peer.user_name, secret, peer.scope, trust)
        return fetched.until
    return lambda requester: auth
