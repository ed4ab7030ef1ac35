"""Computing while a server works: both are done at the end, and neither outlives a failure of the other."""

from __future__ import annotations

import asyncio

import pytest

from services.kit.overlapping import meanwhile


async def test_it_computes_while_the_answer_is_awaited_and_returns_when_both_are_done() -> None:
    order: list[str] = []
    answer = asyncio.Event()

    async def ask() -> None:
        order.append("asked")
        await answer.wait()
        order.append("answered")

    def compute() -> int:
        order.append("computed")
        answer.set()
        return 5

    assert await meanwhile(ask(), compute) == 5
    assert order == ["asked", "computed", "answered"]


async def test_a_failure_of_the_computation_gives_the_question_up() -> None:
    ended: list[str] = []

    async def ask() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("given up")

    def compute() -> None:
        raise ValueError("too large")

    with pytest.raises(ValueError, match="too large"):
        await meanwhile(ask(), compute)
    assert ended == ["given up"]


async def test_a_failure_of_the_question_is_raised_as_it_is() -> None:
    async def ask() -> None:
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError, match="gone"):
        await meanwhile(ask(), lambda: None)
