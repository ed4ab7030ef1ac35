"""What every system that obeys Holdgate must do: the consumer contract (design.md §3, contracts.md §3).

Read committed records only; skip what isn't above the last `laneseq` of its partition; alarm on a gap; obey the
highest `sequence` of a shipment; treat one never heard of, or a word that isn't known, as STOP.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.produced import ShipmentState
from schemas.reading import WrittenEvent

STOP, PROCEED, RECALL, NONE = "STOP", "PROCEED", "RECALL", "NONE"
KNOWN = frozenset({STOP, PROCEED, RECALL, NONE})
ALARMS_MAX = 100


@dataclass(frozen=True, slots=True)
class Change:
    """A shipment's directive to one role, newly heard: from `before` (STOP when it was the first) to `after`."""

    before: str
    after: str
    state: ShipmentState
    first: bool


@dataclass(slots=True)
class Subscriber:
    """One service role's view of `holdgate.holds.v1`. Feed it every record of a partition in the order read."""

    role: str
    last: dict[int, int] = field(default_factory=dict)
    heard: int = 0
    duplicates: int = 0
    alarms: list[str] = field(default_factory=list)
    gaps: int = 0
    states: dict[str, ShipmentState] = field(default_factory=dict)
    stopped_after_go: set[str] = field(default_factory=set)
    recalled: set[str] = field(default_factory=set)
    too_late: set[str] = field(default_factory=set)

    def hear(self, partition: int, event: WrittenEvent) -> Change | None:
        """Take in one record; the change to act upon, or None when there is nothing to obey in it."""
        if not self._is_next(partition, event.envelope.laneseq):
            return None
        self.heard += 1
        state = event.model
        if not isinstance(state, ShipmentState):
            return None
        known = self.states.get(state.shipment_id)
        if known is not None and known.sequence >= state.sequence:
            return None
        before = self.directive(state.shipment_id)
        self.states[state.shipment_id] = state
        change = Change(before, self.directive(state.shipment_id), state, known is None)
        self._remember(change)
        return change

    def directive(self, shipment_id: str) -> str:
        """What this role has to do about a shipment now."""
        state = self.states.get(shipment_id)
        word = STOP if state is None else str(getattr(state.directives, self.role))
        return word if word in KNOWN else STOP

    def may_act(self, shipment_id: str) -> bool:
        """Whether this role may go on with a shipment."""
        state = self.states.get(shipment_id)
        return state is not None and state.may_move and self.directive(shipment_id) == PROCEED

    def count(self, directive: str) -> int:
        """How many shipments stand under `directive` now."""
        return sum(1 for shipment_id in self.states if self.directive(shipment_id) == directive)

    def _is_next(self, partition: int, laneseq: int | None) -> bool:
        last = self.last.get(partition, 0)
        if laneseq is None:
            self._alarm(f"partition {partition}: a record without laneseq")
            return False
        if laneseq <= last:
            self.duplicates += 1
            return False
        if laneseq > last + 1:
            self._alarm(f"partition {partition}: laneseq {laneseq} after {last}")
        self.last[partition] = laneseq
        return True

    def _alarm(self, text: str) -> None:
        self.gaps += 1
        if len(self.alarms) < ALARMS_MAX:
            self.alarms.append(text)

    def _remember(self, change: Change) -> None:
        shipment_id = change.state.shipment_id
        if change.before == PROCEED and change.after != PROCEED:
            self.stopped_after_go.add(shipment_id)
        if change.after == RECALL:
            self.recalled.add(shipment_id)
        if change.after == NONE:
            self.too_late.add(shipment_id)
