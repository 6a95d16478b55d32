"""The key that signs how far the audit trail goes: Ed25519 (RFC 8032), in a file of the data folder."""

import base64
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.errors import StoreUnavailable

FILE = "audit.key"


@dataclass(frozen=True)
class AuditKey:
    """A node's key; ``public`` is base64 of its 32 bytes."""

    private: Ed25519PrivateKey
    public: str

    def sign(self, message: bytes) -> str:
        """The signature in base64."""
        return base64.b64encode(self.private.sign(message)).decode("ascii")


def load(data_dir: Path) -> AuditKey:
    """The key of this node, made when there is none; only its owner can read the file.

    Raises:
        StoreUnavailable: the file cannot be made or is no such key.
    """
    path = data_dir / FILE
    try:
        if not path.exists():
            _make(path)
        private = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise StoreUnavailable(f"The key of the audit trail ({FILE} in the data folder) cannot be used.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise StoreUnavailable(f"The key of the audit trail ({FILE} in the data folder) is of another kind.")
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return AuditKey(private, base64.b64encode(public).decode("ascii"))


def is_signed(public: str, message: bytes, signature: str) -> bool:
    """Whether the owner of a public key signed the message."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _make(path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    beside = path.with_name(f".{FILE}-{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process of this node was first: its key is the key
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
