"""What orchestrators and Prometheus ask: alive, ready, metrics. Without a key, and without anything secret."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.gatekeeper import migrations
from services.gatekeeper.api.limits import reading
from services.kit.problems import unavailable

router = APIRouter(include_in_schema=False)


@router.get("/livez")
async def livez() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """The primary is reachable and has this program's schema; else 503."""
    async with reading(request.app.state.gate) as connection:
        row = await connection.fetchrow("SELECT version_num, pg_is_in_recovery() AS standby FROM alembic_version")
    if row is None or row["version_num"] != newest_schema():
        raise unavailable("The database has another schema than this program: run `holdgate migrate`.")
    if row["standby"]:
        raise unavailable("The database is a standby.")
    return JSONResponse({"status": "ok"})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus text format: the API's own, and what the database tells of the installation."""
    shown = request.app.state.metrics
    await shown.database.refresh(request.app.state.gate)
    return Response(generate_latest(shown.registry), media_type=CONTENT_TYPE_LATEST)


@cache
def newest_schema() -> str | None:
    """The revision that this program was written for."""
    return ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()
