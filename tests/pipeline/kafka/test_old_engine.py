"""A gatekeeper whose engine is older than the rules ask for decides nothing and ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.pipeline.kafka.conftest import Site
from tests.pipeline.kafka.test_process import gatekeeper, send_shipments


async def test_a_process_that_is_too_old_for_the_rules_ends_with_code_1_and_says_why(
    site: Site, tmp_path: Path
) -> None:
    await site.execute("UPDATE rules_state SET min_engine = 2")
    log = tmp_path / "log"
    async with gatekeeper(site, log) as process:
        await send_shipments(site, 1, 3)
        assert await asyncio.wait_for(process.wait(), 60) == 1
    assert "the rules need engine 2, this is engine 1: install a newer one" in log.read_text()
    assert await site.value("SELECT count(*) FROM shipment") == 0
