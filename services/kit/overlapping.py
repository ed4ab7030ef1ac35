"""Work for the processor while a server works for us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def meanwhile(asked: Coroutine[Any, Any, None], compute: Callable[[], Result]) -> Result:
    """What `compute` gives, called while `asked` waits for its first answer; returns when both are done.

    Raises what either raises; `asked` is given up, and awaited, when `compute` fails or the caller is cancelled.
    """
    task = asyncio.create_task(asked)
    try:
        await asyncio.sleep(0)  # One turn of the loop: `asked` runs up to its first wait, and so has sent its question.
        result = compute()
        await task
    except BaseException:
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()  # It failed as well: that is looked at here, and the first failure is the one to tell.
        raise
    return result
