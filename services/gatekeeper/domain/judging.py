"""One look at an order or shipment through the rules, with the rows that the workspace holds; records the decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.aggregates import Draw, Order, Shipment
from services.gatekeeper.domain.deciding import RETRY_AFTER_ERROR, Conclusion, conclude
from services.gatekeeper.domain.departure import is_new_departure
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import ShipmentFacts
from services.gatekeeper.domain.families import NOBODY_ELSE, Families
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.seen import as_recorded, order_as_judged, orders_as_seen
from services.gatekeeper.domain.workspace import Decision, EngineError, Failure, Seen, TimelineEntry, Workspace


@dataclass(frozen=True, slots=True)
class GatheredAccounts(Mapping[str, LicenceAccount]):
    """The workspace's accounts, and which were looked at; asking for one that was not locked raises NotGathered."""

    workspace: Workspace
    looked_at: dict[str, LicenceAccount] = field(default_factory=dict)

    def __getitem__(self, licence_no: str) -> LicenceAccount:
        account = self.looked_at[licence_no] = self.workspace.account(licence_no)
        return account

    def __iter__(self) -> Iterator[str]:
        return iter(self.workspace.accounts)

    def __len__(self) -> int:
        return len(self.workspace.accounts)


def order_ids_of(facts: ShipmentFacts | None) -> frozenset[str]:
    """The orders that the lines of a shipment name."""
    return frozenset(line.order_id for line in facts.lines if line.order_id) if facts else frozenset()


def judge_shipment(workspace: Workspace, before: Shipment, shipment: Shipment) -> Conclusion:
    """Decides about `shipment`, which was `before`, and records the decision."""
    return _decide(workspace, before, _seen(workspace, shipment, departs=is_new_departure(before, shipment)))


def judge_order(workspace: Workspace, before: Order, order: Order) -> Conclusion:
    """Decides about `order`, which was `before`, and records the decision."""
    return _decide(workspace, before, _seen(workspace, order))


def draws_if_judged(workspace: Workspace, subject: Shipment | Order) -> tuple[Draw, ...]:
    """What `subject` would draw if it were judged now; nothing is recorded."""
    accounts, families = GatheredAccounts(workspace), families_of(workspace, subject)
    conclusion = conclude(_seen(workspace, subject), workspace.references, workspace.policy, accounts, families)
    return conclusion.verdict.draws


def _seen(workspace: Workspace, subject: Shipment | Order, *, departs: bool = False) -> Seen:
    if isinstance(subject, Order):
        return Seen(workspace.as_of, order_as_judged(subject, workspace.references))
    orders = (workspace.order(order_id) for order_id in sorted(order_ids_of(subject.facts)))
    return Seen(workspace.as_of, subject, orders_as_seen(subject, orders), departs=departs)


def _decide(workspace: Workspace, before: Shipment | Order, seen: Seen) -> Conclusion:
    accounts, families = GatheredAccounts(workspace), families_of(workspace, seen.subject)
    conclusion = conclude(seen, workspace.references, workspace.policy, accounts, families)
    if conclusion.failure is not None:
        _tell_failure(workspace, seen.subject, conclusion.failure)
    looked_at = tuple(accounts.looked_at[licence_no] for licence_no in sorted(accounts.looked_at))
    owner, owner_id = identity_of(seen.subject)
    workspace.effects.decisions.append(
        Decision(
            owner=owner,
            owner_id=owner_id,
            rules_version=workspace.references.rules_version,
            policy_version=workspace.policy.version,
            cause=workspace.cause,
            previous=before.state.value,
            seen=evolve(seen, subject=as_recorded(seen), accounts=looked_at, families=tuple(families.seen)),
            verdict=conclusion.verdict,
            read=conclusion.assessment.read,
            failure=None if conclusion.failure is None else evolve(conclusion.failure, message=""),
            event_hash=workspace.event_hash,
        )
    )
    return conclusion


def families_of(workspace: Workspace, subject: Shipment | Order) -> Families:
    """What the other shipments count for; asking for what was not locked or loaded raises NotGathered."""
    if isinstance(subject, Order):
        return NOBODY_ELSE
    return Families(partial(workspace.families.sums, subject.shipment_id, subject.arrival))


def _tell_failure(workspace: Workspace, known: Shipment | Order, failure: Failure) -> None:
    owner, owner_id = identity_of(known)
    said = EngineError(owner, owner_id, failure.rule, f"{failure.error}: {failure.message}")
    workspace.effects.engine_errors.append(said)
    if not any(hold.reason is Reason.ENGINE_ERROR for hold in known.holds):
        told = {"rule": failure.rule, "error": failure.error}
        workspace.effects.timeline.append(TimelineEntry(owner, owner_id, workspace.as_of, "ENGINE_ERROR", told))


def identity_of(subject: Shipment | Order) -> tuple[str, str]:
    """("shipment" or "order", its id)."""
    if isinstance(subject, Shipment):
        return "shipment", subject.shipment_id
    return "order", subject.order_id


def soonest(as_of: datetime, *instants: datetime | None) -> datetime | None:
    """The earliest of `instants`, strictly after `as_of`: what is due already would be due for ever."""
    due = min((instant for instant in instants if instant is not None), default=None)
    return due if due is None or due > as_of else as_of + RETRY_AFTER_ERROR
