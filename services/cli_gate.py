"""What every command that opens the database shares."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from services.gatekeeper.wiring import Gate, Settings, open_gate
from services.kit.logging import configure_logging
from services.kit.postgres import CONNECTION_ERRORS, Unreachable, is_retryable, server_of

Result = TypeVar("Result")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
PATIENCE_SECONDS = 10.0


def with_gate(work: Callable[[Gate], Awaitable[Result]]) -> Result:
    """Run `work` with a gate of its own. Raises BadSetting, and Unreachable when the database is away."""
    configure_logging("ERROR")

    async def run() -> Result:
        settings = Settings.from_environment()
        gate = await open_gate(settings, name="holdgate-cli", patience_seconds=PATIENCE_SECONDS)
        try:
            return await work(gate)
        except CONNECTION_ERRORS as error:
            if not is_retryable(error):
                raise
            raise Unreachable("PostgreSQL", server_of(settings.database_url), error) from None
        finally:
            await gate.database.close()

    return asyncio.run(run())


def operator() -> str:
    """Who the audit says it was."""
    return f"cli:{getpass.getuser()}"
