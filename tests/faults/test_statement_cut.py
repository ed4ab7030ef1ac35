"""Connections cut under running gatekeepers, at whatever they read or note beside their batches."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.cutting import CuttingProxy, Statement, Way, cutting
from tests.faults.listening import heard_everything, listening
from tests.faults.pace import traffic
from tests.faults.plant import Plant
from tests.faults.trade import licence, rules, stop_notice

STATEMENTS_MIN = 40
TURNS_MAX = 20
COMMIT = Statement("run", "COMMIT;")


@dataclass(slots=True)
class OneByOne:
    """Cuts each statement once in each way, never two before something was committed.

    Those of input positions, and those outside transactions: what publishers, watches and measures read and note. The
    others are cut in tests/pipeline/postgres/test_connection_cut.py.
    """

    proxy: CuttingProxy
    met: set[Statement] = field(default_factory=set)
    armed: bool = True

    def choose(self, statement: Statement, inside: bool) -> Way | None:
        self.armed |= statement == COMMIT
        if inside and "input_position" not in statement.text:
            return None
        self.met.add(statement)
        for way in Way:
            if self.armed and (statement, way) not in self.proxy.cut:
                self.armed = False
                return way
        return None

    def left(self) -> list[tuple[Statement, Way]]:
        return sorted((one, way) for one in self.met for way in Way if (one, way) not in self.proxy.cut)


async def test_gatekeepers_go_on_whichever_of_their_reads_and_notes_loses_its_connection(plant: Plant) -> None:
    await plant.tell(*rules())
    async with cutting(plant.database_url) as proxy, listening(plant) as listener:
        cuts = OneByOne(proxy)
        proxy.choose = cuts.choose
        steady = await plant.start("steady", database_url=proxy.url)
        await steady.owns(4)
        async with traffic(plant, per_second=60) as flow:
            for turn in range(1, TURNS_MAX + 1):
                # Some things a gatekeeper says only when lanes come and go, or when it begins and ends.
                passing = await plant.start("passing", database_url=proxy.url)
                await passing.owns(2, seconds=90)
                await plant.tell(stop_notice(version=turn), licence("M1", version=turn + 1))
                await flow.grows(50)
                await passing.stop()
                await steady.owns(4, seconds=90)
                if not cuts.left():
                    break
        assert not cuts.left(), cuts.left()
        assert len(cuts.met) > STATEMENTS_MIN
        await plant.assert_sound()
        await heard_everything(plant, listener)
    assert steady.returncode is None, steady.end_of_log()
    assert await plant.states() == flow.expected(noticed=True)
