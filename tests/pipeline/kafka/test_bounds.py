"""No wait for Kafka's client is without end."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from services.kit.kafka import bounded
from tests.waiting import eventually


async def test_work_that_loses_a_cancellation_is_given_up_in_time_and_ended_later() -> None:
    cancellations = 0
    ended = asyncio.Event()

    async def stubborn() -> None:
        nonlocal cancellations
        while cancellations < 2:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            cancellations += 1
        ended.set()

    with pytest.raises(TimeoutError):
        await bounded(stubborn(), 0.05)
    await eventually(ended.is_set, seconds=5)


async def test_work_within_its_bound_gives_its_answer_or_its_error() -> None:
    async def answer() -> int:
        return 7

    async def fail() -> None:
        raise ValueError("no")

    assert await bounded(answer(), 1) == 7
    with pytest.raises(ValueError, match="no"):
        await bounded(fail(), 1)


async def test_work_that_its_client_cancelled_is_an_error_and_not_the_end_of_the_caller() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(ConnectionError):
        await bounded(cancelled(), 1)
