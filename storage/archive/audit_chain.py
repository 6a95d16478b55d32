"""Use case: the audit trail becomes a chain, whose head is told of outside the database (PS3.15 A.5).

An act writes its event and waits for nobody. The worker gives events their place afterwards, in batches and in an order
of its own, so neither receiving nor many nodes on one database wait for each other. Until then, a second or two, an
event is not protected; after it, until the next statement outside the database, its removal with all that follows it
is not found.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from storage.access import audit, audit_key
from storage.access.audit_line import genesis, line_hash
from storage.access.principal import SYSTEM
from storage.archive import Archive
from storage.archive.audit_checkpoint import keep, statement
from storage.errors import InvalidRequest
from storage.index import audit_chain as rows
from storage.settings import LEAST_AUDIT_YEARS

log = structlog.get_logger(__name__)

BATCH = 500
KEPT_EVERY = timedelta(days=1)
_PRUNED = 5000


def seal(archive: Archive) -> int:
    """Give events that have none their place in the chain, a batch; gives how many.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        if not rows.unsealed(connection, 1):
            return 0
    return archive.index.in_transaction(_seal)


def _seal(connection: rows.Connection) -> int:
    now = datetime.now(UTC)
    head = _head(connection, now)
    previous, lines = head.hash, []
    for position, row in enumerate(rows.unsealed(connection, BATCH), head.position + 1):
        made = line_hash(previous, row, now)
        lines.append({"id": row["id"], "position": position, "previous_hash": previous, "hash": made, "sealed_at": now})
        previous = made
    if lines:
        rows.seal(connection, lines)
        rows.change(connection, position=head.position + len(lines), hash=previous, sealed_at=now)
    return len(lines)


def _head(connection: rows.Connection, now: datetime) -> rows.Head:
    found = rows.head(connection, lock=True)
    if found is not None:
        return found
    chain = secrets.token_hex(16)
    begins: dict[str, Any] = {"position": 0, "hash": genesis(chain), "base_position": 0, "base_hash": genesis(chain)}
    rows.begin(connection, {"chain": chain, "sealed_at": now, "anchored_position": 0, **begins})
    made = rows.head(connection, lock=True)
    assert made is not None, "just made, in this transaction"
    return made


def anchor(archive: Archive) -> bool:
    """Tell outside the database how far the chain goes, if it went on since; whether it did.

    Raises:
        StoreUnavailable: index or object store cannot be reached.
    """
    with archive.index.read() as connection:
        head = rows.head(connection)
    if head is None or head.position == head.anchored_position:
        return False
    now = datetime.now(UTC)
    # A power cut must not take lines that were told of: this commit makes all before it durable.
    with archive.index.write(durable=True) as connection:
        rows.change(connection, anchored_at=now)
    key = audit_key.load(archive.settings.data_dir)
    stays = head.kept_at is None or now - head.kept_at >= KEPT_EVERY
    made, signed = statement(key, head.chain, "head", head.position, head.hash)
    keep(archive, made, signed, stays=stays)
    with archive.index.write() as connection:
        rows.change(connection, anchored_position=head.position, **({"kept_at": now} if stays else {}))
        if stays:
            # Whose statements count is told by the trail itself, so that several nodes know each other's keys.
            detail: audit.Detail = {"position": head.position, "hash": head.hash, "key": key.public}
            audit.record(connection, SYSTEM, audit.CHECKPOINT, detail=detail)
    # A log that goes to another machine is one more place that a change of the database cannot reach.
    log.info("audit checkpoint", chain=head.chain, position=head.position, hash=head.hash)
    return True


def prune(archive: Archive, years: int) -> int:
    """Remove lines older than so many years from the beginning of the chain; 0 keeps all. Gives how many were removed.

    Removal ends at the first younger line. What is left stays verifiable: a signed statement says where it begins.

    Raises:
        InvalidRequest: fewer than five years.
        StoreUnavailable: index or object store cannot be reached.
    """
    if years == 0:
        return 0
    if years < LEAST_AUDIT_YEARS:
        raise InvalidRequest(f"The audit trail is kept for at least {LEAST_AUDIT_YEARS} years.")
    before = datetime.now(UTC) - timedelta(days=years * 365.25)
    with archive.index.read() as connection:
        head = rows.head(connection)
        found = rows.lines(connection, head.base_position, _PRUNED) if head else []
    old = next((number for number, row in enumerate(found) if row["at"] >= before), len(found))
    if head is None or old == 0:
        return 0
    last = found[old - 1]
    key = audit_key.load(archive.settings.data_dir)
    made, signed = statement(key, head.chain, "base", last["position"], last["hash"])
    keep(archive, made, signed, stays=True)

    def work(connection: rows.Connection) -> int:
        now = rows.head(connection, lock=True)
        if now is None or now.base_position != head.base_position:
            return 0  # another node was first
        removed = rows.remove_until(connection, last["position"])
        rows.change(connection, base_position=last["position"], base_hash=last["hash"])
        detail: audit.Detail = {
            "first": head.base_position + 1,
            "last": last["position"],
            "years": years,
            "key": key.public,
        }
        audit.record(connection, SYSTEM, audit.PRUNE, detail=detail)
        return removed

    return archive.index.in_transaction(work, durable=True)


def head(archive: Archive) -> tuple[int, str] | None:
    """The position and hash of the last sealed line, to be kept elsewhere.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        found = rows.head(connection)
    return (found.position, found.hash) if found is not None and found.position else None
