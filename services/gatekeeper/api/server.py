"""The process `holdgate api`: uvicorn over the application, until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import h11
import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.gatekeeper.api.app import create_app
from services.gatekeeper.wiring import BadSetting, Settings, open_gate
from services.kit.lifecycle import run_until_stopped
from services.kit.problems import Problem

log = structlog.get_logger()
GRACE_SECONDS = 8
STOP_SECONDS_MAX = 14.0
KEEP_ALIVE_SECONDS = 20
BACKLOG = 512


class _Server(uvicorn.Server):
    """Signals belong to run_until_stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ProblemProtocol(H11Protocol):
    """What is no HTTP is refused as every error is: with a problem."""

    def send_400_response(self, msg: str) -> None:
        """Answer with 400 and end the connection; where an answer has begun already, only end it."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = Problem("malformed-request", msg, headers={"Connection": "close"}).response()
            head = h11.Response(status_code=answer.status_code, headers=answer.raw_headers, reason=b"Bad Request")
            for event in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class _Service:
    """What is running, so that a stop can reach it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = asyncio.Event()
        self.finished = asyncio.Event()
        self.server: uvicorn.Server | None = None
        self.refused: BadSetting | OSError | None = None

    async def serve(self) -> None:
        """Wait for the database, listen, serve until asked to stop. A bad setting is kept in `refused`."""
        try:
            gate = await open_gate(self.settings, name="holdgate-api")
        except BadSetting as error:
            self.refused = error
            return
        try:
            listener = await _listen(self.settings.api_host, self.settings.api_port)
        except OSError as error:
            self.refused = error
            await gate.database.close()
            return
        self.server = _Server(http_config(create_app(gate, stopping=self.stopping)))
        host, port = listener.getsockname()[:2]
        log.info("api_listening", host=host, port=port)
        try:
            await self.server.serve(sockets=[listener])
        finally:
            self.finished.set()
            await gate.database.close()

    async def stop(self) -> None:
        """Answer what is under way, GRACE_SECONDS at most, and end."""
        self.stopping.set()
        if self.server is not None:
            self.server.should_exit = True
            await self.finished.wait()


async def run_api(settings: Settings) -> int:
    """Serve the API until SIGTERM or SIGINT; the process's exit code. Raises BadSetting.

    Ends within STOP_SECONDS_MAX of the signal, whatever is under way. Code 1 when the address can't be listened on.
    """
    service = _Service(settings)
    code = await run_until_stopped({"api": service.serve()}, on_stop=service.stop, stop_seconds_max=STOP_SECONDS_MAX)
    if isinstance(service.refused, BadSetting):
        raise service.refused
    if service.refused is not None:
        log.error("api_address_unavailable", host=settings.api_host, port=settings.api_port, error=str(service.refused))
        return 1
    return code


async def _listen(host: str, port: int) -> socket.socket:
    """A listening socket on the first address that `host` stands for. Raises OSError."""
    family, _, _, _, address = (
        await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    )[0]
    listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    # What it accepts inherits this; else every answer on a kept connection waits some 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def http_config(app: object) -> uvicorn.Config:
    """How `app` is served."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=ProblemProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
