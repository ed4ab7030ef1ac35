"""The process `holdgate gatekeeper`, as a process: started, killed, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from schemas.topics import SHIPMENTS
from services.kit.partitioning import lane_of
from services.local.folders import free_ports
from tests.pipeline.kafka.conftest import PARTITIONS, Site
from tests.pipeline.kafka.topics import read_to_end, sending
from tests.waiting import eventually


@asynccontextmanager
async def gatekeeper(site: Site, log: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A gatekeeper of its own; killed at the end, if it still runs."""
    environment = {
        "HOLDGATE_DATABASE_URL": site.settings.database_url,
        "HOLDGATE_KAFKA_BOOTSTRAP_SERVERS": site.servers,
        "HOLDGATE_TOPIC_PREFIX": site.settings.topic_prefix,
        "HOLDGATE_METRICS_PORT": "0",
        **{f"HOLDGATE_{name.upper()}": value for name, value in settings.items()},
    }
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from services.cli import main; main()", "gatekeeper",
            env={**os.environ, **environment}, stderr=output, stdout=output,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def send_shipments(site: Site, first: int, count: int) -> None:
    async with sending(site.servers) as producer:
        for number in range(first, first + count):
            shipment_id = f"S{number}"
            headers = {
                "ce_specversion": "1.0",
                "ce_id": f"e{number}",
                "ce_source": "//test",
                "ce_type": "io.holdgate.shipment.upserted.v1",
                "ce_subject": shipment_id,
                "ce_time": datetime.now(UTC).isoformat(),
            }
            line = {"line_no": 1, "order_id": f"O{number}", "order_line": 1, "item_no": "SM-OXIDE"}
            data = {
                "shipment_id": shipment_id,
                "version": 1,
                "exporter_id": "E1",
                "movement": "EXPORT",
                "lines": [line],
            }
            await producer.send(
                site.settings.topic_prefix + SHIPMENTS.name,
                json.dumps(data).encode(),
                key=shipment_id.encode(),
                partition=lane_of(shipment_id, PARTITIONS),
                headers=[(name, text.encode()) for name, text in headers.items()],
            )
        await producer.flush()


async def held(site: Site) -> set[str]:
    found = await read_to_end(site.servers, site.holds, range(PARTITIONS))
    records = [one for several in found.values() for one in several]
    return {one.key.decode() for one in records if dict(one.headers)["ce_type"].endswith(b"shipment.held.v1")}


async def all_held(site: Site, count: int) -> None:
    async def probe() -> bool:
        assert await held(site) == {f"S{number}" for number in range(count)}
        return True

    await eventually(probe, seconds=60, every=0.3)


async def numbers_are_dense(site: Site) -> None:
    for lane, numbers in (await site.published()).items():
        assert numbers == list(range(1, len(numbers) + 1)), f"lane {lane}"


async def test_a_process_holds_what_it_is_told_of_and_ends_by_sigterm(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log"
    await send_shipments(site, 0, 40)
    port = free_ports(1)[0]
    async with gatekeeper(site, log, metrics_port=str(port)) as process:
        await all_held(site, 40)
        await send_shipments(site, 40, 10)
        await all_held(site, 50)
        await eventually(lambda: 'holdgate_holds_open{reason="ORDER_UNKNOWN"} 50.0' in measures(port))
        assert "holdgate_lanes_owned 4.0" in measures(port)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0, log.read_text()
    await numbers_are_dense(site)
    assert "gatekeeper_stopped" in log.read_text()


async def test_a_process_without_its_topics_waits_and_refuses_another_number_of_partitions(
    site: Site, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    async with gatekeeper(site, log, topic_prefix="missing.") as process:
        await eventually(lambda: "topics_missing" in log.read_text())
        assert process.returncode is None
    await site.execute("UPDATE installation SET partitions = 3")
    async with gatekeeper(site, log, partitions="3") as process:
        assert await asyncio.wait_for(process.wait(), 30) == 2
    assert "has 4 partitions, not 3" in log.read_text()


def measures(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def is_stopped(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED
