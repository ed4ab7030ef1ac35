"""A shipment's facts as corrections left them (D4.1: the difference, once; a second correction replaces the first).

A correction says what was really so of one event: of a full state or a milestone. It counts as long as what that event
said still stands: the milestone belongs to the export that is under way, or the line's quantity was not stated
otherwise since.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from services.gatekeeper.domain.aggregates import MilestoneReport, Progress, Shipment, Stated
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import ShipmentFacts, ShipmentLine
from services.gatekeeper.domain.journey import RANK
from services.gatekeeper.domain.quantity import Quantity, convert
from services.gatekeeper.domain.vocabulary import Milestone

Corrections = tuple[tuple[str, int, Quantity], ...]

STATED_BY_MAX = 20


def corrected_facts(shipment: Shipment) -> ShipmentFacts | None:
    """The facts with the net quantities that corrections said were really so; those of a voided event don't count.

    What corrects an event that nobody has heard of counts only when it says that there was more.
    """
    if shipment.facts is None or not shipment.corrections:
        return shipment.facts
    heard = {report.event_id for report in shipment.progress.reports}
    exported = {report.event_id for report in _of_this_export(shipment.progress) if report.milestone not in RANK}
    lines = []
    for line in shipment.facts.lines:
        stands = exported | _stated(shipment, line.line_no)
        lines.append(_corrected(line, shipment.corrections, stands, heard))
    return evolve(shipment.facts, lines=tuple(lines))


def _corrected(
    line: ShipmentLine, corrections: Corrections, stands: Collection[str], heard: Collection[str]
) -> ShipmentLine:
    net = line.net_quantity
    for event_id, line_no, really in corrections:
        if line_no == line.line_no and (event_id in stands or (event_id not in heard and _is_more(really, net))):
            net = really
    return line if net == line.net_quantity else evolve(line, net_quantity=net)


def _is_more(really: Quantity, net: Quantity | None) -> bool:
    amount = convert(really, net.unit) if net is not None else None
    return amount is not None and net is not None and amount > net.value


def _of_this_export(progress: Progress) -> tuple[MilestoneReport, ...]:
    """The reports that stand, without those of a departure that did not happen or of an export that came back."""
    counting: tuple[MilestoneReport, ...] = ()
    for report in progress.reports:
        if report.milestone is Milestone.SHIPPING_VOIDED:
            counting = tuple(known for known in counting if known.milestone in RANK)
        elif report.event_id == progress.departure_event and any(_came_back(known) for known in counting):
            counting = ()
        if not report.voided:
            counting = (*counting, report)
    return counting


def _came_back(report: MilestoneReport) -> bool:
    return report.milestone is Milestone.RETURNED


def _stated(shipment: Shipment, line_no: int) -> frozenset[str]:
    """The full states that say what the line's quantity is, and what was told of the preparations since."""
    told = [one for one in shipment.stated if one.line_no == line_no]
    prepared = (
        report.event_id
        for report in shipment.progress.reports
        if report.milestone in RANK and not report.voided and any(report.received_at >= one.since for one in told)
    )
    return frozenset((*(event_id for one in told for event_id in one.by), *prepared))


def replace_correction(corrections: Corrections, event_id: str, lines: tuple[tuple[int, Quantity], ...]) -> Corrections:
    """`corrections` where what was said of `event_id` before is replaced by `lines`, as the latest word."""
    others = tuple(known for known in corrections if known[0] != event_id)
    return (*others, *((event_id, line_no, net) for line_no, net in lines))


def after_void(shipment: Shipment) -> Corrections:
    """What was said of milestones of an export that did not take place is said of nothing any more."""
    told = {report.event_id for report in shipment.progress.reports if report.milestone not in RANK}
    return tuple(known for known in shipment.corrections if known[0] not in told)


def after_upsert(
    corrections: Corrections, before: ShipmentFacts | None, after: ShipmentFacts, event_id: str
) -> Corrections:
    """A line whose quantity a newer upsert changed is no longer corrected; a line that it repeats still is.

    What was said of the upsert itself before it came stays.
    """
    old = {line.line_no: line.net_quantity for line in before.lines} if before else {}
    new = {line.line_no: line.net_quantity for line in after.lines}
    return tuple(
        known
        for known in corrections
        if known[0] == event_id or (known[1] in new and new[known[1]] == old.get(known[1]))
    )


def stated_by(
    stated: tuple[Stated, ...], before: ShipmentFacts | None, after: ShipmentFacts, event_id: str, at: datetime
) -> tuple[Stated, ...]:
    """Of each line of `after` by which full states it has its quantity, now that `event_id` said so at `at`."""
    old = {line.line_no: line.net_quantity for line in before.lines} if before else {}
    known = {one.line_no: one for one in stated}
    return tuple(
        evolve(known[line.line_no], by=(*known[line.line_no].by, event_id)[-STATED_BY_MAX:])
        if line.line_no in known and old.get(line.line_no) == line.net_quantity
        else Stated(line.line_no, at, (event_id,))
        for line in after.lines
    )
