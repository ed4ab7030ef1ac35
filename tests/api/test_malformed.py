"""What is no HTTP at all is refused with a problem too: asked over a socket of its own."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from services.gatekeeper.api.app import create_app
from services.gatekeeper.api.server import http_config
from services.gatekeeper.wiring import Gate

SECONDS_MAX = 10.0


@pytest.fixture
async def port(gate: Gate) -> AsyncIterator[int]:
    """Where the API is served as its process serves it."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(http_config(create_app(gate)))
    serving = asyncio.create_task(server._serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving
    listener.close()


async def answers(port: int, *sent: bytes) -> bytes:
    """All that comes back until the other side ends the connection; `sent` goes one piece after each answered byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    async with asyncio.timeout(SECONDS_MAX):
        for part in sent:
            writer.write(part)
            await writer.drain()
            if part is not sent[-1]:
                got += await reader.read(1)
        got += await reader.read()
    writer.close()
    await writer.wait_closed()
    return got


def assert_refused(answer: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert lines[0] == "http/1.1 400 bad request"
    assert {"content-type: application/problem+json", "connection: close"} <= set(lines)
    assert f"content-length: {len(body)}" in lines
    told = json.loads(body)
    assert (told["type"], told["status"]) == ("urn:holdgate:problem:malformed-request", 400)
    assert told["title"]
    assert told["detail"]


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n\r\n",
        b"POST /v1/notices HTTP/1.1\r\nHost: holdgate\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/notices HTTP/1.1\r\nHost: holdgate\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_answered_with_a_problem(port: int, sent: bytes) -> None:
    assert_refused(await answers(port, sent))


async def test_a_request_before_it_is_answered_as_usual(port: int) -> None:
    asked = b"GET /livez HTTP/1.1\r\nHost: holdgate\r\n\r\n"
    answer = await answers(port, asked, b"nonsense\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert_refused(answer[answer.index(b"HTTP/1.1 400") :])


async def test_a_body_that_breaks_the_rules_ends_the_connection(port: int) -> None:
    head = b"POST /v1/notices HTTP/1.1\r\nHost: holdgate\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await answers(port, head, b"no chunk\r\n")
    assert answer.startswith(b"HTTP/1.1 401")
    assert answer.count(b"HTTP/1.1") == 1
