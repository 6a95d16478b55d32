"""Calls to a linked site that are about the link itself: accepting an invitation, and whether a visit is let in."""

import httpx
import orjson

from pacs.federation.site_auth import EXCHANGE, SiteAuth
from storage.access.principal import Principal
from storage.archive import Archive, invitation
from storage.archive.outgoing_visit import Errand
from storage.archive.site import Site
from storage.errors import Forbidden, StoreUnavailable

ACCEPT = "/api/federation/link"
TIMEOUT_S = 20.0
_LARGEST_ANSWER = 16 * 1024


def accept_invitation(archive: Archive, token: str, address: str, principal: Principal, *, may_search: bool) -> Site:
    """Accept another site's invitation: tell it our key, check that it holds the one of the invitation, link it.

    ``address``: where the other site reaches us.

    Raises:
        Forbidden: the principal may not, or the other site refuses.
        InvalidRequest: the invitation or the address cannot be used.
        StoreUnavailable: the other site cannot be reached, or what answers is none.
    """
    card = invitation.read(archive, token)
    said = invitation.accept(archive, card, address, principal)
    status, body = _post(card.address + ACCEPT, {"acceptance": said})
    if status == httpx.codes.FORBIDDEN:
        raise Forbidden("The other site refuses: the invitation was used, withdrawn or has expired. Ask for a new one.")
    confirmation = _member(body, "link") if status == httpx.codes.CREATED else ""
    if not confirmation:
        raise StoreUnavailable("What answers at the address of the invitation is no Filmless that invited us.")
    return invitation.complete(archive, card, confirmation, principal, may_search=may_search)


def ask(archive: Archive, errand: Errand) -> None:
    """Whether the site lets this person see this study now; an emergency access begins with it.

    Raises:
        VisitRefused: it does not, and what is missing.
        StoreUnavailable: it cannot be reached.
    """
    auth = SiteAuth(archive, errand)
    address = f"{errand.site.address}/dicom-web/studies/{errand.study_instance_uid}/metadata"
    try:
        with (
            httpx.Client(auth=auth, timeout=TIMEOUT_S, follow_redirects=False) as client,
            client.stream("GET", address, headers={"Accept": "application/dicom+json"}) as answer,
        ):
            status = answer.status_code
    except httpx.HTTPError as error:
        raise StoreUnavailable("The other site cannot be reached now.") from error
    if status != httpx.codes.OK:
        raise StoreUnavailable("The other site answers, but not with the study.")


def _post(address: str, body: dict[str, str]) -> tuple[int, bytes]:
    """Post JSON; status and at most so many bytes of the answer."""
    found = bytearray()
    try:
        with httpx.stream("POST", address, json=body, timeout=TIMEOUT_S, follow_redirects=False) as answer:
            for block in answer.iter_bytes(_LARGEST_ANSWER):
                found += block
                if len(found) > _LARGEST_ANSWER:
                    return 0, b""
            return answer.status_code, bytes(found)
    except httpx.HTTPError as error:
        raise StoreUnavailable("The other site cannot be reached; check the address, and that it runs.") from error


def _member(body: bytes, name: str) -> str:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


__all__ = ["ACCEPT", "EXCHANGE", "accept_invitation", "ask"]
