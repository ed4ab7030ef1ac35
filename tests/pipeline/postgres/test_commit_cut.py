"""A connection that is lost in the commit itself: nobody may take the batch for decided, and it counts once."""

from __future__ import annotations

from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import milestone, order, shipment

CUT_THE_FIRST = (
    "CREATE SEQUENCE cuts",
    "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('cuts') = 1 THEN"
    " PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); END IF; RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER cut AFTER UPDATE ON input_position DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION cut()",
)


async def test_a_batch_whose_commit_is_cut_before_it_took_effect_is_decided_by_the_next_try(feeder: Feeder) -> None:
    async with feeder.gate.database.transaction() as tx:
        for statement in CUT_THE_FIRST:
            await tx.execute(statement)
    result = await feeder.feed(shipment("S1"), order("O1"), milestone("S1", "PACKED"))
    assert await feeder.states("S1", "O1") == ["RELEASED", "CLEARED"]
    assert await feeder.told("S1") == ["shipment.released"]
    assert result.handled == 3
    assert await feeder.value("SELECT last_value > 1 FROM cuts"), "the first commit was cut"
    await feeder.assert_sound()
