"""The process `gatekeeper`: reads, decides and publishes until a signal (design.md §1 to §4)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Coroutine, Iterator
from typing import Any

import structlog
from prometheus_client import start_http_server

from services.gatekeeper.pipeline import maintenance, metrics
from services.gatekeeper.pipeline.batch import decide_batch
from services.gatekeeper.pipeline.decide_lag import DecideLag
from services.gatekeeper.pipeline.measuring import Measuring
from services.gatekeeper.pipeline.rule_loop import RuleLoop
from services.gatekeeper.pipeline.rules import apply_rule_batch
from services.gatekeeper.pipeline.tasks import work_once
from services.gatekeeper.pipeline.topics import TopicsDiffer, missing_topics
from services.gatekeeper.pipeline.trade_loop import TradeLoop
from services.gatekeeper.pipeline.work_loop import WorkLoop
from services.gatekeeper.wiring import BadSetting, Gate, Settings, open_gate
from services.kit.kafka import kafka_retrying, pause
from services.kit.lifecycle import run_until_stopped

log = structlog.get_logger()

MAINTENANCE_SECONDS = 60.0
TOPICS_LOOK_SECONDS = 2.0
ENDING_SECONDS_MAX = 15.0
STOP_SECONDS_MAX = 18.0
YOUNG_OBJECTS_MAX = 50_000
"""Python looks for cycles after so many new objects, not 700: a batch makes a hundred thousand, and none is cyclic."""


class Gatekeeper:
    """The loops of one process over one Gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._stopping = asyncio.Event()
        session_timeout_ms = gate.settings.session_timeout_ms
        self.trade = TradeLoop(gate, decide_batch, session_timeout_ms=session_timeout_ms)
        publishers = self.trade.publishers
        self.rules = RuleLoop(
            gate, apply_rule_batch, lanes_settled=publishers.settled, session_timeout_ms=session_timeout_ms
        )
        self.work = WorkLoop(
            gate,
            work_once,
            may_work=lambda: bool(gate.owned_lanes) and publishers.settled(),
            trade_busy_at=lambda: self.trade.busy_at,
        )
        self.measuring = Measuring(gate, publishers.assigned)
        self.lag = DecideLag(gate, lambda: self.trade.assigned.partitions | self.rules.assigned.partitions)

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Everything that runs as long as the process does, by name."""
        return {
            "trade": self.trade.run(),
            "rules": self.rules.run(),
            "publishers": self.trade.publishers.run(),
            "work": self.work.run(),
            "measuring": self.measuring.run(),
            "lag": self.lag.run(),
            "maintenance": self._maintain(),
        }

    async def stop(self) -> None:
        """Finish the batches under way, publish what they wrote, leave the groups: within bounds."""
        self._stopping.set()
        self.measuring.stop()
        self.lag.stop()
        self.work.stop()
        self.rules.stop()
        self.trade.stop()
        ends = asyncio.gather(self.work.ended.wait(), self.rules.ended.wait(), self.trade.ended.wait())
        try:
            await asyncio.wait_for(ends, ENDING_SECONDS_MAX)
        except TimeoutError:
            log.error("loops_did_not_end", after_seconds=ENDING_SECONDS_MAX)
        self.trade.publishers.stop()

    async def _maintain(self) -> None:
        while not self._stopping.is_set():
            await maintenance.run_once(self._gate)
            await pause(MAINTENANCE_SECONDS, self._stopping)


async def run_gatekeeper(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; the exit code: 0, or 1 after an unexpected error.

    PostgreSQL or Kafka away: waits, and goes on where it was. BadSetting when the installation or the topics have
    another number of partitions than the settings, and when the metrics' address can't be listened on.
    """
    if not __debug__:
        raise BadSetting("PYTHONOPTIMIZE (-O) must not be set: the Kafka client's states are guarded by assertions")
    if not settings.kafka_bootstrap_servers:
        raise BadSetting("HOLDGATE_KAFKA_BOOTSTRAP_SERVERS (or KAFKA_BOOTSTRAP_SERVERS) is not set")
    gate = await open_gate(settings, name="holdgate gatekeeper")
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_MAX, *gc.get_threshold()[1:])
    try:
        with _metrics_server(settings):
            await _wait_for_topics(settings)
            gatekeeper = Gatekeeper(gate)
            log.info("gatekeeper_started", partitions=gate.partitions, environment=settings.environment)
            code = await run_until_stopped(
                gatekeeper.tasks(), on_stop=gatekeeper.stop, stop_seconds_max=STOP_SECONDS_MAX
            )
        log.info("gatekeeper_stopped", code=code)
        return code
    finally:
        await _close(gate)


async def _wait_for_topics(settings: Settings) -> None:
    """Return once all topics are there; another number of partitions is refused."""

    async def look() -> list[str]:
        return await missing_topics(
            settings.kafka_bootstrap_servers, partitions=settings.partitions, prefix=settings.topic_prefix
        )

    try:
        while missing := await kafka_retrying(look, what="look_at_topics"):
            log.warning("topics_missing", topics=missing, advice="run `holdgate topics create`")
            await pause(TOPICS_LOOK_SECONDS)
    except TopicsDiffer as error:
        raise BadSetting(f"HOLDGATE_PARTITIONS: {error}") from None


@contextlib.contextmanager
def _metrics_server(settings: Settings) -> Iterator[None]:
    """Shows the metrics inside the block, unless the port is 0. Raises BadSetting when the address can't be had."""
    if settings.metrics_port <= 0:
        yield
        return
    host, port = settings.metrics_host, settings.metrics_port
    try:
        server, thread = start_http_server(port, host, registry=metrics.REGISTRY)
    except OSError as error:
        raise BadSetting(
            f"HOLDGATE_METRICS_PORT: {host}:{port} can't be listened on: {error.strerror or error};"
            " several gatekeepers on one host need a port each, 0 for none"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(1)


async def _close(gate: Gate) -> None:
    try:
        await gate.database.close()
    except TimeoutError:
        gate.database.pool.terminate()
