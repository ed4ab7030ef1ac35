"""alembic's entry: runs on the connection that `migrate()` or `alembic check` hands over."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlmodel import SQLModel

from services.gatekeeper.store import tables, tables_journal, tables_rules, tables_work

TABLE_MODULES = (tables, tables_journal, tables_rules, tables_work)  # importing them registers their tables


def _include(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave the outbox's day partitions to the program that makes and drops them."""
    return not (kind == "table" and name is not None and name.startswith("outbox_"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    include_name=_include,
)
with context.begin_transaction():
    context.run_migrations()
