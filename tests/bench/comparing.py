"""(b) and (c): what the usual service and the passthrough do with the same backlog."""

from __future__ import annotations

from collections.abc import Iterable

from tests.bench.children import Child, running
from tests.bench.hearing import Ear, listening, per_second
from tests.bench.sending import sending
from tests.bench.site import Parts, open_site
from tests.bench.trade import BACKLOG, Sendable, shipments

SECONDS_MAX = 240.0


async def decided_per_second(ear: Ear, child: Child, groups: Iterable[str], count: int) -> float:
    """Releases per second of a backlog of `count` shipments of these groups, once all are out."""
    several = tuple(groups)

    def reached() -> bool:
        return sum(ear.count("shipment.released", group) for group in several) >= count

    await ear.until(reached, seconds=SECONDS_MAX, what=f"{child.name}: {count} releases", alive=child.assert_alive)
    return per_second([at for group in several for at, _ in ear.heard["shipment.released", group]])


async def measure_program(parts: Parts, name: str, count: int) -> float:
    """Shipments per second of `tests.bench.<name>`."""
    backlog: Iterable[Sendable] = shipments(BACKLOG, 0, count)
    async with open_site(parts, name, migrated=False) as site:
        async with sending(site.servers, site.prefix) as sender:
            await sender.send_all(backlog)
        async with (
            listening(site.servers, site.prefix) as ear,
            running(name, [f"tests.bench.{name}"], site.environment()) as child,
        ):
            return await decided_per_second(ear, child, BACKLOG, count)
