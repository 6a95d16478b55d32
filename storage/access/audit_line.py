"""One line of the audit trail in its chain: what is hashed, and how (PS3.15 A.5; SHA-256, FIPS 180-4).

Each line holds the hash of the line before it, so that nothing can be altered, removed, added or moved without breaking
the chain from there on. Where the chain begins is the hash of its own random name.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

_FORMAT = "filmless-audit-1"
_TEXTS = ("actor_kind", "actor", "address", "action", "outcome", "study_instance_uid", "patient_id", "detail")


def genesis(chain: str) -> str:
    """The hash that the first line of a chain follows."""
    return sha256(f"{_FORMAT}:{chain}".encode()).hexdigest()


def line_hash(previous: str, row: Mapping[str, Any], sealed_at: datetime) -> str:
    """The hash of a line, in hexadecimal.

    Args:
        previous: hash of the line before.
        row: ``id``, ``at`` and all texts of the event; its position is told by the chain itself.
        sealed_at: when it got its place, so that a line added later cannot pass for an old one.
    """
    told = [_FORMAT, previous, row["id"], _moment(row["at"]), *(row[name] for name in _TEXTS), _moment(sealed_at)]
    return sha256(json.dumps(told, separators=(",", ":")).encode("ascii")).hexdigest()


def _moment(at: datetime) -> str:
    """Both engines keep microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
