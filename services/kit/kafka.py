"""Kafka clients as this project uses them: bytes in and out, every wait bounded, no offset chosen silently.

Each setting here stands for a trap in aiokafka 0.14 (design.md §3). Never run with `python -O`: the client's
transaction states are guarded by `assert`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

log = structlog.get_logger()
Result = TypeVar("Result")

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 5.0
LOOK_UP_SECONDS_MAX = 20.0
RECANCEL_SECONDS = 0.5
RETRY_SECONDS_MAX = 5.0
REQUEST_TIMEOUT_MS = 10_000
TRANSACTION_TIMEOUT_MS = 15_000
SESSION_TIMEOUT_MS = 10_000
HEARTBEAT_MS = 1_000
# A member that waits for its database is alive: its lanes' publishers and timers go on.
POLL_INTERVAL_MS_MAX = 3_600_000
# A fetch that is under way for idle partitions delays the next one of a busy partition by at most this.
FETCH_WAIT_MS_MAX = 100
PARTITION_FETCH_BYTES_MAX = 2_000_000
FETCH_BYTES_MAX = 16_000_000
BATCH_BYTES_MAX = 900_000
"""Below the usual `max.message.bytes`, which counts a whole batch; a batch's first record may exceed it."""

DOUBTS = (KafkaError, OSError, TimeoutError, AssertionError, asyncio.InvalidStateError)
"""What a client raises when nobody knows what the broker did: throw the client away and look again."""


def new_consumer(
    bootstrap_servers: str,
    *,
    client_id: str,
    group_id: str | None = None,
    session_timeout_ms: int = SESSION_TIMEOUT_MS,
    partition_fetch_bytes: int = PARTITION_FETCH_BYTES_MAX,
) -> Any:
    """A consumer of committed bytes that never chooses an offset: whoever polls it has sought first.

    RangeAssignor: partitions of one number stay together over topics. Group offsets are for dashboards only.
    """
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        client_id=client_id,
        group_id=group_id,
        isolation_level="read_committed",
        auto_offset_reset="none",
        enable_auto_commit=False,
        partition_assignment_strategy=(RangePartitionAssignor,),
        session_timeout_ms=session_timeout_ms,
        heartbeat_interval_ms=min(HEARTBEAT_MS, session_timeout_ms // 3),
        rebalance_timeout_ms=max(30_000, session_timeout_ms),
        max_poll_interval_ms=POLL_INTERVAL_MS_MAX,
        request_timeout_ms=REQUEST_TIMEOUT_MS if group_id is None else 40_000,
        fetch_max_wait_ms=FETCH_WAIT_MS_MAX,
        fetch_max_bytes=FETCH_BYTES_MAX,
        max_partition_fetch_bytes=partition_fetch_bytes,
    )


def new_producer(bootstrap_servers: str, *, client_id: str, transactional_id: str | None) -> Any:
    """A producer of whole batches; with a `transactional_id` transactional, else idempotent."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        transactional_id=transactional_id,
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        max_batch_size=BATCH_BYTES_MAX,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        retry_backoff_ms=50,
    )


_dying: set[asyncio.Task[Any]] = set()


async def bounded(work: Awaitable[Result], seconds_max: float) -> Result:
    """What `work` returns, or TimeoutError after `seconds_max`, also when `work` won't be cancelled.

    ConnectionError when the client cancelled it.

    The client loses a cancellation now and then (it waits by `wait_for`, which on Python 3.11 swallows one that comes
    together with a result) and goes on in an endless loop: `wait_for` around that would wait for ever, too.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait((task,), timeout=seconds_max)
    except asyncio.CancelledError:
        _end(task)
        raise
    if not done:
        _end(task)
        raise TimeoutError(f"not within {seconds_max} s")
    if task.cancelled():
        # A cancellation that nobody asked this caller for would end it silently.
        raise ConnectionError("the client cancelled its own work")
    return task.result()


def _end(task: asyncio.Future[Any]) -> None:
    """Cancel until it is over; nobody waits for that."""

    async def cancel() -> None:
        while not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=RECANCEL_SECONDS)
        _look_at(task)

    ending = asyncio.create_task(cancel())
    _dying.add(ending)
    ending.add_done_callback(_dying.discard)


async def start_client(client: Any, *, seconds_max: float = START_SECONDS_MAX) -> None:
    """Start within a bound; a client that fails to is closed before its error passes on."""
    try:
        await bounded(client.start(), seconds_max)
    except BaseException:
        await stop_client(client)
        raise


async def stop_client(client: Any, *, seconds_max: float = STOP_SECONDS_MAX) -> None:
    """Stop within a bound, whatever state the client is in. One that had to be given up is severed, and it is said.

    A consumer that lived on would stay in its group and keep partitions that nobody reads.
    """
    try:
        await bounded(client.stop(), seconds_max)
    except DOUBTS as error:
        log.warning("kafka_client_abandoned", error=repr(error))
        await _sever(client)


async def _sever(client: Any) -> None:
    """End the tasks and connections of a client that doesn't stop; the client offers no such thing itself."""
    for owner, names in (
        (getattr(client, "_coordinator", None), ("_coordination_task", "_heartbeat_task", "_commit_refresh_task")),
        (getattr(client, "_fetcher", None), ("_fetch_task",)),
        (getattr(client, "_sender", None), ("_sender_task",)),
    ):
        for name in names:
            task = getattr(owner, name, None)
            if task is not None and not task.done():
                _end(task)
    connections = getattr(client, "_client", None) or client.client
    try:
        await bounded(connections.close(), STOP_SECONDS_MAX)
    except DOUBTS as error:
        log.warning("kafka_connections_abandoned", error=repr(error))


async def discard_producer(producer: Any) -> None:
    """Throw a producer away with all that it still holds: nothing is flushed, nothing aborted (design.md §3.6)."""
    # The client offers no way to close without a flush, which waits for ever when nothing can be delivered.
    task, accumulator, transactions = producer._sender.sender_task, producer._message_accumulator, producer._txn_manager
    if task is not None:
        task.cancel()
    for batch in [*accumulator._pending_batches, *(b for queue in accumulator._batches.values() for b in queue)]:
        batch.future.cancel()
        _look_at(batch._drain_waiter)
    await stop_client(producer)
    _look_at(transactions._transaction_waiter)


def _look_at(future: asyncio.Future[Any] | None) -> None:
    """An error that nobody looks at is reported as our bug by the event loop."""
    if future is not None and future.done() and not future.cancelled():
        future.exception()


async def log_bounds(consumer: Any, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
    """Start and end offset of each partition; the end is that of what is committed. Raises KafkaError, TimeoutError."""
    wanted = list(partitions)
    starts = await bounded(consumer.beginning_offsets(wanted), LOOK_UP_SECONDS_MAX)
    ends = await bounded(consumer.end_offsets(wanted), LOOK_UP_SECONDS_MAX)
    return {partition: (starts[partition], ends[partition]) for partition in wanted}


async def kafka_retrying(
    work: Callable[[], Awaitable[Result]], *, what: str, until: asyncio.Event | None = None
) -> Result:
    """Run `work` until it succeeds, with bounded back-off and jitter, while Kafka is away or in doubt.

    With `until` set the error passes on: there is no sense in waiting at the end of a process.
    """
    delay = 0.1
    while True:
        try:
            return await work()
        except DOUBTS as error:
            if until is not None and until.is_set():
                raise
            log.warning("kafka_unavailable", what=what, error=repr(error), retry_seconds=round(delay, 2))
        await pause(delay * random.uniform(0.5, 1.0), until)
        delay = min(delay * 2, RETRY_SECONDS_MAX)


async def pause(seconds: float, until: asyncio.Event | None = None) -> None:
    """Wait, but not longer than until the event."""
    if until is None:
        await asyncio.sleep(seconds)
        return
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)
