"""What nobody said of something: the defaults on which the engine begins."""

from __future__ import annotations

from decimal import Decimal

from services.gatekeeper.domain.accounts import DaySum, LedgerEntry, LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import (
    Finding,
    LicenceCovered,
    MilestoneReport,
    Order,
    Shipment,
    StandingHold,
    Take,
)
from services.gatekeeper.domain.facts import OrderFacts
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import LicenceLine, MistakenIdentity
from services.gatekeeper.domain.vocabulary import Balance, Milestone, OrderState, Place, ShipmentState
from services.gatekeeper.domain.workspace import Seen
from tests.domain.builders import NOW, money, quantity
from tests.domain.rulebook.examples import licence, notice

NOTHING = Decimal(0)


def test_of_a_shipment_or_an_order_that_was_only_named_nothing_was_written_decided_or_told() -> None:
    shipment, order = Shipment("S1", 1), Order("O1", 1)
    assert (shipment.state, shipment.sequence, shipment.rules_version) == (ShipmentState.HELD, 0, 0)
    assert (order.state, order.sequence, order.rules_version, order.cancelled) == (OrderState.HELD, 0, 0, False)
    progress = shipment.progress
    assert (progress.place, progress.exports, progress.departure_implied) == (Place.BEFORE_DEPARTURE, 0, False)
    assert not Seen(NOW, shipment).departs
    assert not MilestoneReport("e-1", Milestone.DEPARTED, NOW, NOW).voided
    hold = StandingHold("H1", Finding(Reason.MANUAL_HOLD, ()), NOW)
    assert (hold.from_upsert, hold.finding.review_allowed) == (False, False)


def test_nothing_is_drawn_taken_or_used_until_somebody_says_so() -> None:
    """D3.1, D4.1: what is taken leaves, and needed a licence, unless it is said not to."""
    account = LicenceAccount("L1")
    assert (account.uses, account.uses_reserved, account.completed) == (0, 0, False)
    assert LineBalance(1) == LineBalance(1, NOTHING, NOTHING, NOTHING, NOTHING, None)
    assert DaySum() == DaySum(NOTHING, NOTHING)
    entry = LedgerEntry("L1", 1, "shipment", "S1", 1, "RESERVE", NOTHING, NOTHING, NOTHING, NOTHING)
    assert (entry.uses, entry.uses_reserved) == (0, 0)
    take = Take("S1", 1, 1, "SM-OXIDE", None, None, Balance.RESERVED, 1)
    assert (take.licences, take.leaves) == ((), True)
    covered = LicenceCovered(1, "ALPHA", "CIVIL_MRI")
    assert (covered.licensed, covered.leaves) == (True, True)


def test_a_rule_has_no_tolerance_and_is_neither_lifted_withdrawn_nor_in_conflict_unless_it_says_so() -> None:
    finding = MistakenIdentity("ALPHA", "CL-17", 1, 1, ("officer-1", "officer-2"), NOW)
    assert (finding.key, finding.withdrawn) == ("ALPHA/CL-17", False)
    assert (licence().conflict, notice().lifted, notice().by_http) == (False, False, False)
    granted = LicenceLine(1, (), (), quantity("1 KGM"), money("1 USD"))
    assert (granted.tolerance_percent, OrderFacts("O1", 1).delivery_tolerance_percent) == (NOTHING, NOTHING)
