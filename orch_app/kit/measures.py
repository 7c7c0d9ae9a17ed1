"""What this web process measures by itself; everything about jobs comes from the database instead."""

from prometheus_client import CollectorRegistry, Gauge, Histogram

REGISTRY = CollectorRegistry(auto_describe=True)

http_seconds = Histogram(
    "jarvis_http_request_duration_seconds",
    "Time from a request to the beginning of its answer.",
    ("method", "route", "status"),
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0),
)
open_streams = Gauge(
    "jarvis_open_streams",
    "Connections without an end of their own: event channels of screens, websockets of the API, server-sent events.",
    ("kind",),
    registry=REGISTRY,
)
