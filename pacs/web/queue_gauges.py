"""The queue to the object store as Prometheus gauges, read from the index when they are asked for."""

import time

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from storage.archive import Archive
from storage.archive.queue import queue_state


def queue_gauges(archive: Archive) -> bytes:
    """Length, bytes and age of the queue of each node, and whether the object store takes anything from it.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    registry = CollectorRegistry()
    gauges = {
        name: Gauge(f"filmless_queue_{name}", text, ["node"], registry=registry)
        for name, text in (
            ("instances", "Instances that wait for the object store."),
            ("bytes", "Bytes that wait for the object store."),
            ("oldest_seconds", "Seconds since the instance that waits longest was received."),
            ("failing", "Waiting instances whose upload has failed."),
            ("away_seconds", "Seconds since the object store took anything; 0: it is there."),
        )
    }
    now = time.time()
    for node in queue_state(archive).nodes:
        values = {
            "instances": node.instances,
            "bytes": node.bytes,
            "oldest_seconds": 0.0 if node.oldest_at is None else max(now - node.oldest_at.timestamp(), 0.0),
            "failing": node.failing,
            "away_seconds": 0.0 if node.away_since is None else max(now - node.away_since.timestamp(), 0.0),
        }
        for name, value in values.items():
            gauges[name].labels(node.node).set(value)
    return generate_latest(registry)
