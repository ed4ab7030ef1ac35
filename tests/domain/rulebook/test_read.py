"""Which references a decision is recorded to have read, each at its version: what its replay needs (design.md §4)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.families import Families, FamilySum
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.read import references_read
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Feed, FxRate, MistakenIdentity

from .examples import NOW, PLANNED, draw, entry, item, kgm, licence, line, notice, references, shipment_case, statement


def _rate(rate_id: str) -> FxRate:
    return FxRate(rate_id, 1, "EUR", "USD", Decimal(2), NOW.date())


def test_a_decision_names_all_that_it_looked_at_and_nothing_else() -> None:
    rules = references(
        *(licence(f"L{number}") for number in (2, 3, 4, 5)),
        *(_rate(f"R{number}") for number in (1, 2, 3)),
        *(Feed(feed, 1, NOW, 1) for feed in ("CONTROL_LIST", "WATCH_LIST")),
        notice("N1"),
        notice("N2", scope=replace(notice().scope, parties=("BETA",))),
        statement("EUC-2"),
        item("VALVE"),
        entry("CL-17"),
        entry("CL-18", "Somebody Else"),
        MistakenIdentity("ALPHA", "CL-17", 1, 1, ("officer-1", "officer-2"), NOW),
    )
    valve = FamilySum("valves", "ALPHA", PLANNED, "VALVE", kgm("1"))
    case = shipment_case(
        rules,
        line(rules, licences=("L1",), end_user_statements=("EUC-1",)),
        planned=(replace(draw("L2"), rate_id="R1"),),
        policy=Policy(feed_max_age_hours={"CONTROL_LIST": 24}),
        families=Families(seen={valve: None}),
    )
    assert case.shipment is not None
    case = replace(case, shipment=replace(case.shipment, draws=(draw("L3"),)))
    considered = licence("L4")
    too_old = Finding(Reason.FX_UNAVAILABLE, (("line_no", 1),), {"rate_id": "R2"})
    read = references_read(case, [Candidate(considered, considered.lines[0], True)], [too_old])
    assert {(kind.value, key) for kind, key, _ in read} == {
        ("item", "SM-OXIDE"), ("item", "VALVE"), ("control", "1C902.b"),
        ("licence", "L1"), ("licence", "L2"), ("licence", "L3"), ("licence", "L4"),
        ("end-user-statement", "EUC-1"), ("fx-rate", "R1"), ("fx-rate", "R2"), ("notice", "N1"),
        ("feed", "CONTROL_LIST"), ("party", "ALPHA"), ("party", "E1"), ("party", "FWD-1"),
        ("list-entry", "CL-17"), ("mistaken-identity", "ALPHA/CL-17"),
    }  # fmt: skip
    assert {version for _, _, version in read} == {1}
    assert list(read) == sorted(set(read))
