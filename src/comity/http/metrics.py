"""Counters for the operator, in an own Prometheus registry. Nobody else may read them (law 2).

Labels come from closed sets (route templates, methods, codes), never from what a request said, so that a
stranger can make neither series nor disclosures. Other parts register their own in ``registry``.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 35.0)


class Metrics:
    """One exchange's. ``text`` is the Prometheus exposition."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry(auto_describe=True)
        self.requests = Counter(
            "comity_http_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "comity_http_request_seconds",
            "Time from request head to answer",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.refusals = Counter(
            "comity_http_refusals", "Requests refused, by error code", ("code",), registry=self.registry
        )
        self.failures = Counter(
            "comity_http_failures",
            "Requests that ended in an unexpected exception",
            ("route",),
            registry=self.registry,
        )
        self.tokens_checked = Counter(
            "comity_http_tokens_checked", "Tokens whose signature was checked", registry=self.registry
        )
        self.clients = Gauge("comity_stream_clients", "Streams open", registry=self.registry)
        self.frames = Counter("comity_stream_frames", "Frames queued to clients", registry=self.registry)
        self.frame_bytes = Counter(
            "comity_stream_frame_bytes", "Bytes of frames queued to clients", registry=self.registry
        )
        self.dropped = Counter(
            "comity_stream_drops",
            "Times a client's queued frames were discarded",
            ("reason",),
            registry=self.registry,
        )
        self.tick_seconds = Histogram(
            "comity_stream_tick_seconds", "Time of one tick", buckets=_SECONDS, registry=self.registry
        )
        self.late_ticks = Counter(
            "comity_stream_late_ticks", "Ticks that took over a second", registry=self.registry
        )

        self.sweep_seconds = Histogram(
            "comity_sweep_seconds",
            "Time of one search for conflicts",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.sweep_late = Counter(
            "comity_sweep_late", "Searches that came later than their second", registry=self.registry
        )
        self.sweep_late_s = Gauge(
            "comity_sweep_late_seconds", "By how much the last search came late", registry=self.registry
        )
        self.sweep_pairs = Gauge(
            "comity_sweep_pairs", "Pairs looked at by the last search", registry=self.registry
        )

    def swept(self, took_s: float, late_s: float, pairs: int) -> None:
        """A search for conflicts is done."""
        self.sweep_seconds.observe(took_s)
        self.sweep_late_s.set(late_s)
        self.sweep_pairs.set(pairs)
        if late_s > 0.0:
            self.sweep_late.inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)
