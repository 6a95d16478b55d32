"""What is noted of each request: a line of the access log and Prometheus counters.

Query strings are left out, because they hold patient names; paths hold UIDs alone.
"""

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_log = structlog.get_logger("pacs.web.access")


class Journal:
    """Counts and logs the requests of one web process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "filmless_http_requests", "Answered requests.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "filmless_http_request_seconds",
            "Seconds until the last byte of the answer.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._bytes = Counter("filmless_http_sent_bytes", "Bytes of answers.", ["route"], registry=self.registry)
        self.in_flight = Gauge("filmless_http_in_flight", "Requests being answered.", registry=self.registry)
        self.subscribers = Gauge("filmless_event_subscribers", "Open event streams.", registry=self.registry)

    def note(
        self, identifier: str, method: str, path: str, route: str, status: int, seconds: float, sent: int, address: str
    ) -> None:
        """Note one finished request; ``route`` is the template of its path, so that counters stay few."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        self._bytes.labels(route).inc(sent)
        _log.info(
            "request",
            id=identifier,
            method=method,
            path=path,
            status=status,
            ms=round(seconds * 1000, 1),
            bytes=sent,
            address=address,
        )
