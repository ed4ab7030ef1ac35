"""`python -m tests.bench`: measure everything in one run. Exit 0 = measured, 1 = it failed, 2 = bad usage."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from services.kit.logging import configure_logging
from services.local.ladder import PartUnavailable
from tests.bench.hearing import BenchFailed
from tests.bench.report import lines, measure
from tests.bench.site import open_parts
from tests.bench.sizes import Options, parse

EXPECTED = (BenchFailed, PartUnavailable, KafkaError, asyncpg.PostgresError, OSError, TimeoutError)


async def _run(options: Options) -> None:
    began = time.monotonic()
    figures: dict[str, Any] = {}

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", file=sys.stderr, flush=True)

    async with asyncio.timeout(options.sizes.seconds_max), open_parts() as parts:
        for part in (parts.postgres, parts.kafka):
            say(f"{part.rung}")
        try:
            await measure(parts, options, say, figures)
        except BaseException:
            say(f"known so far: {json.dumps(figures)}")
            raise
    print(json.dumps(figures) if options.as_json else "\n".join(lines(figures)))


async def _until_signal(options: Options) -> None:
    """A signal ends the run in order: every child is ended and every folder removed."""
    running = asyncio.create_task(_run(options))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await running


def main() -> int:
    options = parse()
    configure_logging("ERROR")
    try:
        asyncio.run(_until_signal(options))
    except EXPECTED as error:
        print(f"the benchmark failed: {error or type(error).__name__}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        print("the benchmark was interrupted", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
