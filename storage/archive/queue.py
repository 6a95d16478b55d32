"""Use case: what waits for the object store, since when, and what keeps it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from storage.archive import Archive
from storage.index import spooled as rows


@dataclass(frozen=True)
class NodeQueue:
    """The queue of one node; ``bytes`` in bytes.

    ``away_since``: since when the object store takes nothing from it; ``reason``: why its last upload failed, a word of
    :data:`storage.archive.carry.Reason` or empty; ``failing``: instances whose upload has failed.
    """

    node: str
    instances: int
    bytes: int
    oldest_at: datetime | None
    away_since: datetime | None
    reason: str
    failing: int


@dataclass(frozen=True)
class QueueState:
    """The queues of all nodes."""

    nodes: tuple[NodeQueue, ...]

    @property
    def instances(self) -> int:
        """How many instances wait."""
        return sum(node.instances for node in self.nodes)

    @property
    def bytes(self) -> int:
        """How many bytes wait."""
        return sum(node.bytes for node in self.nodes)

    @property
    def oldest_at(self) -> datetime | None:
        """When the one that waits longest was received."""
        return _earliest(node.oldest_at for node in self.nodes)

    @property
    def away_since(self) -> datetime | None:
        """Since when the object store takes nothing from some node."""
        return _earliest(node.away_since for node in self.nodes)


def queue_state(archive: Archive) -> QueueState:
    """Count what waits, node by node: one look at an index that holds nothing else.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        waiting = {row["node"]: row for row in rows.queue(connection)}
        told = {row["node"]: row for row in rows.uploaders(connection)}
    return QueueState(
        tuple(
            NodeQueue(
                node=node,
                instances=(found := waiting.get(node, {})).get("instances", 0),
                bytes=found.get("bytes", 0),
                oldest_at=found.get("oldest_at"),
                away_since=(said := told.get(node, {})).get("away_since"),
                reason=said.get("reason", ""),
                failing=said.get("failing", 0),
            )
            for node in sorted(waiting.keys() | told.keys())
        )
    )


def _earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in times if at is not None), default=None)
