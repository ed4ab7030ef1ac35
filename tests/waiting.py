"""Waiting for an outcome with a deadline: the only way in which a test spends time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

OutcomeT = TypeVar("OutcomeT")


async def eventually(
    probe: Callable[[], Awaitable[OutcomeT] | OutcomeT], *, seconds: float = 30, every: float = 0.05
) -> OutcomeT:
    """The first truthy outcome of `probe` (called at once, then every `every` seconds).

    A probe that raises AssertionError is asked again; its last words end the wait when `seconds` are over.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            outcome = probe()
            if inspect.isawaitable(outcome):
                outcome = await outcome
            if outcome:
                return outcome
            last = f"the outcome was {outcome!r}"
        except AssertionError as error:
            last = str(error)
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {last}")
        await asyncio.sleep(every)
