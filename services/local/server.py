"""What a rung can do with the server behind it."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from services.local.ladder import PartUnavailable


class Server(Protocol):
    """A server behind a part: `stop` is clean, `kill` a crash, `close` ends it for good and removes its data."""

    async def stop(self) -> None: ...
    async def kill(self) -> None: ...
    async def restart(self) -> None: ...
    async def close(self) -> None: ...


class UncontrolledServer:
    """A server that can't be stopped and started at will: one that was given, a container, or the mock.

    `container` is ended by `close`; `keep` is held until then.
    """

    def __init__(self, what: str, container: Any = None, keep: object = None) -> None:
        self._what = what
        self._container = container
        self._keep = keep

    async def stop(self) -> None:
        raise PartUnavailable(f"{self._what} can't be stopped from here")

    async def kill(self) -> None:
        raise PartUnavailable(f"{self._what} can't be killed from here")

    async def restart(self) -> None:
        raise PartUnavailable(f"{self._what} can't be restarted from here")

    async def close(self) -> None:
        if self._container is not None:
            await asyncio.to_thread(self._container.stop)
        self._keep = None
