"""Commands of operations: keys, quarantine, lanes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from services.cli_gate import Json
from services.cli_gate import operator as _operator
from services.cli_gate import with_gate as _with_gate
from services.gatekeeper.store import keys, quarantine
from services.gatekeeper.store.lanes import lanes_overview
from services.gatekeeper.store.quarantine import Quarantined
from services.gatekeeper.wiring import BadSetting, Gate

keys_app = typer.Typer(no_args_is_help=True, help="API keys: each is shown once, and only its hash is kept.")
quarantine_app = typer.Typer(no_args_is_help=True, help="Unreadable records: look at them, replay or drop them.")


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(keys_app, name="keys")
    app.add_typer(quarantine_app, name="quarantine")
    app.command()(lanes)


def _print(rows: Any, as_json: bool, line: Callable[[Any], str]) -> None:
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows if isinstance(rows, list) else [rows]:
        typer.echo(line(row))


@keys_app.command("create")
def keys_create(
    principal: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[list[str], typer.Option(help=f"One of {', '.join(keys.SCOPES)}; may be given again.")],
    forwarder: Annotated[list[str] | None, typer.Option(help="A forwarder_id that it may see.")] = None,
    exporter: Annotated[list[str] | None, typer.Option(help="An exporter_id that it may see.")] = None,
    expires_at: Annotated[str | None, typer.Option(help="RFC 3339 with offset.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key and show its token, once."""
    try:
        ends = datetime.fromisoformat(expires_at) if expires_at else None
        key_id, token = _with_gate(
            lambda gate: keys.create_key(
                gate.database, principal, scope, forwarder or (), exporter or (), ends, actor=_operator()
            )
        )
    except (keys.KeyRefused, ValueError) as error:
        raise BadSetting(str(error)) from None
    _print({"key_id": key_id, "token": token}, as_json, lambda row: f"{row['key_id']}\n{row['token']}")


@keys_app.command("list")
def keys_list(as_json: Json = False) -> None:
    """Every key, revoked and expired ones too; no secrets."""
    found = _with_gate(lambda gate: keys.list_keys(gate.database))
    rows = [{name: getattr(key, name) for name in key.__dataclass_fields__} for key in found]
    _print(rows, as_json, lambda row: "  ".join(f"{name}={value}" for name, value in row.items() if value))


@keys_app.command("revoke")
def keys_revoke(key_id: str) -> None:
    """Revoke a key at once and for good."""
    if not _with_gate(lambda gate: keys.revoke_key(gate.database, key_id, actor=_operator())):
        typer.echo(f"no key {key_id} that is not revoked yet", err=True)
        raise typer.Exit(1)
    typer.echo(f"{key_id} is revoked")


def _record(kept: Quarantined) -> dict[str, Any]:
    return {
        "quarantine_id": str(kept.quarantine_id),
        "status": kept.status,
        "topic": kept.topic,
        "partition": kept.partition,
        "offset": kept.record_offset,
        "about": kept.owner_id,
        "type": kept.event_type,
        "field": kept.error_field,
        "error": kept.error,
        "recorded_at": kept.recorded_at.isoformat(),
        "settled_by": kept.settled_by,
    }


@quarantine_app.command("list")
def quarantine_list(
    every: Annotated[bool, typer.Option("--all", help="Settled ones too.")] = False,
    most: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    as_json: Json = False,
) -> None:
    """Records that could not be read, oldest first."""

    async def work(gate: Gate) -> list[Quarantined]:
        async with gate.database.reading() as connection:
            return await quarantine.listing(connection, status=None if every else "OPEN", records_max=most)

    rows = [_record(kept) for kept in _with_gate(work)]
    _print(
        rows,
        as_json,
        lambda row: (
            f"{row['quarantine_id']}  {row['status']}  {row['topic']}/{row['partition']}/{row['offset']}"
            f"  {row['about'] or '-'}  {row['field']}: {row['error']}"
        ),
    )


@quarantine_app.command("show")
def quarantine_show(quarantine_id: UUID, as_json: Json = False) -> None:
    """One record, byte for byte."""

    async def work(gate: Gate) -> Quarantined | None:
        async with gate.database.reading() as connection:
            return await quarantine.get(connection, quarantine_id)

    kept = _with_gate(work)
    if kept is None:
        typer.echo(f"no record {quarantine_id} is in quarantine", err=True)
        raise typer.Exit(1)
    row = _record(kept) | {
        "key": _shown(kept.key),
        "headers": [[name, _shown(raw)] for name, raw in kept.headers],
        "value": _shown(kept.value),
        "value_base64": None if kept.value is None else base64.b64encode(kept.value).decode(),
    }
    _print(row, as_json, lambda one: "\n".join(f"{name}: {value}" for name, value in one.items()))


def _shown(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode(errors="backslashreplace")


def _settle(quarantine_id: UUID, *, value: bytes | None, drop: bool) -> None:
    from services.gatekeeper.pipeline import quarantine as settling

    try:
        _with_gate(lambda gate: settling.settle(gate, quarantine_id, by=_operator(), value=value, drop=drop))
    except (settling.NotOpen, settling.StillUnreadable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{quarantine_id} is {'dropped' if drop else 'replayed'}")


@quarantine_app.command("replay")
def quarantine_replay(
    quarantine_id: UUID,
    value: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The repaired body.")] = None,
) -> None:
    """Handle a record again, as it is or with a repaired body; its hold lifts with it."""
    _settle(quarantine_id, value=None if value is None else value.read_bytes(), drop=False)


@quarantine_app.command("drop")
def quarantine_drop(quarantine_id: UUID) -> None:
    """Give a record up: its hold lifts, and the audit says who did it."""
    _settle(quarantine_id, value=None, drop=True)


@quarantine_app.command("resume")
def quarantine_resume(
    topic: str,
    partition: int,
    at: Annotated[
        int | None, typer.Option("--at", min=0, help="Go on at this offset: what was lost below it is given up.")
    ] = None,
) -> None:
    """Let a stopped partition go on: where it stands or, if records are gone or its topic was made anew, elsewhere."""
    from services.gatekeeper.pipeline import quarantine as settling

    if not _with_gate(lambda gate: settling.resume_partition(gate, topic, partition, by=_operator(), at=at)):
        typer.echo(f"{topic}/{partition} is not stopped", err=True)
        raise typer.Exit(1)
    typer.echo(f"{topic}/{partition} goes on")


def lanes(as_json: Json = False) -> None:
    """Every lane: the next number, what is published, and why it is stopped. Exit 1 when one is."""

    async def work(gate: Gate) -> list[dict[str, Any]]:
        async with gate.database.reading() as connection:
            return await lanes_overview(connection)

    rows = _with_gate(work)
    _print(
        rows,
        as_json,
        lambda row: (
            f"lane {row['lane']}: next {row['next_seq']}, published {row['published_seq']},"
            f" {'STOPPED: ' + row['stopped'] if row['stopped'] else 'running'}"
        ),
    )
    raise typer.Exit(1 if any(row["stopped"] for row in rows) else 0)
