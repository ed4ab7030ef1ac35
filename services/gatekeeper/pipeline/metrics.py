"""What the gatekeeper measures; shown on HOLDGATE_METRICS_PORT (docs/operations.md)."""

from __future__ import annotations

import contextlib

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.gatekeeper.state_metrics import StateMetrics

REGISTRY = CollectorRegistry()
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

DECIDE_LAG = Gauge("holdgate_decide_lag_records", "Records not yet decided", ["topic", "partition"], registry=REGISTRY)
DECIDE_AGE = Gauge(
    "holdgate_decide_age_seconds", "Age of the oldest record not yet decided", ["topic", "partition"], registry=REGISTRY
)
BATCH_RECORDS = Histogram(
    "holdgate_batch_records", "Records in a batch", ["loop"], registry=REGISTRY,
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000),
)  # fmt: skip
BATCH_SECONDS = Histogram("holdgate_batch_seconds", "Time a batch took", ["loop"], registry=REGISTRY, buckets=SECONDS)
PUBLISH_LAG = Gauge("holdgate_publish_lag_records", "Records not yet published", ["lane"], registry=REGISTRY)
PUBLISH_AGE = Gauge(
    "holdgate_publish_age_seconds", "Age of the oldest record not yet published", ["lane"], registry=REGISTRY
)
PUBLISHED = Counter("holdgate_published_records", "Records published", ["lane"], registry=REGISTRY)
PUBLISH_SECONDS = Histogram(
    "holdgate_publish_seconds", "Time from begin to commit of a transaction", registry=REGISTRY, buckets=SECONDS
)
PRODUCER_RESTARTS = Counter(
    "holdgate_producer_restarts", "Producers thrown away after an error", ["lane"], registry=REGISTRY
)
LANE_ALARMS = Counter(
    "holdgate_lane_alarms", "Topics found shorter than what was published", ["lane"], registry=REGISTRY
)
LANES_OWNED = Gauge("holdgate_lanes_owned", "Lanes this process owns and has checked", registry=REGISTRY)
STATE = StateMetrics(REGISTRY)
RULES_BEHIND = Gauge(
    "holdgate_rules_behind_partitions", "Rule partitions that trade events wait for", registry=REGISTRY
)
STALE_EVENTS = Counter("holdgate_stale_events", "Events with a version not above the stored one", registry=REGISTRY)
FOREIGN_PARTITION = Counter(
    "holdgate_foreign_partition_records", "Records whose sender partitions differently: correct, slower", ["topic"],
    registry=REGISTRY,
)  # fmt: skip
DUPLICATE_EVENTS = Counter("holdgate_duplicate_events", "Events handled before, dropped", registry=REGISTRY)
NOTICE_EFFECTIVE_SECONDS = Histogram(
    "holdgate_notice_effective_seconds", "Time from the commit of a notice until every lane has published it",
    registry=REGISTRY, buckets=SECONDS,
)  # fmt: skip


def forget_lane(lane: int) -> None:
    """`lane` is another process's now, which measures it."""
    for gauge in (PUBLISH_LAG, PUBLISH_AGE):
        with contextlib.suppress(KeyError):
            gauge.remove(str(lane))
