"""Passwords: what is acceptable, and Argon2id hashes of them (NIST SP 800-63B §5.1.1)."""

import functools
import threading
import unicodedata

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from storage.errors import InvalidRequest

MINIMUM_LENGTH = 14
MAXIMUM_LENGTH = 256

_hasher = PasswordHash((Argon2Hasher(),))
# A hash takes 64 MiB and a core for a while: a flood of sign-ins must not take the machine.
_room = threading.BoundedSemaphore(4)


def hashed(password: str, account: str) -> str:
    """The Argon2id hash of an acceptable password.

    Raises:
        InvalidRequest: too short, too long, one repeated character, or the account's own name in it.
    """
    text = _normal(password)
    if len(text) < MINIMUM_LENGTH:
        raise InvalidRequest(f"A password has at least {MINIMUM_LENGTH} characters.")
    if len(text) > MAXIMUM_LENGTH:
        raise InvalidRequest(f"A password has at most {MAXIMUM_LENGTH} characters.")
    if len(set(text)) < 4:
        raise InvalidRequest("This password repeats so few characters that it is easily guessed.")
    if len(account) > 3 and account.casefold() * 2 in text.casefold():
        raise InvalidRequest("This password is made of the account's name.")
    with _room:
        return _hasher.hash(_bytes(text))


def verified(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Whether the password is right, and its hash of today's strength if the stored one is weaker.

    ``stored`` is ``None`` for an unknown account; it takes the same time as a wrong password.
    """
    text = _normal(password)[: MAXIMUM_LENGTH + 1]
    with _room:
        nobody = _nobody()
        right, stronger = _hasher.verify_and_update(_bytes(text), nobody if stored is None else stored)
    return (right and stored is not None), stronger


@functools.cache
def _nobody() -> str:
    """Verified against when there is no such account, so that the answer takes as long; made when first needed, because
    every process imports this module and few verify a password."""
    return _hasher.hash("there is no account with this password")


def _normal(password: str) -> str:
    """One form for a password however the keyboard composes its accents."""
    return unicodedata.normalize("NFKC", password)


def _bytes(text: str) -> bytes:
    # JSON can carry half a surrogate pair, which plain UTF-8 cannot.
    return text.encode("utf-8", "surrogatepass")
