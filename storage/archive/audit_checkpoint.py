"""Signed statements of how far the audit trail goes, kept as objects: what a change of the database cannot reach.

A statement names a line of the chain and its hash. One of each node is replaced every minute (``latest``); one a day
stays; a ``base`` says up to which line the trail was removed by policy.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal

from storage.access.audit_key import AuditKey, is_signed
from storage.archive import Archive
from storage.errors import NotFound

AUDIT = "audit/"
Kind = Literal["head", "base"]
_FORMAT = "filmless-audit-checkpoint-1"
_MOST_BYTES = 4096


@dataclass(frozen=True)
class Checkpoint:
    """That the line at ``position`` of ``chain`` has this ``hash``; a ``base``: that all up to it was removed."""

    chain: str
    kind: str
    position: int
    hash: str
    made_at: str
    key: str  # public key of who says so, base64

    def message(self) -> bytes:
        """The bytes that are signed."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, sort_keys=True, separators=(",", ":")).encode("ascii")


@dataclass(frozen=True)
class Found:
    """An object below ``audit/``; without a checkpoint it is none, or its signature is not that of its key."""

    name: str
    checkpoint: Checkpoint | None


def statement(key: AuditKey, chain: str, kind: Kind, position: int, line_hash: str) -> tuple[Checkpoint, bytes]:
    """A checkpoint made now, and its signed bytes."""
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    made = Checkpoint(chain, kind, position, line_hash, made_at, key.public)
    signed = {"format": _FORMAT, **asdict(made), "signature": key.sign(made.message())}
    return made, json.dumps(signed, indent=1).encode("ascii") + b"\n"


def keep(archive: Archive, checkpoint: Checkpoint, signed: bytes, *, stays: bool) -> None:
    """Keep a statement outside the database.

    Raises:
        StoreUnavailable: the object store cannot be reached.
    """
    folder = f"{AUDIT}{checkpoint.chain}/"
    node = sha256(checkpoint.key.encode("ascii")).hexdigest()[:16]
    if checkpoint.kind == "base":
        archive.objects.put(f"{folder}base-{checkpoint.position:015}.json", signed)
        return
    if stays:
        archive.objects.put(f"{folder}{checkpoint.position:015}.json", signed)
    archive.objects.put(f"{folder}latest-{node}.json", signed)


def everything(archive: Archive) -> Iterator[Found]:
    """All statements that are kept, of whichever chain.

    Raises:
        StoreUnavailable: the object store cannot be reached.
    """
    for head in archive.objects.keys(AUDIT):
        try:
            content = archive.objects.read(head.key, 0, _MOST_BYTES)
        except NotFound:
            continue
        yield Found(head.key, read(content))


def read(content: bytes) -> Checkpoint | None:
    """The checkpoint in signed bytes; none when they are not one, or not signed by the key they name."""
    try:
        told: dict[str, Any] = json.loads(content)
        made = Checkpoint(
            str(told["chain"]),
            str(told["kind"]),
            int(told["position"]),
            str(told["hash"]),
            str(told["made_at"]),
            str(told["key"]),
        )
        signature = str(told["signature"])
    except (ValueError, KeyError, TypeError):
        return None
    return made if is_signed(made.key, made.message(), signature) else None
