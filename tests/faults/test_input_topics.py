"""Topics as a gatekeeper may find them: empty, full, cut off at their beginning, with group offsets of anywhere."""

from __future__ import annotations

import itertools
import json
import signal
from collections.abc import Mapping

import pytest

from schemas.topics import NOTICES, SHIPMENTS, TOPICS_BY_NAME, TopicKind
from services.kit.partitioning import lane_of
from tests.faults import admin
from tests.faults.admin import EVERYWHERE, Place
from tests.faults.plant import Plant
from tests.faults.trade import expected, licence, more_rules, order, rules, shipment, stop_notice, stream
from tests.pipeline import trade as builders
from tests.pipeline.feeding import PARTITIONS, keys_in_lane
from tests.waiting import eventually


async def _stand(plant: Plant, wanted: Mapping[Place, int]) -> None:
    """Wait until these positions are stored."""

    async def probe() -> bool:
        found = await admin.positions(plant)
        assert {place: found.get(place) for place in wanted} == wanted
        return True

    await eventually(probe, seconds=60)


async def _until_one_is_stopped(plant: Plant) -> None:
    async def probe() -> bool:
        return bool(await admin.stopped(plant))

    await eventually(probe, seconds=60)


def _is_rule(place: Place) -> bool:
    return TOPICS_BY_NAME[place[0]].kind is TopicKind.RULE


async def test_a_first_start_finds_empty_topics_and_goes_on_with_what_comes(plant: Plant) -> None:
    gatekeeper = await plant.start("gatekeeper")
    await gatekeeper.owns(4)
    await _stand(plant, dict.fromkeys(EVERYWHERE, 0))
    await plant.assert_sound()
    await plant.tell(*rules(), stop_notice())
    await plant.wait_until_idle()
    await plant.tell(*stream(0, 40))
    await plant.assert_sound()
    assert await plant.states() == expected(0, 40, noticed=True)


async def test_a_first_start_finds_a_backlog_in_all_topics_whose_beginning_may_be_gone(plant: Plant) -> None:
    """Nothing was promised of what was gone before: the rest is decided, by all the rules that there are."""
    await plant.tell(*more_rules(40), order("GONE"), *stream(0, 40, prefix="G"), builders.lifted("N0"))
    await admin.delete_before(plant, await admin.ends(plant))
    plant.shipments.clear()
    await plant.tell(*rules(), builders.statement("EB1"), builders.fx_rate("RB1"), *more_rules(40))
    await plant.tell(*stream(0, 80), builders.list_entry("C1", "Nobody at all"), stop_notice())
    await plant.start("gatekeeper")
    await plant.assert_sound()
    assert await admin.stopped(plant) == {}
    assert await plant.states() == expected(0, 80, noticed=True)


async def test_a_gatekeeper_goes_on_when_all_that_is_gone_was_decided(plant: Plant) -> None:
    await plant.tell(*rules(), stop_notice(), *stream(0, 40))
    first = await plant.start("first")
    await plant.assert_sound()
    await first.stop()
    decided = await admin.positions(plant)
    assert decided == await admin.ends(plant)
    # All of partition 0, all but the last record of 1, the first of 2, nothing of 3.
    gone = {place: (offset, max(offset - 1, 0), min(offset, 1), 0)[place[1]] for place, offset in decided.items()}
    await admin.delete_before(plant, gone)
    second = await plant.start("second")
    await second.owns(4)
    await plant.tell(*stream(40, 40))
    await plant.assert_sound()
    await second.stop()
    await plant.start("third")
    await plant.tell(*stream(80, 20))
    await plant.assert_sound()
    assert await admin.stopped(plant) == {}
    assert await plant.states() == expected(0, 100, noticed=True)


async def test_a_partition_stops_when_records_are_gone_that_were_never_read_and_the_others_go_on(plant: Plant) -> None:
    """Also of what follows the gap nothing is decided, until somebody has looked and says where to go on."""
    cut = SHIPMENTS.name, 0
    lost, later = itertools.islice(keys_in_lane(0, "LOST"), 2)
    await plant.tell(*rules(), *stream(0, 20))
    first = await plant.start("first")
    await plant.assert_sound()
    await first.stop()
    read = (await admin.positions(plant))[cut]
    await plant.tell(shipment(lost), shipment(lost, "11 KGM", version=2), shipment(later))
    await admin.delete_before(plant, {cut: read + 2})
    await plant.tell(*stream(20, 20))
    second = await plant.start("second")
    await _stand(plant, {**await admin.ends(plant), cut: read})
    reason = f"records {read} to {read + 1} were deleted before they were read"
    assert await admin.stopped(plant) == {cut: reason}
    assert "partition_stopped" in second.log
    assert reason in second.log
    waiting = {later, lost, *(key for key in expected(20, 20, noticed=False) if lane_of(key, PARTITIONS) == 0)}
    decided = {key: state for key, state in expected(0, 40, noticed=False).items() if key not in waiting}
    assert await plant.states() == decided

    await plant.tell(shipment(lost, "11 KGM", version=2))
    code, text = await plant.processes.command("quarantine", "resume", *map(str, cut), "--at", str(read + 2))
    assert code == 0, text
    await plant.assert_sound()
    assert await plant.states() == {**expected(0, 40, noticed=False), lost: "RELEASED", later: "RELEASED"}
    [row] = await plant.rows("SELECT detail FROM audit WHERE action = 'partition.resumed'")
    assert json.loads(row["detail"]) == {"reason": reason, "from": read, "to": read + 2}


async def test_no_shipment_is_decided_when_notices_are_gone_that_were_never_read(plant: Plant) -> None:
    """What is gone may be a stop notice."""
    [key] = itertools.islice(keys_in_lane(2, "N"), 1)
    cut = NOTICES.name, 2
    await plant.tell(*rules(), *stream(0, 20))
    first = await plant.start("first")
    await plant.assert_sound()
    await first.stop()
    await plant.tell(stop_notice(key))
    await admin.delete_before(plant, {cut: 1})
    second = await plant.start("second")
    await second.owns(4)
    await plant.tell(*stream(20, 20), licence("M2"))
    await eventually(lambda: "trade_waits_for_stopped_rules" in second.log)
    rule_ends = {place: end for place, end in (await admin.ends(plant)).items() if _is_rule(place)}
    await _stand(plant, {**rule_ends, cut: 0})
    assert await admin.stopped(plant) == {cut: "records 0 to 0 were deleted before they were read"}
    assert await plant.states() == expected(0, 20, noticed=False)
    await plant.tell(stop_notice(key))
    code, text = await plant.processes.command("quarantine", "resume", *map(str, cut), "--at", "1")
    assert code == 0, text
    await plant.assert_sound()
    assert await plant.states() == expected(0, 40, noticed=True)


async def test_a_partition_that_is_cut_while_it_is_read_stops_at_the_gap(plant: Plant) -> None:
    """A gatekeeper sleeps while records come and go."""
    cut = SHIPMENTS.name, 0
    names = list(itertools.islice(keys_in_lane(0, "C"), 30))
    await plant.tell(*rules(), shipment(names[0]))
    gatekeeper = await plant.start("gatekeeper")
    await plant.assert_sound()
    gatekeeper.send(signal.SIGSTOP)
    await gatekeeper.frozen()
    for name in names[1:20]:
        await plant.tell(shipment(name))
    await admin.delete_before(plant, {cut: 20})
    await plant.tell(*(shipment(name) for name in names[20:]))
    gatekeeper.send(signal.SIGCONT)
    await _until_one_is_stopped(plant)
    read = (await admin.positions(plant))[cut]
    assert read < 20
    assert await admin.stopped(plant) == {cut: f"records {read} to 19 were deleted before they were read"}
    assert (await plant.states()).keys() == set(names[:read])
    await plant.tell(*(shipment(name) for name in names[1:20]))
    code, text = await plant.processes.command("quarantine", "resume", *map(str, cut), "--at", "20")
    assert code == 0, text
    await plant.assert_sound()
    assert await plant.states() == dict.fromkeys(names, "RELEASED")


@pytest.mark.parametrize("where", ["ahead", "behind", "deleted"])
async def test_only_the_stored_positions_count_wherever_the_group_stands_and_however_late_the_seek(
    plant: Plant, where: str
) -> None:
    """A client that isn't sought yet fetches from where its group stands; in a second much can come from there."""
    await plant.tell(*rules(), *stream(0, 40))
    first = await plant.start("first")
    await plant.assert_sound()
    await first.stop()
    read = await admin.positions(plant)
    await plant.tell(*stream(40, 80), stop_notice())
    if where == "deleted":
        await admin.delete_groups(plant)
    else:
        behind = dict.fromkeys(EVERYWHERE, 0)
        ahead = {place: min(read[place] + 1, end) for place, end in (await admin.ends(plant)).items()}
        await admin.commit_for_groups(plant, ahead if where == "ahead" else behind)
    late = await plant.start("late", failpoints="trade.before_seek=delay,rules.before_seek=delay")
    await eventually(lambda: late.log.count("partitions_assigned") == 2)
    await plant.tell(*stream(120, 20))
    await plant.assert_sound()
    assert await plant.states() == expected(0, 140, noticed=True)
