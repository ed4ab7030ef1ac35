"""Two gatekeepers, many lanes, one licence: what fits is released, nothing above it, and what comes back is used."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.plant import Plant
from tests.faults.trade import licence, milestone, order, rules, shipment
from tests.pipeline import trade as builders
from tests.pipeline.trade import Event

LICENCES = ("R1", "R2", "R3", "R4")
FITS = 10
"""Shipments of 10 KGM on each licence of 100 KGM."""
RIVALS = 30
GIVEN_BACK = 3


def rivals() -> Iterator[Event]:
    """Shipments that all want the same: every third with an order, which wants it for the shipment."""
    for number in range(RIVALS):
        for licence_no in LICENCES:
            name = f"{licence_no}-{number}"
            if number % 3:
                yield shipment(name, licences=[licence_no])
            else:
                yield order(f"O{name}", licences=[licence_no])
                yield shipment(name, order=f"O{name}")


def given_up(name: str) -> Iterator[Event]:
    """The shipment is cancelled, and so is its order, if it has one."""
    yield milestone(name, "CANCELLED")
    if int(name.split("-")[1]) % 3 == 0:
        yield builders.cancelled(f"O{name}")


async def released(plant: Plant) -> dict[str, list[str]]:
    states = await plant.states()
    return {
        licence_no: sorted(key for key, state in states.items() if state == "RELEASED" and key.startswith(licence_no))
        for licence_no in LICENCES
    }


async def assert_full(plant: Plant) -> None:
    """All of each licence is reserved, and never was more."""
    balances = await plant.rows("SELECT licence_no, reserved, consumed FROM licence_line_balance")
    assert {row["licence_no"]: int(row["reserved"]) for row in balances} == dict.fromkeys(LICENCES, 100)
    assert not any(row["consumed"] for row in balances)
    # Licence lines are locked from their reading to the commit, so the ledger's transactions have one order.
    (highest,) = await plant.rows(
        "SELECT max(total) AS total FROM (SELECT sum(change) OVER (PARTITION BY licence_no ORDER BY seq) AS total"
        " FROM (SELECT licence_no, max(seq) AS seq, sum(reserved + consumed) AS change FROM ledger"
        " GROUP BY licence_no, xmin::text) AS transactions) AS every"
    )
    assert highest["total"] == 100


async def test_two_gatekeepers_that_race_for_the_last_of_a_licence_release_exactly_what_fits(plant: Plant) -> None:
    await plant.tell(*rules(*(licence(licence_no, "100 KGM") for licence_no in LICENCES)))
    small = {"batch_records_max": "5", "sweep_chunk": "5"}
    first, second = await plant.start("first", **small), await plant.start("second", **small)
    await first.owns(2)
    await second.owns(2)
    await plant.tell(*rivals())
    await plant.assert_sound()
    before = await released(plant)
    assert {licence_no: len(several) for licence_no, several in before.items()} == dict.fromkeys(LICENCES, FITS)
    await assert_full(plant)

    leaving = [name for several in before.values() for name in several[:GIVEN_BACK]]
    await plant.tell(*(event for name in leaving for event in given_up(name)))
    await plant.assert_sound()
    after = await released(plant)
    assert {licence_no: len(several) for licence_no, several in after.items()} == dict.fromkeys(LICENCES, FITS)
    assert not set(leaving) & {name for several in after.values() for name in several}
    await assert_full(plant)
    for process in (first, second):
        assert "40P01" not in process.log
        assert "deadlock" not in process.log.lower()
