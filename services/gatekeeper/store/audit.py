"""Who did what: append-only rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Connection = Any


async def write_audit(connection: Connection, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """One row of what a person did, in the caller's transaction, at the database's clock."""
    await connection.execute(
        "INSERT INTO audit (at, actor, action, subject, detail) VALUES (clock_timestamp(), $1, $2, $3, $4::jsonb)",
        actor,
        action,
        subject,
        json.dumps(dict(detail), ensure_ascii=False, sort_keys=True),
    )
