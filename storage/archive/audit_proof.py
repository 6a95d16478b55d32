"""Use case: prove that nobody altered, removed, moved or added lines of the audit trail, or name them (PS3.15 A.5).

Three things are held against each other: each line against its hash and the line before it, the head of the chain, and
what was said of it outside the database.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.access import audit, audit_key
from storage.access.audit_line import genesis, line_hash
from storage.access.audit_order import Link, faults
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.audit_checkpoint import Checkpoint, Found, everything
from storage.errors import InvalidRequest
from storage.index import audit_chain as rows

FINDINGS_KEPT = 1000
_PAGE = 2000
_WINDOW = 50_000

MEANINGS = {
    "altered": "was altered",
    "removed": "was removed",
    "reordered": "was moved to another place",
    "inserted": "was put in afterwards",
    "broken": "was altered and hashed anew, or a line after it was removed",
    "rewritten": "does not have the hash that a signed statement names: it, or lines before it, were rewritten",
    "cut": "was removed from the end: a signed statement names it",
    "pruned": "was removed from the beginning, and no signed statement says that this was done by policy",
    "head": "is the last, but the head of the chain says otherwise",
    "statement": "is in a statement that is damaged or not signed by a key of this archive",
    "other": "is the last of another chain that was told of outside the database and is not in it: a trail was lost",
}


@dataclass(frozen=True)
class Finding:
    """What is wrong with the lines from ``first`` to ``last``; ``event`` is the id of the one line, if it is there."""

    kind: str
    first: int
    last: int
    event: int | None = None
    name: str = ""  # of the statement


@dataclass
class Proof:
    """What the verification found; it is good if there is no finding."""

    chain: str = ""
    first: int = 0
    last: int = 0
    hash: str = ""
    lines: int = 0
    unsealed: int = 0
    oldest_unsealed: datetime | None = None
    statements: int = 0
    anchored: int = 0  # the last line that a signed statement names
    count: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Note a finding; of very many only the number."""
        self.count += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(finding)


Progress = Callable[[str, int, int | None], None]


def verify(
    archive: Archive, principal: Principal, progress: Progress = lambda stage, done, total: None, noted: str = ""
) -> Proof:
    """Go through the whole trail; it changes nothing but notes that it was verified.

    Args:
        archive: whose trail it is.
        principal: who asks.
        progress: hears the stage, how much is done and of how much.
        noted: ``POSITION:HASH`` as somebody wrote it down, one more statement to hold the trail against.

    Raises:
        InvalidRequest: what was noted is not of that form.
        Forbidden: the principal may not read the trail.
        StoreUnavailable: index or object store cannot be reached.
    """
    may(principal, Action.AUDIT, None)
    said = _noted(noted)
    # Asked before the trail is read, so that none can be of lines that came meanwhile.
    found = list(everything(archive))
    proof = Proof()
    with archive.index.read() as connection:
        if not archive.index.is_sqlite:
            connection.execution_options(isolation_level="REPEATABLE READ")
        head = rows.head(connection)
        proof.unsealed, proof.oldest_unsealed = rows.waiting(connection)
        reading = _Reading(connection, head, proof)
        reading.keys.add(audit_key.load(archive.settings.data_dir).public)
        if head is not None:
            proof.chain, proof.first = head.chain, head.base_position + 1
            reading.walk(progress)
            if (reading.last.position, reading.last.hash) != (head.position, head.hash):
                proof.add(Finding("head", reading.last.position, reading.last.position))
            if head.base_position and not _is_pruned(found, head):
                found = list(everything(archive))  # it may just have been
        good = _statements_of(found, reading)
        _hold_base(head, good, proof)
        said += [(one.position, one.hash, name) for name, one in good if one.kind == "head"]
        _hold(connection, head, said, reading)
    proof.findings.sort(key=lambda one: (one.first, one.kind))
    with archive.index.write() as connection:
        counted = {"lines": proof.lines, "last": proof.last, "findings": proof.count}
        audit.record(connection, principal, Action.AUDIT, detail={"act": "verified", "hash": proof.hash, **counted})
    return proof


def _noted(text: str) -> list[tuple[int, str, str]]:
    if not text:
        return []
    if not re.fullmatch(r"[0-9]{1,15}:[0-9a-f]{64}", text):
        raise InvalidRequest("A noted head is the number of a line, a colon and its hash of 64 hexadecimal digits.")
    position, _, told = text.partition(":")
    return [(int(position), told, "as noted")]


def _statements_of(found: Sequence[Found], reading: "_Reading") -> list[tuple[str, Checkpoint]]:
    """The statements of this chain that are signed by a key of this archive; what else is found is noted."""
    proof = reading.proof
    good: list[tuple[str, Checkpoint]] = []
    others: dict[str, tuple[int, str]] = {}
    for one in found:
        made = one.checkpoint
        if made is None or (made.chain == proof.chain and made.key not in reading.keys):
            proof.add(Finding("statement", 0, 0, name=one.name))
        elif made.chain != proof.chain:
            others[made.chain] = max(others.get(made.chain, (0, "")), (made.position, one.name))
        else:
            good.append((one.name, made))
    for position, name in others.values():
        proof.add(Finding("other", position, position, name=name))
    proof.statements = len(good)
    return good


def _is_pruned(found: Sequence[Found], head: rows.Head) -> bool:
    wanted = (head.chain, "base", head.base_position, head.base_hash)
    made = (one.checkpoint for one in found)
    return any(one is not None and (one.chain, one.kind, one.position, one.hash) == wanted for one in made)


class _Reading:
    """The lines, page by page; which keys they say are this archive's."""

    def __init__(self, connection: rows.Connection, head: rows.Head | None, proof: Proof) -> None:
        self._connection = connection
        self._head = head
        self.proof = proof
        self.keys: set[str] = set()
        begins = Link(head.base_position, "", head.base_hash) if head else Link(0, "", "")
        self.last = begins
        self._wrong: list[dict[str, Any]] = []
        self._breaks: tuple[int, int] | None = None

    def walk(self, progress: Progress) -> None:
        """Look at every line of the chain, and for keys at those that are not yet in it."""
        assert self._head is not None
        while page := rows.lines(self._connection, self.last.position, _PAGE):
            for row in page:
                self._look(row)
            progress("Verifying the audit trail", self.proof.lines, max(self._head.position, self.proof.lines))
        for row in rows.unsealed(self._connection, _PAGE):
            self._note_key(row)
        self.proof.last, self.proof.hash = self.last.position, self.last.hash
        self._name_altered()
        self._name_disorder()

    def _look(self, row: dict[str, Any]) -> None:
        position, previous = row["position"], row["previous_hash"] or ""
        sealed_at = row["sealed_at"]
        if sealed_at is None or line_hash(previous, row, sealed_at) != row["hash"]:
            if len(self._wrong) < FINDINGS_KEPT:
                self._wrong.append(row)
            else:
                self.proof.add(Finding("altered", position, position, row["id"]))
        else:
            self._note_key(row)
        if position > self.last.position + 1:
            self.proof.add(Finding("removed", self.last.position + 1, position - 1))
        elif previous != self.last.hash:
            self._breaks = (self._breaks[0] if self._breaks else self.last.position, position)
        self.last = Link(position, previous, row["hash"] or "")
        self.proof.lines += 1

    def _note_key(self, row: dict[str, Any]) -> None:
        if row["action"] in (audit.CHECKPOINT, audit.PRUNE) and row["actor_kind"] == "system":
            self.keys.update(_key_in(row["detail"]))

    def _name_altered(self) -> None:
        """A line whose hash is not its own; where it is that of another such line, the two were exchanged."""
        for row in self._wrong:
            exchanged = any(
                other is not row
                and row["sealed_at"] is not None
                and line_hash(row["previous_hash"] or "", {**other, "id": row["id"]}, row["sealed_at"]) == row["hash"]
                for other in self._wrong
            )
            kind = "reordered" if exchanged else "altered"
            self.proof.add(Finding(kind, row["position"], row["position"], row["id"]))

    def _name_disorder(self) -> None:
        if self._breaks is None or self._head is None:
            return
        first, last = self._breaks
        # The line before the break may be the one that was put in; the one before that is in its place.
        first = max(first - 1, self._head.base_position)
        found = rows.lines(self._connection, first - 1, _WINDOW, last + 1)
        links = [Link(row["position"], row["previous_hash"] or "", row["hash"] or "") for row in found]
        events = {row["position"]: row["id"] for row in found}
        if first == self._head.base_position:
            links.insert(0, Link(first, "", self._head.base_hash))
        for kind, position in faults(links):
            self.proof.add(Finding(kind, position, position, events.get(position)))


def _key_in(detail: str) -> Iterator[str]:
    key = audit.detail_of(detail).get("key")
    if isinstance(key, str):
        yield key


def _hold_base(head: rows.Head | None, statements: list[tuple[str, Checkpoint]], proof: Proof) -> None:
    """The chain begins where it was made, or where a statement says that it was cut by policy."""
    if head is None:
        return
    if head.base_position == 0:
        if head.base_hash != genesis(head.chain):
            proof.add(Finding("head", 0, 0))
        return
    if not _is_pruned([Found(name, made) for name, made in statements], head):
        proof.add(Finding("pruned", 1, head.base_position))


def _hold(
    connection: rows.Connection, head: rows.Head | None, said: list[tuple[int, str, str]], reading: _Reading
) -> None:
    """Hold the trail against what was said of it outside the database: position, hash, where it is said."""
    proof, good = reading.proof, head.base_position if head else 0
    there = rows.hashes(connection, {position for position, _, _ in said})
    for (position, told), name in sorted({(position, told): name for position, told, name in said}.items()):
        proof.anchored = max(proof.anchored, position)
        if there.get(position, told) != told:
            proof.add(Finding("rewritten", good + 1, position, name=name))
        elif position in there:
            good = position
    if proof.anchored > reading.last.position:
        proof.add(Finding("cut", reading.last.position + 1, proof.anchored))
