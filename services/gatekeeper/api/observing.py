"""Each request is counted, timed, logged once and named; too many at once are turned away."""

from __future__ import annotations

import time
import uuid

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gatekeeper.api.limits import REQUESTS_AT_ONCE_MAX
from services.gatekeeper.api.measuring import DatabaseMetrics
from services.kit.problems import unavailable

log = structlog.get_logger()
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"


class ApiMetrics:
    """What the API shows on /metrics, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.database = DatabaseMetrics(self.registry)
        labels = ["method", "route", "status"]
        self.requests = Counter("holdgate_http_requests", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram(
            "holdgate_http_request_seconds", "Time to the end of the answer", labels[:2], registry=self.registry,
            buckets=SECONDS,
        )  # fmt: skip


class Observed:
    """The outermost layer of the application's own."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self.app = app
        self.metrics = metrics
        self.under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})
        started, status = time.monotonic(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        self.under_way += 1
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                crowded = self.under_way > REQUESTS_AT_ONCE_MAX
                await (unavailable().response() if crowded else self.app)(scope, receive, noting)
            finally:
                self.under_way -= 1
                self._note(scope, status, time.monotonic() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", UNMATCHED)
        self.metrics.requests.labels(method, route, status).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        log.info(
            "request_answered",
            method=method,
            route=route,
            status=status,
            seconds=round(seconds, 4),
            principal=scope["state"].get("principal"),
        )
