"""The key with which this site proves who it is: Ed25519 (RFC 8032), made at the first start.

A site is known by the hash of its public key, so that a name and a key cannot be joined wrongly. What signs is loaded
when something is signed: every process imports this module, and few sign.
"""

import base64
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from storage.errors import InvalidRequest, StoreUnavailable
from storage.settings import StorageSettings

if TYPE_CHECKING:  # loaded by whoever signs, not by every process
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_NAME = "site.key"
_ID_BYTES = 20
_KEY_BYTES = 32


@dataclass(frozen=True)
class SiteKey:
    """Our own key; ``public`` is its public part, 32 bytes in base64url."""

    public: str
    _private: "Ed25519PrivateKey" = field(repr=False)

    @property
    def site_id(self) -> str:
        """By what others know us."""
        return site_id(self.public)

    def sign(self, content: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._private.sign(content)


def ensure(settings: StorageSettings) -> None:
    """Make the key if there is none: at the first start.

    Raises:
        StoreUnavailable: it can neither be found nor made.
    """
    if not path(settings).exists():
        load(settings)


def load(settings: StorageSettings) -> SiteKey:
    """Our own key, made if there is none; of several processes at once one makes it.

    Raises:
        StoreUnavailable: it cannot be read or made, or is no Ed25519 key.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    place = path(settings)
    try:
        if not place.exists():
            _make(place)
        key = serialization.load_pem_private_key(place.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise StoreUnavailable("The key of this site cannot be read or made.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StoreUnavailable("The key of this site is not an Ed25519 key.")
    return SiteKey(encoded(key.public_key().public_bytes_raw()), key)


def path(settings: StorageSettings) -> Path:
    """Where the key is."""
    return settings.site_key or settings.data_dir / _NAME


def site_id(public: str) -> str:
    """The name of the site with this public key: 160 bits of its SHA-256, 32 letters and digits.

    Raises:
        InvalidRequest: it is no public key.
    """
    raw = decoded(public)
    if len(raw) != _KEY_BYTES:
        raise InvalidRequest("This is not the public key of a site.")
    return base64.b32encode(hashlib.sha256(raw).digest()[:_ID_BYTES]).decode().lower()


def fingerprint(identity: str) -> str:
    """A site's id as people read it to each other on the telephone: eight groups of four."""
    upper = identity.upper()
    return "-".join(upper[at : at + 4] for at in range(0, len(upper), 4))


def is_signed(public: str, content: bytes, signature: bytes) -> bool:
    """Whether the holder of the key signed this content."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        Ed25519PublicKey.from_public_bytes(decoded(public)).verify(signature, content)
    except (InvalidSignature, ValueError, InvalidRequest):
        return False
    return True


def encoded(content: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of :func:`encoded`; no other spelling of them is taken.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise InvalidRequest("This is not base64url.") from None
    if encoded(found) != text:
        raise InvalidRequest("This is not base64url.")
    return found


def _make(place: Path) -> None:
    """Whole and readable by its owner alone, or not there."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f"{place.name}.{os.getpid()}-{os.urandom(4).hex()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(unfinished, place)
    except FileExistsError:
        pass  # another process was quicker
    finally:
        unfinished.unlink()
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
