"""User identity negotiation: a name and a passcode are those of an account of this archive (PS3.7 §D.3.3.7)."""

from pynetdicom.pdu_primitives import UserIdentityNegotiation

from storage.access import accounts, permission
from storage.access.ae import ApplicationEntity
from storage.access.principal import Principal
from storage.errors import TooManyAttempts, Unauthenticated
from storage.index.engine import Index

NAME_AND_PASSCODE = 2


class NoUser(Exception):
    """The machine must name a user, and names none in a way that can be proved."""


class UserRefused(Exception):
    """Name or passcode are wrong, the account is closed, or there were too many attempts."""


def acting(index: Index, entity: ApplicationEntity, offered: UserIdentityNegotiation | None, address: str) -> Principal:
    """Who acts when this machine does for the user it names: what both of them may, where both of them reach.

    Raises:
        NoUser: no name with a passcode is offered.
        UserRefused: they are not right.
        StoreUnavailable: the index cannot be reached.
    """
    if offered is None or offered.user_identity_type != NAME_AND_PASSCODE:
        raise NoUser
    try:
        name, passcode = (offered.primary_field or b"").decode(), (offered.secondary_field or b"").decode()
        account = accounts.verify(index, name, passcode, address)
    except (UnicodeDecodeError, Unauthenticated, TooManyAttempts):
        raise UserRefused from None
    machine, person = entity.principal(address), account.principal(address)
    reach = machine.facilities
    if reach is not None and person.facilities is not None:
        reach = reach & person.facilities
    return Principal(
        "user",
        account.name,
        facilities=reach,
        rights=machine.rights & permission.actions_of(person),
        address=address,
    )


def answer(offered: UserIdentityNegotiation) -> UserIdentityNegotiation | None:
    """What the acceptance says about the user, if the caller wants to hear it: nothing but that it was understood."""
    if not offered.positive_response_requested:
        return None
    response = UserIdentityNegotiation()
    response.server_response = b""
    return response
