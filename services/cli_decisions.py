"""Commands of decisions: decide again from what is stored, and say what was known and decided at an instant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from services.cli_gate import Json, with_gate
from services.gatekeeper.domain.calendar import SHANGHAI
from services.gatekeeper.pipeline.known_then import known_at
from services.gatekeeper.pipeline.replay import Replayed, replayed
from services.gatekeeper.policy_file.settings import SETTINGS, plain
from services.gatekeeper.policy_file.writing import flow
from services.gatekeeper.store.decisions import Selection, decision_in_force
from services.gatekeeper.store.journal import ENGINE_VERSION
from services.gatekeeper.store.policies import Recorded, recorded_policy
from services.gatekeeper.wiring import Gate

TOLD_MAX = 1_000
"""Decisions that differ, or failed then, of which each is shown; the others are counted."""

decisions_app = typer.Typer(no_args_is_help=True, help="Decisions: decide them again, or see one as it was made.")
ShipmentId = Annotated[str | None, typer.Option("--shipment", metavar="ID", help="About this shipment.")]
OrderId = Annotated[str | None, typer.Option("--order", metavar="ID", help="About this order's pre-check.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(decisions_app, name="decisions")


@dataclass(slots=True)
class _Tally:
    """What came of a replay; `told` in the order of the decisions, TOLD_MAX at most."""

    replayed: int = 0
    different: int = 0
    by_other_engine: int = 0
    failed_then: int = 0
    told: list[Replayed] = field(default_factory=list)

    def add(self, one: Replayed) -> None:
        self.replayed += 1
        self.different += bool(one.differences)
        self.by_other_engine += bool(one.differences) and one.by_other_engine
        self.failed_then += one.failed_then
        if (one.differences or one.failed_then) and len(self.told) < TOLD_MAX:
            self.told.append(one)


@decisions_app.command("replay")
def replay(
    shipment: ShipmentId = None,
    order: OrderId = None,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Decided then or later.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Decided before that.")] = None,
    as_json: Json = False,
) -> None:
    """Decide again from what is stored, and say every difference. Without options: every decision there is."""
    owner, owner_id = _owner(shipment, order, required=False)
    selection = Selection(owner, owner_id, _time(since, "--from"), _time(until, "--to"))
    if selection.since is not None and selection.until is not None and selection.since >= selection.until:
        raise typer.BadParameter("must be later than --from", param_hint="--to")

    async def work(gate: Gate) -> _Tally:
        tally = _Tally()
        async with gate.database.reading() as connection:
            async for one in replayed(connection, selection):
                tally.add(one)
        return tally

    tally = with_gate(work)
    for line in [json.dumps(_document(tally), ensure_ascii=False)] if as_json else _lines(tally):
        typer.echo(line)
    if owner is not None and not tally.replayed:
        typer.echo(f"no decision about {owner} {owner_id} is stored that was asked for", err=True)
    raise typer.Exit(1 if tally.different or (owner is not None and not tally.replayed) else 0)


@decisions_app.command("show")
def show(
    shipment: ShipmentId = None,
    order: OrderId = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="RFC 3339 with offset; now if not given.")] = None,
    as_json: Json = False,
) -> None:
    """What was known then, and what was decided: facts, policy, references in their versions, balances, holds, draws.

    Exit 1: no decision about it is stored, then or later.
    """
    owner, owner_id = _owner(shipment, order, required=True)
    instant = _time(at, "--at")

    async def work(gate: Gate) -> tuple[dict[str, Any], bool]:
        async with gate.database.reading() as connection:
            known = await known_at(connection, owner or "", owner_id or "", instant)
            if "policy_version" in known:
                known["policy"] = _settings(await recorded_policy(connection, known["policy_version"]))
            newest = await decision_in_force(connection, owner or "", owner_id or "", None)
            return known, newest is not None

    known, ever = with_gate(work)
    if as_json or ever:
        for line in [json.dumps(known, ensure_ascii=False)] if as_json else _told(known):
            typer.echo(line)
    if not ever:
        typer.echo(f"holdgate: no decision about {owner} {owner_id} is stored", err=True)
    raise typer.Exit(0 if ever else 1)


def _settings(found: Recorded | None) -> dict[str, Any] | None:
    """Each setting of a policy as it was; None: that version is stored no more."""
    return None if found is None else {one.name: plain(getattr(found.policy, one.name)) for one in SETTINGS}


def _owner(shipment: str | None, order: str | None, *, required: bool) -> tuple[str | None, str | None]:
    if shipment is not None and order is not None:
        raise typer.BadParameter("give a shipment or an order, not both", param_hint="--order")
    if required and shipment is None and order is None:
        raise typer.BadParameter("give a shipment or an order", param_hint="--shipment")
    if order is not None:
        return "order", order
    return (None, None) if shipment is None else ("shipment", shipment)


def _time(given: str | None, option: str) -> datetime | None:
    """RFC 3339 with an offset: a time without one would be another instant on another machine."""
    if given is None:
        return None
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter("must be a time such as 2026-03-03T10:00:00+08:00", param_hint=option) from None
    if instant.tzinfo is None:
        raise typer.BadParameter("must have an offset, such as +08:00", param_hint=option)
    return instant


def _document(tally: _Tally) -> dict[str, Any]:
    return {
        "replayed": tally.replayed,
        "equal": tally.replayed - tally.different,
        "different": tally.different,
        "different_by_other_engine": tally.by_other_engine,
        "failed_then": tally.failed_then,
        "engine_version": ENGINE_VERSION,
        "decisions": [
            {
                "decision": one.seq,
                "owner": one.owner,
                "id": one.owner_id,
                "decided_at": one.as_of.isoformat(),
                "engine_version": one.engine_version,
                "failed_then": one.failed_then,
                "differences": [asdict(difference) for difference in one.differences],
            }
            for one in tally.told
        ],
    }


def _lines(tally: _Tally) -> Iterator[str]:
    for one in tally.told:
        engines = f", decided by engine {one.engine_version}, replayed by engine {ENGINE_VERSION}"
        what = "differs" if one.differences else "failed then: a rule raised, and raises no more"
        yield (
            f"decision {one.seq} about {one.owner} {one.owner_id} at {one.as_of.isoformat()} {what}"
            f"{engines if one.by_other_engine else ''}"
        )
        for difference in one.differences:
            yield f"  {difference.what}: stored {difference.stored}, replayed {difference.replayed}"
    left_out = tally.different - sum(bool(one.differences) for one in tally.told)
    if left_out:
        yield f"and {left_out} more that differ"
    other = f" ({tally.by_other_engine} decided by another engine)" if tally.by_other_engine else ""
    failed = f", {tally.failed_then} failed then" if tally.failed_then else ""
    equal = tally.replayed - tally.different
    yield f"{tally.replayed} replayed: {equal} equal, {tally.different} differ{other}{failed}"


def _told(known: dict[str, Any]) -> Iterator[str]:
    asked = f"{known['owner']} {known['id']}" + (f" at {known['at']}" if known["at"] else "")
    if not known["known"]:
        yield f"{asked}: not known yet, nothing had been decided"
        return
    decided = f"decided {_moment(known['decided_at'])}"
    yield f"{asked}: {known.get('state', 'unreadable')}, {decided} (decision {known['decision']})"
    if known["fault"]:
        yield f"NOT TO BE TRUSTED: {known['fault']}"
    if "state" in known:
        yield from _details(known)
    yield f"rules version {known['rules_version']}, engine {known['engine_version']}, output {known['output_hash']}"


def _details(known: dict[str, Any]) -> Iterator[str]:
    cause = known["cause"]
    by = cause.get("task") or f"{cause['topic']}/{cause['partition']}/{cause['offset']}"
    yield f"cause: {by}" + (f", event {known['event_hash']}" if known["event_hash"] else "")
    if known["failure"]:
        yield f"failed: {known['failure']}"
    for hold in known["holds"]:
        yield f"hold {hold['reason']} since {_moment(hold['placed_at'])}: {hold['text']['en']}"
    for draw in known["draws"]:
        where = f"{draw['licence_no']}/{draw['licence_line']}"
        yield f"draw line {draw['line_no']} on {where}: {draw['balance']} {draw['quantity']}, {draw['value']}"
    yield f"facts, version {known['facts_version']}: {json.dumps(known['facts'], ensure_ascii=False)}"
    for order in known["orders"]:
        facts = json.dumps(order["facts"], ensure_ascii=False)
        yield f"order {order['order_id']} {order['state']}, version {order['facts_version']}: {facts}"
    for balance in known["balances"]:
        for line in balance["lines"]:
            place = f"{balance['licence_no']}/{line['line_no']}"
            unit = f" {line['unit']}" if line["unit"] else ""
            yield f"balance {place}: reserved {line['reserved']}{unit}, consumed {line['consumed']}{unit}"
    yield from _policy(known["policy_version"], known["policy"])
    for one in known["references"]:
        yield f"{one['kind']} {one['key']}, version {one['version']}: {json.dumps(one['body'], ensure_ascii=False)}"


def _policy(version: int, settings: dict[str, Any] | None) -> Iterator[str]:
    """Every setting as it was; of the defaults there is no file that was applied."""
    if settings is None:
        yield f"policy, version {version}: stored no more"
        return
    yield f"policy, version {version} (`holdgate policy show --version {version}` says since when, and who applied it):"
    yield from (
        f"  {name}: {flow(tuple(value) if isinstance(value, list) else value)}" for name, value in settings.items()
    )


def _moment(written: str) -> str:
    """In UTC and in Shanghai, by whose days everything is judged."""
    instant = datetime.fromisoformat(written)
    there = instant.astimezone(SHANGHAI)
    return f"{instant.astimezone(UTC).isoformat()} ({there:%Y-%m-%d %H:%M:%S} in Shanghai)"
