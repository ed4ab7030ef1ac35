"""Commands of the policy: check a file, put it in effect, show what is in effect, and say what a file would change."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli_gate import PATIENCE_SECONDS, Json, operator, with_gate
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rulebook import RuleOutcome
from services.gatekeeper.policy_file.reading import FILE_BYTES_MAX, BadPolicy, PlacedFault, read_policy
from services.gatekeeper.policy_file.settings import DEFAULTS, SETTINGS, differing, plain
from services.gatekeeper.policy_file.writing import flow, policy_yaml
from services.gatekeeper.store.policies import Author, Recorded, recorded_policy
from services.gatekeeper.wiring import Gate

policy_app = typer.Typer(no_args_is_help=True, help="The policy file: every setting, with one version.")
PolicyFile = Annotated[Path, typer.Argument(metavar="FILE", help="A YAML file; -: standard input.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(policy_app, name="policy")


def _read(path: Path, as_json: bool) -> tuple[Policy, str]:
    """The policy in the file and the file's SHA-256. Ends the program with exit 2 when it can't be used."""
    file = _name(path)
    try:
        raw = _bytes(path, file)
        return read_policy(raw, file), hashlib.sha256(raw).hexdigest()
    except BadPolicy as error:
        for fault in error.faults:
            typer.echo(f"holdgate: {fault}", err=True)
        if as_json:
            faults = [
                {
                    "field": fault.field or None,
                    "line": fault.place.line if fault.place else None,
                    "column": fault.place.column if fault.place else None,
                    "message": fault.message,
                }
                for fault in error.faults
            ]
            _document({"file": file, "ok": False, "errors": faults})
    raise typer.Exit(2)


def _name(path: Path) -> str:
    return "standard input" if str(path) == "-" else str(path)


def _bytes(path: Path, file: str) -> bytes:
    """One byte more than a policy may have, at most. Raises BadPolicy."""
    if file != str(path):
        return sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
    try:
        with path.open("rb") as stream:
            return stream.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise BadPolicy([PlacedFault(file, "", None, f"can't be read: {error.strerror}")]) from None


def _document(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False))


def _compared(policy: Policy, other: Policy, names: tuple[str, str]) -> dict[str, dict[str, Any]]:
    """The settings that differ, each with both values under `names`."""
    return {
        setting.name: {
            names[0]: plain(getattr(policy, setting.name)),
            names[1]: plain(getattr(other, setting.name)),
        }
        for setting in differing(policy, other)
    }


@policy_app.command()
def check(file: PolicyFile, as_json: Json = False) -> None:
    """Say everything that is wrong with a policy file, or what in it is not as by default. Needs no database."""
    policy, sha256 = _read(file, as_json)
    if as_json:
        compared = _compared(policy, DEFAULTS, ("value", "default"))
        document = {"file": _name(file), "ok": True, "version": policy.version, "sha256": sha256, "errors": []}
        _document(document | {"not_default": compared})
        return
    typer.echo(f"{_name(file)}: version {policy.version} can be applied")
    for setting in differing(policy, DEFAULTS):
        value, default = getattr(policy, setting.name), setting.default
        typer.echo(f"  {setting.name}: {flow(value)} (default: {flow(default)})")
    if not differing(policy, DEFAULTS):
        typer.echo("  everything is as by default")


@policy_app.command()
def apply(file: PolicyFile, as_json: Json = False) -> None:
    """Put a policy file in effect for every decision from now on and all that is open. Exit 1: raise its version."""
    # The pipeline is much to import for the commands that only read.
    from services.gatekeeper.pipeline.policies import record_policy

    policy, sha256 = _read(file, as_json)
    author = Author(operator(), sha256)
    done = with_gate(lambda gate: record_policy(gate, policy, author, patience_seconds=PATIENCE_SECONDS))
    changed = done.outcome is RuleOutcome.APPLIED
    refused = not changed and bool(differing(policy, done.in_effect))
    if refused:
        typer.echo(f"holdgate: {_name(file)}: {_why_refused(policy, done.in_effect)}", err=True)
    if as_json:
        document = {"ok": not refused, "changed": changed, "version": policy.version, "sha256": sha256}
        _document(document | {"in_effect": done.in_effect.version, "rules_version": done.rules_version})
    elif changed:
        typer.echo(f"policy version {policy.version} is in effect with rules version {done.rules_version}")
    elif not refused:
        typer.echo(f"nothing to do: version {done.in_effect.version} is in effect and says the same")
    raise typer.Exit(1 if refused else 0)


def _why_refused(policy: Policy, in_effect: Policy) -> str:
    if policy.version == in_effect.version:
        return f"version {in_effect.version} is in effect already with other content; raise the version"
    return f"version {in_effect.version} is in effect, with other content; raise the version above it"


def _recorded(version: int | None) -> Recorded:
    async def work(gate: Gate) -> Recorded | None:
        async with gate.database.reading() as connection:
            return await recorded_policy(connection, version)

    found = with_gate(work)
    if found is None:
        typer.echo(f"holdgate: there is no policy version {version}", err=True)
        raise typer.Exit(1)
    return found


@policy_app.command()
def show(
    version: Annotated[int | None, typer.Option(min=0, help="An earlier version; 0: the defaults.")] = None,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="As a policy file, to check or apply again.")] = False,
    as_json: Json = False,
) -> None:
    """The policy in effect, or an earlier version: each setting with its default, since when, and who applied it."""
    if as_yaml and as_json:
        raise typer.BadParameter("can't be given together with --json", param_hint="--yaml")
    found = _recorded(version)
    policy = found.policy
    if as_yaml:
        typer.echo(policy_yaml(policy), nl=False)
    elif as_json:
        settings = {
            setting.name: {"value": plain(getattr(policy, setting.name)), "default": plain(setting.default)}
            for setting in SETTINGS
        }
        _document({"version": policy.version, **_origin(found), "settings": settings})
    else:
        said = ", ".join(f"{name}: {value}" for name, value in _origin(found).items() if value is not None)
        typer.echo(f"policy version {policy.version}" + (f" ({said})" if found.since else ": the defaults"))
        changed = differing(policy, DEFAULTS)
        for setting in SETTINGS:
            default = f"  # default: {flow(setting.default)}" if setting in changed else ""
            typer.echo(f"  {setting.name}: {flow(getattr(policy, setting.name))}{default}")


def _origin(found: Recorded) -> dict[str, Any]:
    return {
        "since": found.since.isoformat() if found.since is not None else None,
        "rules_version": found.rules_version if found.since is not None else None,
        "applied_by": found.author.name if found.author is not None else None,
        "sha256": found.author.sha256 if found.author is not None else None,
    }


@policy_app.command()
def diff(file: PolicyFile, as_json: Json = False) -> None:
    """The settings in which a file differs from what is in effect. Exit 0: in none, 1: in some."""
    policy, _ = _read(file, as_json)
    in_effect = _recorded(None).policy
    changed = differing(policy, in_effect)
    if as_json:
        compared = _compared(policy, in_effect, ("file", "in_effect"))
        _document({"file_version": policy.version, "in_effect_version": in_effect.version, "settings": compared})
    else:
        for setting in changed:
            old, new = (flow(getattr(one, setting.name)) for one in (in_effect, policy))
            typer.echo(f"{setting.name}: {old} -> {new}")
    raise typer.Exit(1 if changed else 0)
