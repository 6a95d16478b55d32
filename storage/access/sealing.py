"""Secrets at rest: sealed with a key that is not in the database (AES-256-GCM, NIST SP 800-38D).

The key comes from the settings, where several machines share a database, else from a file in the data folder that only
its owner can read. What is sealed for one purpose cannot be opened for another: the purpose is authenticated too.
"""

import base64
import binascii
import os
import secrets
from pathlib import Path

from storage.errors import ArchiveError
from storage.settings import StorageSettings

KEY_FILE = "sealing.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORM = "1:"  # of the sealed text, so that another can follow


class Unsealable(ArchiveError):
    """The secret cannot be read: it was sealed with another key, or for something else; give it again."""


def seal(settings: StorageSettings, secret: str, purpose: str) -> str:
    """The secret as text that only this archive's key opens; another text each time.

    Raises:
        Unsealable: the key of the settings is malformed.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - few processes need it

    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_key(settings)).encrypt(nonce, secret.encode(), purpose.encode())
    return _FORM + base64.b64encode(nonce + sealed).decode()


def unseal(settings: StorageSettings, text: str, purpose: str) -> str:
    """The secret that :func:`seal` was given.

    Raises:
        Unsealable: another key, another purpose, or a changed text.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        raw = base64.b64decode(text.removeprefix(_FORM), validate=True)
        return AESGCM(_key(settings)).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode()).decode()
    except (InvalidTag, ValueError):
        raise Unsealable("A kept secret cannot be read with the key of this archive; give it again.") from None


def _key(settings: StorageSettings) -> bytes:
    given = settings.sealing_key.get_secret_value()
    if given:
        return _decoded(given)
    path = Path(settings.data_dir) / KEY_FILE
    if not path.exists():
        _make(path)
    return _decoded(path.read_text())


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise Unsealable("The key that seals secrets is 32 bytes in base64.")
    return key


def _make(path: Path) -> None:
    """Write a new key, durably; of several processes that do so at once one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink(missing_ok=True)
