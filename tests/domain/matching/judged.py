"""Short ways to ask for a decision and to say what it found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.decide import Assessment, decide_order, decide_shipment
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from tests.domain.builders import NOW, POLICY, accounts, references


def judged(
    shipment: Shipment,
    refs: References | None = None,
    books: Mapping[str, LicenceAccount] | None = None,
    *orders: Order,
    as_of: datetime = NOW,
    policy: Policy = POLICY,
) -> Assessment:
    known = {order.order_id: order for order in orders}
    return decide_shipment(shipment, known, refs or references(), books or accounts(), policy, as_of)


def prechecked(
    order: Order,
    refs: References | None = None,
    books: Mapping[str, LicenceAccount] | None = None,
    *,
    as_of: datetime = NOW,
    policy: Policy = POLICY,
) -> Assessment:
    return decide_order(order, refs or references(), books or accounts(), policy, as_of)


def reasons(assessment: Assessment) -> list[str]:
    return [finding.reason.value for finding in assessment.findings]


def drawn(assessment: Assessment) -> list[tuple[int, str, int, str]]:
    return [(d.line_no, d.licence_no, d.licence_line, f"{d.quantity.value:f}") for d in assessment.draws]
