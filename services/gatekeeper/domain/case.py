"""One order or shipment as the rules see it: facts merged with orders (D3.0), items resolved, days fixed (D3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.aggregates import Draw, Finding, Order, Shipment
from services.gatekeeper.domain.facts import EndUse, PartyRef
from services.gatekeeper.domain.families import NOBODY_ELSE, Families
from services.gatekeeper.domain.findings import Detail
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Item
from services.gatekeeper.domain.vocabulary import Movement, Place

if TYPE_CHECKING:
    from services.gatekeeper.domain.scene import Scene


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line with everything that it takes from its own order (D3.0).

    `codes_in_force`: the item's control codes that are in force on one of the case's days (D3.2); `needs_licence`: the
    movement needs one (D3.1) and the item is CONTROLLED with a code in force. `quantity` is net (shipments) or ordered.
    """

    line_no: int
    item_no: str
    item: Item | None
    codes_in_force: tuple[str, ...]
    needs_licence: bool
    quantity: Quantity | None
    value: Money | None
    order_id: str | None
    order_line: int | None
    parties: Mapping[str, PartyRef]
    end_use: EndUse | None
    destination: str | None
    licences: tuple[str, ...]
    end_user_statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Exactly one of `shipment` and `order` is set. `days`: every Asia/Shanghai day on which the licence must be valid.

    Before departure of a shipment: today and the planned day; after it: the day of departure. An order: its planned
    day. A planned day that has passed counts as today (D3.8). `leaves_territory`: a movement of D3.1 that needs a
    licence (an order: always). `planned`: what each line would draw by its licences alone (D3.5), before any other
    rule is asked; after departure what is booked or would take over. By it D6.2 knows drawn licences, WATCH_LISTED the
    line's licence. `fitting`: as much of that as fits its line, by which D6.6 knows whether a licence answers.
    `planned_day`: the day that was planned, past or not. `scene`: what is known already of cases that differ only in
    who they are and how much they ask for. `families`: what other shipments export of one family to one end user
    (SPLIT_SUSPECTED). `nearest`: by line that no licence fits, which was nearest and what it lacks, for people
    (nearness.py). `left_released`: it was RELEASED when it left.
    """

    owner: str
    owner_id: str
    shipment: Shipment | None
    order: Order | None
    orders: Mapping[str, Order]
    exporter_id: str | None
    movement: Movement | None
    forwarder_id: str | None
    transit: tuple[str, ...]
    place: Place
    leaves_territory: bool
    lines: tuple[CaseLine, ...]
    days: tuple[date, ...]
    today: date
    as_of: datetime
    references: References
    accounts: Mapping[str, LicenceAccount]
    policy: Policy
    planned: tuple[Draw, ...] = ()
    fitting: tuple[Draw, ...] = ()
    licence_findings: tuple[Finding, ...] = ()
    planned_day: date | None = None
    scene: Scene | None = None
    families: Families = NOBODY_ELSE
    nearest: Mapping[int, Detail] = field(default_factory=dict)
    left_released: bool = False

    @property
    def days_of_bans(self) -> frozenset[date]:
        """The days on one of which a list entry or a ban must act to hold: those that count, and today (D1.7, D5.2).

        Of goods that left RELEASED nothing was open at departure: what came later holds while it acts, and no longer.
        """
        return frozenset((self.today,) if self.left_released else (*self.days, self.today))
