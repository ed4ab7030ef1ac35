"""(h): what a batch costs with many rules stored, against the same batch with a hundredth of them; and the memory."""

from __future__ import annotations

import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

from services.gatekeeper.process import YOUNG_OBJECTS_MAX
from services.gatekeeper.wiring import DatabaseClock
from tests.bench.children import running
from tests.bench.filling import LICENCES_EACH, fill
from tests.bench.gatekeeping import Say
from tests.bench.hearing import listening
from tests.bench.sending import sending
from tests.bench.site import Parts, Site, open_site
from tests.bench.sizes import Sizes
from tests.bench.trade import BACKLOG, rules, sendable, shipment
from tests.pipeline.feeding import Feeder

HUNDREDTH = 100
BATCH_RECORDS = 500
WARM_BATCHES = 5
START_SECONDS_MAX = 300.0


async def measure_stored(parts: Parts, sizes: Sizes, say: Say) -> dict[str, Any]:
    """Milliseconds of a batch of 500 shipments in both databases, by turns in one process, and the median ratio."""
    async with _filled(parts, "few", sizes, HUNDREDTH) as few, _filled(parts, "many", sizes, 1) as many:
        say(
            f"(h) {sizes.stored_licences} licences, {sizes.stored_notices} notices, {sizes.stored_entries} list entries"
        )
        memory = [await _memory_mib(site, exporters=_exporters(sizes)) for site in (few, many)]
        small, large = [await Feeder.open(site.database_url, clock=DatabaseClock()) for site in (few, many)]
        gc.set_threshold(YOUNG_OBJECTS_MAX)
        try:
            pairs = [await _pair(small, large, number, sizes) for number in range(WARM_BATCHES + sizes.stored_batches)]
        finally:
            for feeder in (small, large):
                await feeder.close()
    counted = pairs[WARM_BATCHES:]
    return {
        "batch_ms_few": round(median(one for one, _ in counted) * 1000, 1),
        "batch_ms_many": round(median(other for _, other in counted) * 1000, 1),
        "ratio": round(median(other / one for one, other in counted), 3),
        "memory_mib_few": round(memory[0], 1),
        "memory_mib_many": round(memory[1], 1),
    }


def _exporters(sizes: Sizes) -> int:
    """Whoever ships is in both databases."""
    return max(1, sizes.stored_licences // HUNDREDTH // LICENCES_EACH)


@asynccontextmanager
async def _filled(parts: Parts, name: str, sizes: Sizes, part: int) -> AsyncIterator[Site]:
    async with open_site(parts, name, migrated=True) as site:
        await fill(
            site.database_url,
            licences=sizes.stored_licences // part,
            notices=sizes.stored_notices // part,
            entries=sizes.stored_entries // part,
        )
        yield site


async def _memory_mib(site: Site, *, exporters: int) -> float:
    """What a gatekeeper holds once it has decided a batch."""
    several = [shipment(BACKLOG, number, exporters=exporters) for number in range(BATCH_RECORDS)]
    async with sending(site.servers, site.prefix) as sender:
        await sender.send_all(sendable(event) for event in (*_parties_and_items(), *several))
        async with (
            listening(site.servers, site.prefix) as ear,
            running("gatekeeper", ["services.cli", "gatekeeper"], site.environment()) as child,
        ):
            await ear.until(
                lambda: ear.count("shipment.released", BACKLOG) >= BATCH_RECORDS,
                seconds=START_SECONDS_MAX, what="the first batch", alive=child.assert_alive,
            )  # fmt: skip
            held = child.memory_mib()
            await child.stop()
    return held


def _parties_and_items() -> list[Any]:
    return [event for event in rules() if event[0] != "licence.upserted"]


async def _pair(small: Feeder, large: Feeder, number: int, sizes: Sizes) -> tuple[float, float]:
    """Seconds of the same batch in both, in changing order."""
    first = BATCH_RECORDS * (number + 1)
    events = [shipment("T", first + n, exporters=_exporters(sizes)) for n in range(BATCH_RECORDS)]
    taken: dict[Feeder, float] = {}
    for feeder in (small, large) if number % 2 else (large, small):
        records = feeder.records(*events)
        began = time.perf_counter()
        await feeder.feed(*records)
        taken[feeder] = time.perf_counter() - began
    return taken[small], taken[large]
