"""A proxy before PostgreSQL that cuts a connection at a chosen statement, before the server has it or after its answer.

It reads as much of the protocol as that takes: where a message begins, and which statement it belongs to.
"""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ENDS_IT = ("COMMIT", "ROLLBACK;")
SSL_REQUEST = 80_877_103
BUFFER_BYTES = 1 << 18


class Way(StrEnum):
    """What of a statement is lost with its connection."""

    STATEMENT = "the server never had it"
    ANSWER = "the server did it, and nobody heard"


@dataclass(frozen=True, slots=True, order=True)
class Statement:
    """What a client asked. `step`: `parse`, `run` (also a simple query), or `copied` (the end of a COPY's data)."""

    step: str
    text: str


Choice = Callable[[Statement, bool], Way | None]
"""Asked for each statement as it comes, and whether it belongs to a transaction: how it is cut here, if at all."""

_ENDS = {"parse": (b"T", b"n", b"E", b"Z"), "run": (b"Z", b"E", b"G"), "copied": (b"Z",)}
"""With which messages of the server a step is answered. G asks for the data of a COPY."""


@dataclass(slots=True)
class CuttingProxy:
    """`url` leads to the database through the proxy. `seen` and `cut` tell which statements it met, and how often."""

    url: str
    server: tuple[str, int]
    choose: Choice = lambda _, __: None
    seen: dict[Statement, int] = field(default_factory=dict)
    cut: dict[tuple[Statement, Way], int] = field(default_factory=dict)
    _serving: set[asyncio.Task[Any]] = field(default_factory=set)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection of a client, until either side or the proxy ends it."""
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        try:
            await self._join(reader, writer)
        except _ENDED:
            pass
        finally:
            writer.transport.abort()
            self._serving.discard(serving)

    async def _join(self, client: StreamReader, to_client: StreamWriter) -> None:
        answers, to_server = await asyncio.open_connection(*self.server, limit=BUFFER_BYTES)
        line = _Line(self, to_client, to_server)
        pumps: list[asyncio.Task[None]] = []
        try:
            to_server.write(await _startup(client, to_client))
            pumps += (asyncio.create_task(line.requests(client)), asyncio.create_task(line.answers(answers)))
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in done:
                pump.result()
        finally:
            to_client.transport.abort()
            to_server.transport.abort()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def close(self) -> None:
        """End every connection that is left."""
        serving = list(self._serving)
        for one in serving:
            one.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def meet(self, statement: Statement, *, inside: bool) -> Way | None:
        self.seen[statement] = self.seen.get(statement, 0) + 1
        way = self.choose(statement, inside)
        if way is not None:
            self.cut[statement, way] = self.cut.get((statement, way), 0) + 1
        return way


_ENDED = (OSError, asyncio.IncompleteReadError)


@dataclass(slots=True)
class _Line:
    """A client's connection to the server."""

    proxy: CuttingProxy
    client: StreamWriter
    server: StreamWriter
    prepared: dict[bytes, str] = field(default_factory=dict)
    copying: str = ""
    inside: bool = False
    unheard: str = ""

    async def requests(self, reader: StreamReader) -> None:
        """Pass on what the client asks, until it is cut off."""
        left = b""
        while chunk := await reader.read(BUFFER_BYTES):
            messages, left = _messages(left + chunk)
            passed: list[bytes] = []
            for message in messages:
                begun = self.inside
                statement = None if self.unheard else self._statement(message[:1], message[5:])
                way = None if statement is None else self.proxy.meet(statement, inside=begun or self.inside)
                if way is Way.STATEMENT:
                    self.server.write(b"".join(passed))
                    return
                if way is Way.ANSWER and statement is not None:
                    self.unheard = statement.step
                passed.append(message)
            self.server.write(b"".join(passed))
            await self.server.drain()

    async def answers(self, reader: StreamReader) -> None:
        """Pass on what the server answers, until one is not to be heard. Clients ask nothing before an answer ends."""
        left = b""
        while chunk := await reader.read(BUFFER_BYTES):
            if not self.unheard:
                self.client.write(chunk)
                await self.client.drain()
                continue
            messages, left = _messages(left + chunk)
            if any(message[:1] in _ENDS[self.unheard] for message in messages):
                return

    def _statement(self, kind: bytes, body: bytes) -> Statement | None:
        if kind == b"P":
            name, text, _ = body.split(b"\0", 2)
            self.prepared[name] = text.decode()
            return Statement("parse", self.prepared[name])
        if kind == b"B":
            return Statement("run", self.prepared[body.split(b"\0", 2)[1]])
        if kind == b"Q":
            self.copying = body.rstrip(b"\0").decode()
            self.inside = self.copying.startswith("BEGIN") or (self.inside and not self.copying.startswith(ENDS_IT))
            return Statement("run", self.copying)
        return Statement("copied", self.copying) if kind == b"c" else None


async def _startup(reader: StreamReader, writer: StreamWriter) -> bytes:
    """The first message, which has no kind; encryption is refused."""
    while True:
        size = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(size) - 4)
        if int.from_bytes(body[:4]) != SSL_REQUEST:
            return size + body
        writer.write(b"N")


def _messages(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole messages in `data`, and the beginning of the next."""
    found, begin = [], 0
    while len(data) >= begin + 5:
        end = begin + 1 + int.from_bytes(data[begin + 1 : begin + 5])
        if len(data) < end:
            break
        found.append(data[begin:end])
        begin = end
    return found, data[begin:]


@asynccontextmanager
async def cutting(database_url: str) -> AsyncIterator[CuttingProxy]:
    """A proxy before the server of `database_url` for the length of a block; it cuts nothing until it is told to."""
    parts = urlsplit(database_url)
    proxy = CuttingProxy("", (parts.hostname or "127.0.0.1", parts.port or 5432))
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=BUFFER_BYTES)
    port = listening.sockets[0].getsockname()[1]
    who = parts.netloc.rpartition("@")[0]
    proxy.url = urlunsplit(parts._replace(netloc=f"{who}@127.0.0.1:{port}", query="sslmode=disable"))
    try:
        yield proxy
    finally:
        listening.close()
        await proxy.close()
