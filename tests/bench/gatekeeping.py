"""(a), (d), (e), (f) and (g): one gatekeeper process from its start to its end, and the API beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from services.gatekeeper.store.keys import create_key
from services.kit.postgres import connect
from services.local.demo.processes import start_process
from tests.bench.asking import measure_status
from tests.bench.children import Child, running
from tests.bench.comparing import decided_per_second
from tests.bench.hearing import Ear, listening, percentiles_ms
from tests.bench.noticing import Office, measure_notice
from tests.bench.sending import Sender, sending
from tests.bench.site import Parts, Site, open_site
from tests.bench.sizes import Options, Sizes
from tests.bench.trade import BACKLOG, NOTICED, PACED, STOPPED_FORWARDER, rules, sendable, shipments

SCOPES = ("shipments:read", "notices:read", "notices:write")
START_SECONDS_MAX = 60.0
PACED_SECONDS_MAX = 60.0
WARM_SECONDS = 1.0
ASKED_IDS_MAX = 5_000

Say = Callable[[str], None]


@dataclass(slots=True)
class Gatekeeping:
    """A gatekeeper that is measured; `memory` has what it held after each measurement, in MiB."""

    sizes: Sizes
    site: Site
    sender: Sender
    ear: Ear
    child: Child
    say: Say
    memory: list[float] = field(default_factory=list)

    def note_memory(self) -> None:
        self.memory.append(self.child.memory_mib())

    async def backlog(self) -> dict[str, Any]:
        """(a), of a backlog that was there before the process was."""
        self.say(f"(a) gatekeeper: {self.sizes.events} shipments from a backlog")
        await self.ear.until(
            lambda: self.ear.total > 0, seconds=START_SECONDS_MAX, what="its start", alive=self.child.assert_alive
        )
        already, used = self.ear.total, self.child.cpu_seconds()
        per_second = await decided_per_second(self.ear, self.child, BACKLOG + NOTICED, self.sizes.events)
        used = (self.child.cpu_seconds() - used) / max(1, self.sizes.events - already)
        self.note_memory()
        return {"decided_per_second": round(per_second, 1), "decided_cpu_us": round(used * 1e6, 1)}

    async def latency(self) -> dict[str, Any]:
        """(d), from the hand-over to the producer until a read_committed consumer has the directive."""
        sizes, ear = self.sizes, self.ear
        self.say(f"(d) gatekeeper: {sizes.latency_rate} events/s for {sizes.latency_seconds:.0f} s")
        seconds = WARM_SECONDS + sizes.latency_seconds
        used = self.child.cpu_seconds()
        sent = await self.sender.send_paced(PACED, per_second=sizes.latency_rate, seconds=seconds)
        used = self.child.cpu_seconds() - used
        await ear.until(
            lambda: ear.count("shipment.released", PACED) >= len(sent),
            seconds=PACED_SECONDS_MAX, what="the paced stream", alive=self.child.assert_alive,
        )  # fmt: skip
        since = min(sent.values()) + WARM_SECONDS
        heard = ear.heard["shipment.released", PACED]
        self.note_memory()
        taken = percentiles_ms([at - sent[key] for at, key in heard if sent[key] >= since])
        return {"latency_ms": taken, "latency_cpu_share": round(used / seconds, 3)}

    async def notice(self, office: Office) -> dict[str, Any]:
        """(e), after the matching shipments that the backlog had no room for."""
        count = self.sizes.notice_shipments
        there = min(count, self.sizes.events)
        await self.sender.send_all(shipments(NOTICED, there, count - there, forwarder=STOPPED_FORWARDER))
        await self.ear.until(
            lambda: self.ear.count("shipment.released", NOTICED) >= count,
            seconds=PACED_SECONDS_MAX, what="the open shipments", alive=self.child.assert_alive,
        )  # fmt: skip
        self.say(f"(e) gatekeeper: a notice that matches {count} open shipments, beside the stream at full speed")
        figures = await measure_notice(self.ear, self.sender, self.child, office, self.sizes)
        self.note_memory()
        return {"notice": figures}

    async def status(self, office: Office) -> dict[str, Any]:
        """(f), while nothing else is asked of the API."""
        self.say(f"(f) API: {self.sizes.status_queries} status queries")
        heard = self.ear.heard
        keys = [key for place in (("shipment.held", NOTICED), ("shipment.released", PACED)) for _, key in heard[place]]
        asked = keys[:: max(1, len(keys) // ASKED_IDS_MAX)]
        return {
            "status_ms": await asyncio.to_thread(
                measure_status, office.url, office.token, asked, self.sizes.status_queries
            )
        }


@asynccontextmanager
async def _office(site: Site) -> AsyncIterator[Office]:
    """The API as a process, with a key for it."""
    database = await connect(site.database_url, name="holdgate-bench", size_max=2)
    try:
        _, token = await create_key(database, "bench", SCOPES, actor="bench")
    finally:
        await database.close()
    environment = {**site.environment(), "HOLDGATE_API_HOST": "127.0.0.1"}
    process = await start_process("api", "api", environment, "HOLDGATE_API_PORT", ready_path="/readyz")
    try:
        yield Office(process.url, token)
    finally:
        await process.close()


async def _send_backlog(sender: Sender, sizes: Sizes) -> None:
    """Rules first, then the shipments: as many as possible are such that the notice of (e) matches them."""
    await sender.send_all(sendable(event) for event in rules())
    noticed = min(sizes.notice_shipments, sizes.events)
    await sender.send_all(shipments(NOTICED, 0, noticed, forwarder=STOPPED_FORWARDER))
    await sender.send_all(shipments(BACKLOG, noticed, sizes.events - noticed))


async def measure_gatekeeper(parts: Parts, options: Options, say: Say, figures: dict[str, Any]) -> None:
    """Add the figures of (a), (d), (e), (f) and (g), each as soon as it is known."""
    profiling = ["-m", "cProfile", "-o", options.profile] if options.profile else []
    sizes = options.sizes
    async with (
        open_site(parts, "gatekeeper", migrated=True) as site,
        sending(site.servers, site.prefix) as sender,
    ):
        await _send_backlog(sender, sizes)
        async with (
            listening(site.servers, site.prefix) as ear,
            running("gatekeeper", ["services.cli", "gatekeeper"], site.environment(), options=profiling) as child,
        ):
            keeping = Gatekeeping(sizes, site, sender, ear, child, say)
            figures |= await keeping.backlog()
            figures |= await keeping.latency()
            async with _office(site) as office:
                figures |= await keeping.notice(office)
                figures |= await keeping.status(office)
            await child.stop()
            figures["memory_mib"] = round(max(keeping.memory), 1)
