"""Linking two sites: an invitation signed by one, an acceptance signed by the other, and no secret that is copied.

The invitation holds the public key of who invites; whoever accepts compares its fingerprint by telephone, answers with
an own key, and who invited compares that one before anything is open: each has then verified the other's key.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.access import site_key, site_token
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.access.site_token import Kind, Said
from storage.archive import Archive
from storage.archive import site as sites
from storage.archive.site import Site
from storage.errors import Forbidden, InvalidRequest, NotFound, WrongState
from storage.index import sites as rows

LONGEST = timedelta(days=30)
LONGEST_NOTE = 200


@dataclass(frozen=True)
class Card:
    """How a site presents itself in a token that its own key signed; nobody else vouches for name and address."""

    site_id: str
    public_key: str
    name: str
    facility_code: str
    address: str
    jti: str
    expires_at: datetime

    @property
    def fingerprint(self) -> str:
        """What people compare on the telephone."""
        return site_key.fingerprint(self.site_id)


@dataclass(frozen=True)
class Open:
    """An invitation of ours that nobody has used yet."""

    id: int
    note: str
    made_at: datetime
    made_by: str
    expires_at: datetime


def make(archive: Archive, address: str, note: str, lifetime: timedelta, principal: Principal) -> str:
    """Make an invitation: a text to be sent to one other site, good once. ``address``: where that site reaches us.

    Raises:
        Forbidden: the principal may not administer the whole archive.
        InvalidRequest: the address, the note or the lifetime cannot be used.
    """
    may(principal, Action.ADMINISTER, None)
    if not timedelta(0) < lifetime <= LONGEST:
        raise InvalidRequest(f"An invitation lives for more than 0 and at most {LONGEST.days} days.")
    if len(note) > LONGEST_NOTE:
        raise InvalidRequest(f"The note has at most {LONGEST_NOTE} characters.")
    now, jti = datetime.now(UTC), secrets.token_hex(16)
    token = site_token.say(
        site_key.load(archive.settings), "invitation", _card(archive, address) | {"jti": jti}, now, lifetime
    )

    def write(connection: rows.Connection) -> None:
        made_by = principal.name
        rows.add_invitation(connection, jti=jti, note=note, made_at=now, made_by=made_by, expires_at=now + lifetime)
        sites.note(connection, principal, "", "invited", note=note)

    archive.index.in_transaction(write)
    return token


def open_ones(archive: Archive, principal: Principal) -> list[Open]:
    """Our invitations that can still be used, newest first.

    Raises:
        Forbidden: the principal may not administer the whole archive.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        found = rows.open_invitations(connection, datetime.now(UTC))
    return [Open(**{name: row[name] for name in Open.__dataclass_fields__}) for row in found]


def withdraw(archive: Archive, key: int, principal: Principal) -> None:
    """End an invitation that nobody has used.

    Raises:
        Forbidden: the principal may not administer the whole archive.
        NotFound: there is none that is open.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.write() as connection:
        if not rows.withdraw_invitation(connection, key, datetime.now(UTC)):
            raise NotFound("There is no such open invitation.")
        sites.note(connection, principal, "", "invitation withdrawn")


def read(archive: Archive, token: str) -> Card:
    """What an invitation of another site says, its signature checked: to be shown before it is accepted.

    Raises:
        InvalidRequest: it is none, was altered, has expired, or is our own.
    """
    card = _presented("".join(token.split()), "invitation")[0]
    if card.site_id == site_key.load(archive.settings).site_id:
        raise InvalidRequest("This is an invitation of this very site; send it to the other one.")
    return card


def accept(archive: Archive, invited: Card, address: str, principal: Principal) -> str:
    """The acceptance to be sent to who invited; ``address``: where they reach us.

    Raises:
        Forbidden: the principal may not administer the whole archive.
        InvalidRequest: the address cannot be one.
    """
    may(principal, Action.ADMINISTER, None)
    claims = _card(archive, address) | {"aud": invited.site_id, "invitation": invited.jti}
    return site_token.say(site_key.load(archive.settings), "acceptance", claims, datetime.now(UTC))


def take(archive: Archive, token: str, address: str) -> str:
    """Take an acceptance of one of our invitations; the link then waits for an administrator. Gives our confirmation.

    ``address``: from where it was sent.

    Raises:
        InvalidRequest: it is none, was altered or has expired.
        Forbidden: the invitation is unknown, used, withdrawn or has expired, or is another site's.
    """
    key = site_key.load(archive.settings)
    card, said = _presented(token, "acceptance")
    if said.text("aud") != key.site_id:
        raise Forbidden("This acceptance is meant for another site.")
    now = datetime.now(UTC)

    def write(connection: rows.Connection) -> None:
        row = rows.invitation(connection, said.text("invitation"))
        known = rows.by_site_id(connection, card.site_id)
        if row is None or row["withdrawn_at"] is not None or row["expires_at"] <= now:
            raise Forbidden("There is no such open invitation: ask for a new one.")
        if row["site_fk"] is not None:
            # The same site may ask again, because our answer may have been lost; nothing is opened by it.
            if known is not None and row["site_fk"] == known["id"] and known["state"] != sites.CLOSED:
                return
            raise Forbidden("This invitation was used already: ask for a new one.")
        site_fk = _keep(connection, card, sites.WAITING, "")
        if not rows.use_invitation(connection, row["id"], site_fk):
            raise Forbidden("This invitation was used already: ask for a new one.")
        visitor = Principal("site", card.name, address=address)
        sites.note(connection, visitor, card.site_id, "accepted our invitation")

    archive.index.in_transaction(write)
    return site_token.say(key, "link", {"aud": card.site_id, "invitation": said.text("invitation")}, now)


def complete(archive: Archive, invited: Card, confirmation: str, principal: Principal, *, may_search: bool) -> Site:
    """Link the site that invited us, once it has confirmed under the key of the invitation.

    Raises:
        Forbidden: the principal may not administer the whole archive.
        InvalidRequest: what came is no confirmation of this invitation under this key.
    """
    may(principal, Action.ADMINISTER, None)
    said = site_token.read(confirmation, "link")
    own = site_key.load(archive.settings).site_id
    meant = (said.text("iss"), said.text("aud"), said.text("invitation"))
    if not said.is_signed_by(invited.public_key) or meant != (invited.site_id, own, invited.jti):
        raise InvalidRequest("What answered does not hold the key of the invitation; nothing was linked.")

    def write(connection: rows.Connection) -> Site:
        key = _keep(connection, invited, sites.LINKED, principal.name, may_search=may_search)
        sites.note(connection, principal, invited.site_id, "linked", may_search=may_search)
        row = rows.by_key(connection, key)
        assert row is not None
        return Site(**row)

    return archive.index.in_transaction(write)


def _card(archive: Archive, address: str) -> dict[str, str]:
    own = sites.own(archive)
    return {
        "key": own.public_key,
        "name": own.name[: sites.LONGEST_NAME],
        "code": own.facility_code,
        "address": sites.checked_address(address),
    }


def _presented(token: str, kind: Kind) -> tuple[Card, Said]:
    """A site's own words about itself, which it signed: its id is made of the key, so that no other key fits."""
    said = site_token.read(token, kind)
    public, name = said.text("key"), said.text("name", sites.LONGEST_NAME)
    identity = site_key.site_id(public)
    if identity != said.text("iss") or not said.is_signed_by(public):
        raise InvalidRequest("This text was altered on its way; ask for it again.")
    if said.moment("exp") <= datetime.now(UTC):
        raise InvalidRequest("This has expired; ask for a new invitation.")
    if not name:
        raise InvalidRequest("The site does not say its name.")
    address = sites.checked_address(said.text("address"))
    card = Card(identity, public, name, said.text("code", 64), address, said.text("jti", 64), said.moment("exp"))
    return card, said


def _keep(connection: rows.Connection, card: Card, state: str, by: str, *, may_search: bool = False) -> int:
    known = rows.by_site_id(connection, card.site_id)
    if known is not None and known["state"] == sites.LINKED and state == sites.WAITING:
        raise WrongState("This site is linked already.")
    return rows.put(
        connection,
        card.site_id,
        public_key=card.public_key,
        name=card.name,
        facility_code=card.facility_code,
        address=card.address,
        state=state,
        may_search=may_search,
        may_break_glass=False,
        linked_at=datetime.now(UTC),
        linked_by=by,
        closed_at=None,
    )
