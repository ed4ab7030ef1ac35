"""The HTTP API of the gatekeeper: one application, built from a Gate."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from services.gatekeeper.api import health, holds, licences, notices, shipments
from services.gatekeeper.api.describing import BODIES, SECURITY_SCHEMES
from services.gatekeeper.api.observing import ApiMetrics, Observed
from services.gatekeeper.api.paths import RawPaths
from services.gatekeeper.api.principal import Authenticate, by_api_key
from services.gatekeeper.api.views import ProblemView
from services.gatekeeper.store.status import NotThePrimary
from services.gatekeeper.wiring import Gate
from services.kit.problems import install_problems, unavailable

VERSION = "0.1.0"
DESCRIPTION = """Ask whether a shipment may move, hold it, record stop notices, read licence balances.

Every error is an `application/problem+json`. A shipment that you can't see or that nobody knows is UNKNOWN: it must not
move. Times in answers carry an offset; quantities and money are decimal strings."""


def create_app(
    gate: Gate, *, authenticate: Authenticate | None = None, stopping: asyncio.Event | None = None
) -> FastAPI:
    """The application over `gate`. `authenticate` takes the place of API keys; `stopping` ends waits early."""
    app = build_app()
    app.state.gate = gate
    app.state.authenticate = authenticate or by_api_key(gate.database)
    app.state.stopping = stopping or asyncio.Event()
    return app


def build_app() -> FastAPI:
    """Routes, middleware and error handling, without anything to serve from: enough for `openapi`."""
    app = FastAPI(
        title="Holdgate",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.metrics = ApiMetrics()
    install_problems(app)
    app.add_exception_handler(NotThePrimary, _answer_standby)
    for part in (shipments, holds, notices, licences, health):
        app.include_router(part.router)
    app.add_middleware(RawPaths)
    app.add_middleware(Observed, metrics=app.state.metrics)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    return app


async def _answer_standby(_request: Any, _error: Exception) -> Any:
    return unavailable("The database is a standby.").response()


def openapi(app: FastAPI | None = None) -> dict[str, Any]:
    """The OpenAPI 3.1 document; the same for every build of the same program, and without any server's address."""
    described = app or build_app()
    document = get_openapi(
        title=described.title,
        version=described.version,
        openapi_version="3.1.0",
        description=described.description,
        routes=described.routes,
    )
    _, bodies = models_json_schema(
        [(model, "validation") for model in BODIES], ref_template="#/components/schemas/{model}Input"
    )
    _, own = models_json_schema([(ProblemView, "serialization")], ref_template="#/components/schemas/{model}")
    _without_framework_errors(document)
    components = document.setdefault("components", {})
    schemas = components.get("schemas", {}) | own["$defs"]
    schemas |= {f"{name}Input": schema for name, schema in bodies["$defs"].items()}
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = SECURITY_SCHEMES
    return document


def _without_framework_errors(document: dict[str, Any]) -> None:
    """The framework describes a 422 of its own where an operation has none; ids in paths are never refused."""
    for operations in document["paths"].values():
        for described in operations.values():
            if "application/json" in described["responses"].get("422", {}).get("content", {}):
                del described["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
