"""What becomes of concern at sea by facts that changed; a policy that changed is no reason (ECL 12(3), D1.7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.gatekeeper.domain.vocabulary import Balance
from tests.domain.builders import general, licence_line, party
from tests.domain.story import Story

HOUR = timedelta(hours=1)
BOLTS = {"code": "CIVIL_MRI", "text": "Bolts for a frame"}
MISSILE = {"code": "CIVIL_MRI", "text": "ＭＩＳＳＩＬＥ  nozzle"}
CONCERNS: dict[str, Any] = {"catch_all_terms": ("missile",), "catch_all_parties": ("BETA",)}
FORWARDER_OF_CONCERN: dict[str, Any] = {"catch_all_parties": ("FWD-1",)}


def _parties(**others: str) -> dict[str, Any]:
    everybody = {"importer": "ALPHA", "consignee": "ALPHA", "end_user": "ALPHA", **others}
    return {role: {"party_id": party_id} for role, party_id in everybody.items()}


def _ship(story: Story, **changes: Any) -> str:
    story.ship("S1", **{"item": "STEEL-BOLT", "end_use": BOLTS, **changes})
    return story.state("S1")


def _left(policy: dict[str, Any], *rules: Any, **changes: Any) -> Story:
    story = Story(*rules)
    story.with_policy(**policy)
    assert _ship(story, **changes) == "RELEASED"
    story.advance_to(story.clock + HOUR)
    story.milestone("S1", "DEPARTED")
    story.advance_to(story.clock + HOUR)
    return story


@pytest.mark.parametrize(
    "changed",
    [
        {"end_use": MISSILE},
        {"parties": _parties(consignee="BETA")},
        {"parties": _parties(importer="BETA")},
        {"parties": _parties(end_user="BETA")},
        {"parties": _parties(carrier="BETA")},
        {"parties": {**_parties(), "broker": {"name": "BETA kk"}}},
        {"exporter_id": "BETA"},
        {"forwarder_id": "BETA"},
    ],
)
def test_a_text_or_a_party_of_concern_that_comes_at_sea_holds_until_the_old_facts_return(
    changed: dict[str, Any],
) -> None:
    story = _left(CONCERNS)
    assert _ship(story, **changed) == "INTERCEPT CATCH_ALL"
    story.advance_to(story.clock + HOUR)
    assert _ship(story, **changed) == "INTERCEPT CATCH_ALL"
    assert _ship(story) == "RELEASED"


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"end_use": {**BOLTS, "text": "chairs"}},
        {"end_use": {"code": "CIVIL_MRI"}},
        {"parties": _parties(importer="GAMMA", carrier="GAMMA")},
        {"forwarder_id": "GAMMA"},
    ],
)
def test_changed_facts_that_are_of_no_concern_are_no_reason(changed: dict[str, Any]) -> None:
    assert _ship(_left(CONCERNS), **changed) == "RELEASED"


@pytest.mark.parametrize(
    ("released", "changed", "state"),
    [
        ({"end_use": MISSILE}, {"end_use": MISSILE}, "RELEASED"),
        ({"end_use": MISSILE}, {"end_use": {**MISSILE, "text": " missile  NOZZLE"}}, "RELEASED"),
        ({"end_use": MISSILE}, {"end_use": {**MISSILE, "text": "missile fin"}}, "INTERCEPT CATCH_ALL"),
        ({"parties": _parties(consignee="BETA")}, {"parties": _parties(consignee="BETA")}, "RELEASED"),
        (
            {"parties": _parties(consignee="BETA")},
            {"parties": {**_parties(), "consignee": {"name": "beta-kk"}}},
            "RELEASED",
        ),
        (
            {"parties": _parties(consignee="BETA")},
            {"parties": _parties(consignee="BETA", carrier="GAMMA")},
            "RELEASED",
        ),
        (
            {"parties": _parties(consignee="BETA")},
            {"parties": _parties(consignee="BETA", importer="BETA")},
            "INTERCEPT CATCH_ALL",
        ),
    ],
)
def test_a_policy_that_changes_at_sea_is_no_reason_without_facts_of_concern_that_changed(
    released: dict[str, Any], changed: dict[str, Any], state: str
) -> None:
    story = _left({}, **released)
    story.with_policy(**CONCERNS)
    assert _ship(story, **released) == "RELEASED"
    assert _ship(story, **changed) == state


def test_a_forwarder_that_policy_names_only_later_was_there_at_the_release() -> None:
    story = _left({})
    story.with_policy(**FORWARDER_OF_CONCERN)
    assert _ship(story) == "RELEASED"


def test_a_party_that_is_described_as_the_one_of_concern_after_the_departure_is_another() -> None:
    """As with the end user: whom the name means has changed (D3.4)."""
    named = {"parties": {**_parties(), "carrier": {"name": "Delta Lines"}}}
    story = _left({}, **named)
    story.with_policy(catch_all_parties=("DELTA",))
    assert _ship(story, **named) == "RELEASED"
    story.rule(party("DELTA", "Delta Lines", "FR"))
    assert _ship(story, **named) == "INTERCEPT CATCH_ALL"


def test_what_was_released_before_it_was_kept_what_was_read_counts_as_unchanged() -> None:
    story = _left(CONCERNS)
    left = story.shipments["S1"]
    bare = replace(left.released_as[0], text=None, parties=None)
    story.shipments["S1"] = replace(left, released_as=(bare,))
    assert _ship(story, end_use=MISSILE, parties=_parties(carrier="BETA")) == "RELEASED"
    assert _ship(story, parties=_parties(end_user="BETA")) == "INTERCEPT CATCH_ALL"


def test_a_licence_that_names_the_item_and_fits_the_new_facts_lifts_it() -> None:
    """D1.7: it takes the consumption."""
    granted = general("G1", licence_line(codes=(), items=("STEEL-BOLT",), value="2000000 USD"))
    story = _left(CONCERNS, granted)
    assert _ship(story, end_use=MISSILE) == "RELEASED"
    assert [(draw.licence_no, draw.balance) for draw in story.shipments["S1"].draws] == [("G1", Balance.CONSUMED)]
