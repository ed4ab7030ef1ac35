"""One look at an order or shipment through the rules, with the rows that the workspace holds; records the decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType

from services.gatekeeper.domain.aggregates import Draw, Finding, Hold, LicenceAccount, Order, Shipment
from services.gatekeeper.domain.corrected import corrected_facts
from services.gatekeeper.domain.decide import Assessment, decide_order, decide_shipment
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import ShipmentFacts
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.holds import finding_of
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rules import RULES
from services.gatekeeper.domain.terms import OPEN
from services.gatekeeper.domain.vocabulary import OrderStatus, Place
from services.gatekeeper.domain.workspace import Decision, EngineError, TimelineEntry, Workspace

RETRY_AFTER_ERROR = timedelta(minutes=5)
RULE_NAMES = frozenset(rule.__name__ for rule in RULES)


@dataclass(frozen=True, slots=True)
class GatheredAccounts(Mapping[str, LicenceAccount]):
    """The workspace's accounts; asking for one that was not locked raises NotGathered."""

    workspace: Workspace

    def __getitem__(self, licence_no: str) -> LicenceAccount:
        return self.workspace.account(licence_no)

    def __iter__(self) -> Iterator[str]:
        return iter(self.workspace.accounts)

    def __len__(self) -> int:
        return len(self.workspace.accounts)


def order_ids_of(facts: ShipmentFacts | None) -> frozenset[str]:
    """The orders that the lines of a shipment name."""
    return frozenset(line.order_id for line in facts.lines if line.order_id) if facts else frozenset()


def orders_seen_by(workspace: Workspace, shipment: Shipment) -> dict[str, Order]:
    """The orders that `shipment` names; from DELIVERED on with the facts that they had then (D1.7)."""
    orders = {order_id: workspace.order(order_id) for order_id in sorted(order_ids_of(shipment.facts))}
    for facts in shipment.delivered_under:
        cancelled = facts.status is OrderStatus.CANCELLED
        orders[facts.order_id] = evolve(orders[facts.order_id], facts=facts, cancelled=cancelled)
    return orders


def judge_shipment(workspace: Workspace, shipment: Shipment) -> Assessment:
    """`decide` with the corrected facts; a rule that raises gives ENGINE_ERROR and leaves open what was open."""
    facts = corrected_facts(shipment)
    subject = shipment if facts is shipment.facts else evolve(shipment, facts=facts)
    orders = orders_seen_by(workspace, shipment)
    accounts = GatheredAccounts(workspace)
    try:
        return decide_shipment(subject, orders, workspace.references, accounts, workspace.policy, workspace.as_of)
    except NotGathered:
        raise
    except Exception as error:  # noqa: BLE001 - a rule that raises holds its shipment and no other (design.md §2)
        departed = shipment.progress.place is not Place.BEFORE_DEPARTURE
        return _failed(workspace, "shipment", shipment.shipment_id, shipment, error, departed=departed)


def judge_order(workspace: Workspace, order: Order) -> Assessment:
    """`decide` for an order's pre-check; as `judge_shipment`."""
    try:
        return decide_order(order, workspace.references, GatheredAccounts(workspace), workspace.policy, workspace.as_of)
    except NotGathered:
        raise
    except Exception as error:  # noqa: BLE001 - a rule that raises holds its order and no other (design.md §2)
        return _failed(workspace, "order", order.order_id, order, error, departed=False)


def _failed(
    workspace: Workspace, owner: str, owner_id: str, known: Shipment | Order, error: Exception, *, departed: bool
) -> Assessment:
    """What stands when nothing could be judged: every open hold, and ENGINE_ERROR, about departed goods no new one."""
    rule = _failing_rule(error)
    said = EngineError(owner, owner_id, rule, f"{type(error).__name__}: {error}")
    workspace.effects.engine_errors.append(said)
    if not any(hold.reason is Reason.ENGINE_ERROR for hold in known.holds):
        told = {"rule": rule, "error": type(error).__name__}
        workspace.effects.timeline.append(TimelineEntry(owner, owner_id, workspace.as_of, "ENGINE_ERROR", told))
    failure = Finding(Reason.ENGINE_ERROR, (("rule", rule),), {"error": type(error).__name__})
    findings = _open_findings(known.holds)
    if not departed:
        findings = (*_open_findings(known.holds, but=failure.reason), failure)
    return Assessment(
        findings=findings,
        draws=(),
        booking=(),
        covered=(),
        candidates=known.candidates,
        terms=known.terms | {f"{owner}:{owner_id}", OPEN},
        recheck_at=workspace.as_of + RETRY_AFTER_ERROR,
        read=(),
    )


def _open_findings(holds: tuple[Hold, ...], but: Reason | None = None) -> tuple[Finding, ...]:
    return tuple(finding_of(hold) for hold in holds if hold.reason is not but)


def _failing_rule(error: Exception) -> str:
    """The rule of RULES under which `error` was raised, else the innermost function."""
    names: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        frame: FrameType = trace.tb_frame
        names.append(frame.f_code.co_name)
        trace = trace.tb_next
    return next((name for name in names if name in RULE_NAMES), names[-1] if names else "decide")


def record_decision(
    workspace: Workspace,
    before: Shipment | Order,
    after: Shipment | Order,
    assessment: Assessment,
    balances: tuple[LicenceAccount, ...],
) -> None:
    """Writes down what was decided and on what (design.md §4); `balances` as they were seen, before the decision."""
    owner, owner_id = identity_of(after)
    workspace.effects.decisions.append(
        Decision(
            owner=owner,
            owner_id=owner_id,
            as_of=workspace.as_of,
            rules_version=workspace.references.rules_version,
            policy_version=workspace.policy.version,
            cause=workspace.cause,
            previous=before.state.value,
            state=after.state.value,
            findings=assessment.findings,
            draws=after.draws,
            read=assessment.read,
            balances=balances,
            event_hash=workspace.event_hash,
        )
    )


def identity_of(subject: Shipment | Order) -> tuple[str, str]:
    """("shipment" or "order", its id)."""
    if isinstance(subject, Shipment):
        return "shipment", subject.shipment_id
    return "order", subject.order_id


def balances_seen(workspace: Workspace, assessment: Assessment, draws: tuple[Draw, ...]) -> tuple[LicenceAccount, ...]:
    """The accounts of every candidate and of what is drawn on, by number."""
    numbers = {*assessment.candidates, *(draw.licence_no for draw in draws)}
    return tuple(workspace.accounts[no] for no in sorted(numbers) if no in workspace.accounts)


def soonest(as_of: datetime, *instants: datetime | None) -> datetime | None:
    """The earliest of `instants`, strictly after `as_of`: what is due already would be due for ever."""
    due = min((instant for instant in instants if instant is not None), default=None)
    return due if due is None or due > as_of else as_of + RETRY_AFTER_ERROR
