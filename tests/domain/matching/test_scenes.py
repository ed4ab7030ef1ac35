"""What is worked out once for many cases says what it says about each of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.scene import SCENES_REMEMBERED_MAX
from services.gatekeeper.domain.values import Valued
from tests.domain.story import Story


def test_shipments_of_one_shape_share_a_scene_and_another_day_party_or_currency_has_its_own() -> None:
    story = Story()
    story.ship("S1", "100 KGM")
    scenes = story.references.scenes
    assert len(scenes) == 1
    story.ship("S2", "250 KGM", value="99.10 USD")
    assert len(scenes) == 1
    story.ship("S3", value="5 EUR")
    story.ship("S4", planned_departure="2026-03-09T00:00:00+08:00")
    assert len(scenes) == 3


def test_what_is_remembered_of_scenes_is_bounded() -> None:
    story = Story()
    story.ship("S1")
    scenes = story.references.scenes
    [(shape, scene)] = scenes.items()
    scenes.update({shape._replace(exporter_id=f"E-{number}"): scene for number in range(SCENES_REMEMBERED_MAX - 1)})
    story.ship("S2", value="5 EUR")
    assert len(scenes) == 1


def test_a_copy_is_what_the_standard_library_would_make() -> None:
    before = PartyRef("A", "Alpha", "DE")
    assert evolve(before, name=None, country="FR") == replace(before, name=None, country="FR")
    assert evolve(before) == before
    with pytest.raises(TypeError, match="no field colour"):
        evolve(before, colour="red")
    wrong: Any
    for wrong in (datetime.now(UTC), 5):
        with pytest.raises(TypeError, match="no dataclass"):
            evolve(wrong)
    assert evolve(Valued(Fraction(1), None), rate_id="R") == Valued(Fraction(1), "R")
