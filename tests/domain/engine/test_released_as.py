"""What a shipment was last released with is what a change of its end user or end use is measured by (ECR 18(2), 25)."""

from __future__ import annotations

import json
from typing import Any

from services.gatekeeper.domain.aggregates import LicenceCovered, Shipment
from services.gatekeeper.store.codec import dump, load
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


def test_what_was_released_is_read_back_as_it_was_and_what_older_rows_do_not_say_is_not_known() -> None:
    """Of a line on a licence what it drew (D1.7), of one without what was read for CATCH_ALL."""
    story = Story()
    story.ship("S1")
    story.ship("S2", item="STEEL-BOLT")
    licensed, free = (story.shipments[name].released_as[0] for name in ("S1", "S2"))
    assert ([each[:2] for each in licensed.given], licensed.text, licensed.parties) == ([("M1", 1)], None, None)
    assert (free.given, len(free.text or ""), len(free.parties or ())) == ((), 16, 5)
    for name, covered in (("S1", licensed), ("S2", free)):
        stored = dump(story.shipments[name])
        assert load(Shipment, stored).released_as == (covered,)
    older = {key: value for key, value in json.loads(dump(free)).items() if key not in ("given", "text", "parties")}
    assert load(LicenceCovered, json.dumps(older)) == LicenceCovered(
        1, "ALPHA", "CIVIL_MRI", "STEEL-BOLT", licensed=False
    )
