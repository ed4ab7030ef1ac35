"""What cases have in common that differ only in who they are and how much they ask for, worked out once.

Most shipments of a day are of few shapes: the same exporter, parties, items, destination and days. A rule that needs no
more than that is asked once about a case without identity and amounts, so that its answer can't depend on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.aggregates import Finding, Order, Shipment
from services.gatekeeper.domain.candidates import Candidate, candidates_of
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.facts import EndUse, PartyRef
from services.gatekeeper.domain.families import NOBODY_ELSE, Families, FamilyKey
from services.gatekeeper.domain.fit import fixed_findings
from services.gatekeeper.domain.lists import anybody_listed
from services.gatekeeper.domain.parties import case_roles, known
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.prohibitions import codes_in_force
from services.gatekeeper.domain.quantity import Money
from services.gatekeeper.domain.read import Read, read_by_scene
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Item
from services.gatekeeper.domain.rules import SCENE_DATES, SCENE_RULES
from services.gatekeeper.domain.splitting import watched
from services.gatekeeper.domain.terms import scene_terms
from services.gatekeeper.domain.vocabulary import Classification, Movement, Place

SCENES_REMEMBERED_MAX = 2_000


class LineShape(NamedTuple):
    """One line, merged with its order (D3.0), without amounts; `currency` is that of its value."""

    line_no: int
    item_no: str
    parties: tuple[tuple[str, PartyRef], ...]
    end_use: EndUse | None
    destination: str | None
    licences: tuple[str, ...]
    end_user_statements: tuple[str, ...]
    currency: str | None


class Shape(NamedTuple):
    """What a scene is known by; fields as in `Case`."""

    policy_version: int
    owner: str
    exporter_id: str | None
    movement: Movement | None
    forwarder_id: str | None
    transit: tuple[str, ...]
    place: Place
    leaves_territory: bool
    days: tuple[date, ...]
    today: date
    planned_day: date | None
    left_released: bool
    lines: tuple[LineShape, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """Answers for every case of one shape.

    `lines` without amounts and orders; `listed`: a list entry names one of its parties; `findings` of SCENE_RULES;
    `dates` of SCENE_DATES, ascending, past ones too; `unfit`: by line and licence line, why it doesn't fit whatever the
    amounts and balances are; `watched`: by line, whose sums of which family it counts for (SPLIT_SUSPECTED).
    """

    lines: tuple[CaseLine, ...]
    roles: tuple[tuple[str, PartyRef], ...]
    namesakes: frozenset[str]
    names: frozenset[str]
    listed: bool
    findings: tuple[Finding, ...]
    dates: tuple[datetime, ...]
    terms: frozenset[str]
    read: tuple[Read, ...]
    candidates: Mapping[int, tuple[Candidate, ...]]
    unfit: Mapping[tuple[int, tuple[str, int]], tuple[Finding, ...]]
    watched: Mapping[int, tuple[FamilyKey, ...]]


def scene_of(shape: Shape, references: References, policy: Policy, as_of: datetime) -> Scene:
    """The scene of `shape`, worked out at its first use; nothing in it depends on `as_of` but by the shape's days."""
    remembered = references.scenes.get(shape)
    if remembered is None:
        if len(references.scenes) >= SCENES_REMEMBERED_MAX:
            references.scenes.clear()
        lines = tuple(_bare_line(line, shape, references) for line in shape.lines)
        remembered = references.scenes[shape] = _worked_out(case_in(shape, lines, references, policy, as_of))
    return remembered


def _worked_out(bare: Case) -> Scene:
    candidates = {line.line_no: candidates_of(bare, line) for line in bare.lines}
    parties = [known(ref, bare.references) for _, ref in case_roles(bare)]
    needed = [one for line in bare.lines if line.needs_licence for one in candidates[line.line_no]]
    return Scene(
        lines=bare.lines,
        roles=case_roles(bare),
        namesakes=frozenset(party_id for party in parties for party_id in party.namesakes),
        names=frozenset(name for party in parties for name in party.names),
        listed=anybody_listed(bare),
        findings=tuple(finding for rule in SCENE_RULES for finding in rule(bare)),
        dates=tuple(sorted({at for dates in SCENE_DATES for at in dates(bare)})),
        terms=scene_terms(bare),
        read=read_by_scene(bare, needed),
        candidates=candidates,
        unfit={
            (line.line_no, one.key): tuple(fixed_findings(bare, line, one))
            for line in bare.lines
            for one in candidates[line.line_no]
        },
        watched=watched(bare),
    )


def case_in(
    shape: Shape,
    lines: tuple[CaseLine, ...],
    references: References,
    policy: Policy,
    as_of: datetime,
    subject: Shipment | Order | None = None,
    orders: Mapping[str, Order] = MappingProxyType({}),
    accounts: Mapping[str, LicenceAccount] = MappingProxyType({}),
    scene: Scene | None = None,
    families: Families = NOBODY_ELSE,
) -> Case:
    """The case of `subject` with its `lines`; without one nobody's, which has nothing that a scene must not know."""
    shipment, order = (subject, None) if isinstance(subject, Shipment) else (None, subject)
    return Case(
        owner=shape.owner,
        owner_id=shipment.shipment_id if shipment is not None else order.order_id if order is not None else "",
        shipment=shipment,
        order=order,
        orders=orders,
        exporter_id=shape.exporter_id,
        movement=shape.movement,
        forwarder_id=shape.forwarder_id,
        transit=shape.transit,
        place=shape.place,
        leaves_territory=shape.leaves_territory,
        lines=lines,
        days=shape.days,
        today=shape.today,
        as_of=as_of,
        references=references,
        accounts=accounts,
        policy=policy,
        planned_day=shape.planned_day,
        scene=scene,
        families=families,
        left_released=shape.left_released,
    )


def _bare_line(line: LineShape, shape: Shape, references: References) -> CaseLine:
    item = references.item(line.item_no)
    needing = shape.days if shape.owner == "shipment" else (shape.today, *shape.days)
    codes = () if item is None else codes_in_force(item, needing, references)
    return CaseLine(
        line_no=line.line_no,
        item_no=line.item_no,
        item=item,
        codes_in_force=codes,
        needs_licence=_needs_licence(item, codes, shape.leaves_territory),
        quantity=None,
        value=None if line.currency is None else Money(Decimal(0), line.currency),
        order_id=None,
        order_line=None,
        parties=dict(line.parties),
        end_use=line.end_use,
        destination=line.destination,
        licences=line.licences,
        end_user_statements=line.end_user_statements,
    )


def _needs_licence(item: Item | None, codes: tuple[str, ...], leaves: bool) -> bool:
    return leaves and item is not None and item.classification is Classification.CONTROLLED and bool(codes)
