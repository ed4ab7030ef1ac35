"""Licences as they are asked for, on real PostgreSQL: never one too few, whoever recorded it and whenever."""

from __future__ import annotations

import pytest

from services.gatekeeper.pipeline import gather
from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import licence, shipment


def _kept(feeder: Feeder) -> int:
    references = feeder.gate.references
    return 0 if references is None else references.licences.count


async def test_only_the_licences_that_are_asked_for_are_loaded(feeder: Feeder) -> None:
    await feeder.tell(*(licence(f"X{n}", "5 KGM", exporter_id=f"E-{n}") for n in range(30)))
    feeder.gate.references = None
    await feeder.tell(shipment("S1", "20 KGM"))
    assert await feeder.state("S1") == "RELEASED"
    assert _kept(feeder) == 1


async def test_a_licence_that_comes_after_it_was_found_missing_covers(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1", "20 KGM", licences=["L-NEW"]))
    assert await feeder.states("S1") == ["HELD NO_LICENCE"]
    await feeder.tell(licence("L-NEW", "20 KGM"))
    assert await feeder.state("S1") == "RELEASED"
    await feeder.assert_sound()


async def test_a_chain_of_successors_is_followed_from_a_cold_start(feeder: Feeder) -> None:
    """D3.3: naming a licence that another one supersedes names its successor, however long the chain."""
    await feeder.tell(
        licence("L-A", "1 KGM"),
        licence("L-B", "1 KGM", supersedes=["L-A"]),
        licence("L-C", "500 KGM", supersedes=["L-B"]),
    )
    feeder.gate.references = None
    await feeder.tell(shipment("S1", "20 KGM", licences=["L-A"]))
    assert await feeder.state("S1") == "RELEASED"
    assert await feeder.balance("L-C") == "20/0"
    feeder.gate.references = None
    await feeder.tell(licence("L-C", "500 KGM", supersedes=["L-B"], version=2, status="SUSPENDED"))
    assert await feeder.states("S1") == ["HELD LICENCE_SUSPENDED"]
    await feeder.assert_sound()


async def test_licences_above_the_limit_are_forgotten_and_asked_for_anew(
    feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "LICENCES_KEPT_MAX", 2)
    await feeder.tell(*(licence(f"K{n}", "30 KGM", exporter_id=f"E-{n}") for n in range(6)))
    for n in range(6):
        await feeder.tell(shipment(f"S{n}", "20 KGM", licences=[f"K{n}"], exporter_id=f"E-{n}"))
    assert set(await feeder.states(*(f"S{n}" for n in range(6)))) == {"RELEASED"}
    assert 1 <= _kept(feeder) <= 3
    await feeder.assert_sound()
