"""Who did what: append-only rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Connection = Any


async def record(
    connection: Connection, *, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Append one audit row in the caller's transaction."""
    await connection.execute(
        "INSERT INTO audit (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5::jsonb)",
        at,
        actor,
        action,
        subject,
        json.dumps(dict(detail), ensure_ascii=False, sort_keys=True, default=str),
    )
