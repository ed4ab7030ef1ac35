"""What a shipment was last released with is what a change of its end user or end use is measured by (ECR 18(2), 25)."""

from __future__ import annotations

from typing import Any

from tests.domain.story import TO_ALPHA, Story


def to(end_user: str, end_use: str = "CIVIL_MRI") -> dict[str, Any]:
    parties = {"importer": "ALPHA", "consignee": "ALPHA", "end_user": end_user}
    return {**TO_ALPHA, "parties": {role: {"party_id": key} for role, key in parties.items()},
            "end_use": {"code": end_use}}  # fmt: skip


def test_a_change_is_one_from_the_last_release_until_the_old_facts_return() -> None:
    story = Story()
    story.ship("S1", **to("ALPHA"))
    assert story.state("S1") == "RELEASED"
    story.ship("S1", **to("BETA"))
    assert "END_USER_CHANGED" in story.state("S1")
    story.ship("S1", **to("BETA", "EV_MOTOR"))
    assert "END_USER_CHANGED" in story.state("S1")
    assert "END_USE_CHANGED" in story.state("S1")
    story.ship("S1", **to("ALPHA"))
    assert story.state("S1") == "RELEASED"


def test_what_was_never_released_has_not_changed() -> None:
    story = Story()
    story.ship("S1", **to("BETA"))
    story.ship("S1", **to("BETA", "EV_MOTOR"))
    assert story.state("S1").startswith("HELD")
    assert "CHANGED" not in story.state("S1")
