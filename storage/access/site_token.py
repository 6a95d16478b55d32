"""What one site says to another under its key: JSON Web Signatures with Ed25519 (RFC 7515, RFC 8037), compact.

One algorithm, and a ``typ`` of its own for each kind of saying, so that none can be taken for another (RFC 8725 §3.11).
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson

from storage.access import site_key
from storage.access.site_key import SiteKey
from storage.errors import InvalidRequest

Kind = Literal["visit", "invitation", "acceptance", "link", "notice"]

LIFETIME = timedelta(seconds=120)
# Clocks of hospitals are not always right.
LEEWAY = timedelta(seconds=60)
LONGEST_TOKEN = 8 * 1024
_PARTS = 3


class Unreadable(InvalidRequest):
    """It is no token of this kind, or its parts are not what they must be."""


@dataclass(frozen=True)
class Said:
    """A token as it came: nothing in it is believed before :meth:`is_signed_by` says so."""

    claims: dict[str, Any]
    _content: bytes
    _signature: bytes

    def is_signed_by(self, public: str) -> bool:
        """Whether the holder of this public key said it."""
        return site_key.is_signed(public, self._content, self._signature)

    def text(self, name: str, longest: int = 256) -> str:
        """A claim that is a text; empty if there is none.

        Raises:
            Unreadable: it is no text, too long, or has control characters.
        """
        value = self.claims.get(name, "")
        if not isinstance(value, str) or len(value) > longest or not (value.isprintable() or not value):
            raise Unreadable(f"The token's {name} cannot be used.")
        return value

    def moment(self, name: str) -> datetime:
        """A claim that is a time (NumericDate).

        Raises:
            Unreadable: it is none.
        """
        value = self.claims.get(name)
        if type(value) is not int or not 0 <= value < 2**33:
            raise Unreadable(f"The token's {name} is not a time.")
        return datetime.fromtimestamp(value, UTC)


def say(key: SiteKey, kind: Kind, claims: dict[str, Any], now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """Sign claims; ``iss``, ``iat``, ``exp`` and a ``jti`` are added."""
    moment = int(now.timestamp())
    said = {
        **claims,
        "iss": key.site_id,
        "iat": moment,
        "exp": moment + int(lifetime.total_seconds()),
        "jti": claims.get("jti") or secrets.token_hex(16),
    }
    content = f"{_part(_head(kind))}.{_part(said)}".encode()
    return f"{content.decode()}.{site_key.encoded(key.sign(content))}"


def read(token: str, kind: Kind) -> Said:
    """Take a token apart, without believing it.

    Raises:
        Unreadable: it is no token of this kind.
    """
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != _PARTS:
        raise Unreadable("This is not a token of a site.")
    try:
        head, claims = (orjson.loads(site_key.decoded(part)) for part in parts[:2])
        signature = site_key.decoded(parts[2])
    except (InvalidRequest, orjson.JSONDecodeError):
        raise Unreadable("This is not a token of a site.") from None
    if head != _head(kind) or not isinstance(claims, dict):
        raise Unreadable("This is a token of another kind.")
    return Said(claims, f"{parts[0]}.{parts[1]}".encode(), signature)


def _head(kind: Kind) -> dict[str, str]:
    return {"alg": "EdDSA", "typ": f"filmless-{kind}+jwt"}


def _part(value: dict[str, Any]) -> str:
    return site_key.encoded(orjson.dumps(value))
