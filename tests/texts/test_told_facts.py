"""What the rules find is what the texts tell: the holds of every scenario, through the domain alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.gatekeeper.domain.aggregates import Hold
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.texts.licence_phrases import NEAREST
from services.gatekeeper.texts.page import facts_of
from services.gatekeeper.texts.shared_phrases import WHERE
from services.gatekeeper.texts.telling import text
from tests.domain.scenario_world import holds_told, needs_more_than_memory, scenarios_of

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted((ROOT / "tests/scenarios").glob("*.yaml")), *sorted((ROOT.parent / "shared/scenarios").glob("*.yaml"))]
OF_THE_WIRE = {"unreadable.yaml", "codes.yaml"}
"""Their events are refused where bytes are read, which the domain alone doesn't do."""
EVERYWHERE = {name for one in (*WHERE, NEAREST[0]) for name in one.placeholders} | {"lifts_on", "uncontrolled_from"}
REASONS_MET_MIN = 30


@pytest.fixture(scope="module")
def holds() -> list[Hold]:
    scenarios = (scenario for path in FILES if path.name not in OF_THE_WIRE for scenario in scenarios_of(path))
    return [hold for scenario in scenarios if not needs_more_than_memory(scenario) for hold in holds_told(scenario)]


def test_every_fact_that_a_hold_carries_is_on_the_page_of_reasons(holds: list[Hold]) -> None:
    carried = {_whose(hold.reason, key) for hold in holds for key in (*hold.detail, *dict(hold.subject))}
    told = {(reason, fact) for reason, _ in carried for fact in (*facts_of(reason), *EVERYWHERE)}
    assert not {f"{reason}: {key}" for reason, key in carried - told}
    assert len({hold.reason for hold in holds}) >= REASONS_MET_MIN


def _whose(reason: Reason, key: str) -> tuple[Reason, str]:
    """`QTY_EXCEEDED.excess` is a fact of QTY_EXCEEDED, whichever hold carries it."""
    other, _, fact = key.rpartition(".")
    return (Reason(other), fact) if other in Reason.__members__ else (reason, key)


def test_no_code_of_ours_and_no_english_is_left_in_a_chinese_text_where_there_is_a_word_for_it(
    holds: list[Hold],
) -> None:
    for hold in holds:
        said = text(hold)["zh"]
        assert not re.search(r"\b(none|AUTHORITY|OWN_DISCOVERY|CONTROL_LIST|WATCH_LIST|FEWEST_REASONS)\b", said)
        assert "{" not in said
