"""A shipment's facts as corrections left them (D4.1: the difference, once; a second correction replaces the first)."""

from __future__ import annotations

from services.gatekeeper.domain.aggregates import Shipment
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import ShipmentFacts
from services.gatekeeper.domain.journey import RANK
from services.gatekeeper.domain.quantity import Quantity

Corrections = tuple[tuple[str, int, Quantity], ...]


def corrected_facts(shipment: Shipment) -> ShipmentFacts | None:
    """The facts with the net quantities that corrections said were really so; those of a voided event don't count."""
    if shipment.facts is None or not shipment.corrections:
        return shipment.facts
    voided = {report.event_id for report in shipment.progress.reports if report.voided}
    really = {line_no: net for event_id, line_no, net in shipment.corrections if event_id not in voided}
    lines = tuple(
        evolve(line, net_quantity=really[line.line_no]) if line.line_no in really else line
        for line in shipment.facts.lines
    )
    return evolve(shipment.facts, lines=lines)


def replace_correction(corrections: Corrections, event_id: str, lines: tuple[tuple[int, Quantity], ...]) -> Corrections:
    """`corrections` where what was said of `event_id` before is replaced by `lines`, as the latest word."""
    others = tuple(known for known in corrections if known[0] != event_id)
    return (*others, *((event_id, line_no, net) for line_no, net in lines))


def after_void(shipment: Shipment) -> Corrections:
    """What was said of milestones of an export that did not take place is said of nothing any more."""
    told = {report.event_id for report in shipment.progress.reports if report.milestone not in RANK}
    return tuple(known for known in shipment.corrections if known[0] not in told)


def after_upsert(corrections: Corrections, before: ShipmentFacts | None, after: ShipmentFacts) -> Corrections:
    """A line whose quantity a newer upsert changed is no longer corrected; a line that it repeats still is."""
    old = {line.line_no: line.net_quantity for line in before.lines} if before else {}
    new = {line.line_no: line.net_quantity for line in after.lines}
    return tuple(known for known in corrections if known[1] in new and new[known[1]] == old.get(known[1]))
