"""(e): a stop notice against many open shipments, while the stream runs as fast as the gatekeeper decides."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.bench.children import Child
from tests.bench.hearing import BenchFailed, Ear
from tests.bench.sending import Sender
from tests.bench.sizes import Sizes
from tests.bench.trade import FLOOD, NOTICED, STOPPED_FORWARDER

FLOWING_SECONDS_MAX = 60.0
HOLDS_SECONDS_MAX = 420.0
WARM_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Office:
    """Where notices are recorded, and with which key."""

    url: str
    token: str

    async def stop(self, forwarder: str) -> float:
        """Record a notice and wait until it is EFFECTIVE; when that was known (monotonic)."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": secrets.token_hex(8)}
        async with httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=60, trust_env=False) as client:
            answer = await client.post("/v1/notices?wait=effective", json=_notice(forwarder))
        if answer.status_code != 202 or answer.json()["status"] != "EFFECTIVE":
            raise BenchFailed(f"the notice was answered by {answer.status_code}: {answer.text}")
        return time.monotonic()


def _notice(forwarder: str) -> dict[str, Any]:
    return {
        "notice_id": "X-STOP",
        "origin": "AUTHORITY",
        "authority_ref": "benchmark",
        "text": {"zh": "停止出口", "en": "stop these exports"},
        "effective_from": None,
        "effective_until": None,
        "everything": False,
        "release_by_licence": True,
        "release_by_review": False,
        "scope": {"forwarders": [forwarder]},
    }


async def measure_notice(ear: Ear, sender: Sender, child: Child, office: Office, sizes: Sizes) -> dict[str, Any]:
    """The figures of (e): the shipments that match are open; the stream runs alone for a while first."""
    enough, count = asyncio.Event(), sizes.notice_shipments

    def released() -> int:
        return ear.count("shipment.released", FLOOD)

    def alive() -> None:
        child.assert_alive()
        for task in tasks:
            if task.done():
                task.result()

    tasks: list[asyncio.Task[Any]] = []
    flooding = asyncio.create_task(sender.flood(FLOOD, decided=released, ahead=sizes.stream_ahead, enough=enough))
    tasks.append(flooding)
    try:
        await ear.until(lambda: released() > 0, seconds=FLOWING_SECONDS_MAX, what="the stream", alive=alive)
        await asyncio.sleep(WARM_SECONDS)
        since, already = time.monotonic(), released()
        await asyncio.sleep(sizes.stream_seconds)
        await ear.until(lambda: released() > already, seconds=FLOWING_SECONDS_MAX, what="the stream", alive=alive)
        posted = time.monotonic()
        effective = asyncio.create_task(office.stop(STOPPED_FORWARDER))
        tasks.append(effective)

        def all_held() -> bool:
            return ear.count("shipment.held", NOTICED) >= count and effective.done()

        await ear.until(
            all_held, seconds=HOLDS_SECONDS_MAX, alive=alive,
            what=lambda: f"{ear.count('shipment.held', NOTICED)} of {count} holds",
        )  # fmt: skip
    finally:
        enough.set()
        for task in tasks[1:]:
            task.cancel()
        await asyncio.wait(tasks)
    sent = flooding.result()
    await ear.until(lambda: released() >= sent, seconds=FLOWING_SECONDS_MAX, what="its rest", alive=child.assert_alive)
    return _figures(ear, posted, effective.result(), since, count)


def _figures(ear: Ear, posted: float, effective: float, since: float, count: int) -> dict[str, Any]:
    held = [at for at, _ in ear.heard["shipment.held", NOTICED]]
    told = [at for at, _ in ear.heard["notice.in-effect", "X"]]
    stream = [at for at, _ in ear.heard["shipment.released", FLOOD]]
    alone = rate(stream, since, posted)
    beside = rate(stream, posted, max(held))
    return {
        "shipments": count,
        "first_hold_ms": _ms(min(held) - posted),
        "effective_ms": _ms(effective - posted),
        "last_hold_ms": _ms(max(held) - posted),
        "stream_share": round(beside / alone, 3),
        "told_in_every_lane_ms": _ms(max(told) - posted),
        "stream_alone_per_second": round(alone, 1),
        "stream_beside_per_second": round(beside, 1),
    }


def rate(times: Sequence[float], since: float, until: float) -> float:
    """How many a second fell between two instants."""
    return sum(1 for at in times if since < at <= until) / max(until - since, 1e-6)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
