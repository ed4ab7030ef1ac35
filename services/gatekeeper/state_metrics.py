"""Metrics of the whole installation's state, the same in whichever process shows them."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge

from services.gatekeeper.store.measures import Counts


class StateMetrics:
    """What the database counts, shown in `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.holds = Gauge("holdgate_holds_open", "Open holds", ["reason"], registry=registry)
        self.quarantined = Gauge(
            "holdgate_quarantine_records", "Unreadable records kept", ["status"], registry=registry
        )
        self.lanes_stopped = Gauge("holdgate_lanes_stopped", "Lanes that every writer refuses", registry=registry)
        self.partitions_stopped = Gauge(
            "holdgate_partitions_stopped", "Input partitions that stand still", registry=registry
        )

        self.challenges_overdue = Gauge(
            "holdgate_customs_challenges_overdue", "Challenges of customs past their last day", registry=registry
        )

    def show(self, counts: Counts) -> None:
        show_by_label(self.holds, counts.holds)
        show_by_label(self.quarantined, counts.quarantined)
        self.lanes_stopped.set(counts.lanes_stopped)
        self.partitions_stopped.set(counts.partitions_stopped)
        self.challenges_overdue.set(counts.challenges_overdue)

    def show_nothing(self) -> None:
        """The database doesn't tell: old counts would look like new ones."""
        self.holds.clear()
        self.quarantined.clear()
        self.lanes_stopped.set(float("nan"))
        self.partitions_stopped.set(float("nan"))
        self.challenges_overdue.set(float("nan"))


def show_by_label(gauge: Gauge, values: Mapping[str, float]) -> None:
    """Set `gauge` for each label; a label that has no value any more is none."""
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)
