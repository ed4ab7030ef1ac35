"""How a process lives and ends: named tasks until a signal or the first end of one, then a stop within a bound."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import structlog

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
EXIT_FAILED = 1
EXIT_FORCED = 70

log = structlog.get_logger()


async def run_until_stopped(
    tasks: Mapping[str, Coroutine[Any, Any, Any]],
    *,
    on_stop: Callable[[], Awaitable[None]],
    stop_seconds_max: float = 18.0,
) -> int:
    """Run `tasks` until SIGTERM, SIGINT or the end of any of them, then stop in order; the process's exit code.

    A process with half of its tasks is none: one that returns stops the others, too (code 0); one that raises gives
    code 1. Then `on_stop` runs while the tasks still do (they finish their batch and return), what is left is
    cancelled, and all are awaited. After `stop_seconds_max`, or at a second signal, the process is ended on the spot
    with code 70, even when something blocks the event loop. Cancelling this coroutine stops in the same way.
    """
    stopping = asyncio.Event()
    running = [asyncio.create_task(coroutine, name=name) for name, coroutine in tasks.items()]
    waiting = asyncio.create_task(stopping.wait(), name="stop signal")
    _listen(stopping)
    failures: list[str] = []
    try:
        await asyncio.wait([*running, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        ended = [task for task in running if task.done()]
        failures += _failures(ended)
        log.info("process_stopping", ended=[task.get_name() for task in ended])
        watchdog = threading.Timer(stop_seconds_max, _force_exit)
        watchdog.daemon = True
        watchdog.start()
        try:
            failures += await _stop([task for task in running if task not in ended], on_stop)
        finally:
            watchdog.cancel()
            _listen(None)
    return EXIT_FAILED if failures else 0


async def _stop(running: list[asyncio.Task[Any]], on_stop: Callable[[], Awaitable[None]]) -> list[str]:
    """Close, cancel what is left, await everything; the names of what failed on the way."""

    async def close() -> None:
        await on_stop()

    closing = asyncio.create_task(close(), name="on_stop")
    await asyncio.wait([closing])
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return _failures([closing, *running])


def _failures(ended: list[asyncio.Task[Any]]) -> list[str]:
    """The names of those that ended by an exception; each is logged with it."""
    failed = []
    for task in ended:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_failed", task=task.get_name(), exc_info=error)
            failed.append(task.get_name())
    return failed


def _listen(stopping: asyncio.Event | None) -> None:
    """The first signal sets `stopping`, the second ends the process; None gives the signals back."""
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        if stopping is None:
            loop.remove_signal_handler(number)
        else:
            loop.add_signal_handler(number, _on_signal, stopping)


def _on_signal(stopping: asyncio.Event) -> None:
    if stopping.is_set():
        _force_exit()
    stopping.set()


def _force_exit() -> None:
    log.error("exit_forced")
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(EXIT_FORCED)
