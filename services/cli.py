"""The command `holdgate`. Exit 0 = done, 1 = it ran and found something wrong, 2 = bad usage or bad input.

`--json` prints one JSON document and nothing else on standard output.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from services import cli_decisions, cli_operations, cli_policy
from services.gatekeeper.wiring import BadSetting, Settings
from services.kit.failpoints import configure as configure_failpoints
from services.kit.logging import configure_logging
from services.kit.postgres import Unreachable, server_of

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
schemas_app = typer.Typer(no_args_is_help=True, help="The wire contracts: JSON Schemas, AsyncAPI, OpenAPI.")
app.add_typer(schemas_app, name="schemas")
cli_operations.register(app)
cli_decisions.register(app)
cli_policy.register(app)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def _settings() -> Settings:
    settings = Settings.from_environment()
    configure_logging(settings.log_level)
    configure_failpoints(settings.failpoints)
    return settings


def _run(work: Coroutine[Any, Any, int]) -> None:
    raise typer.Exit(asyncio.run(work))


@app.command()
def gatekeeper() -> None:
    """Read, decide and publish until a signal; any number of processes share the partitions."""
    from services.gatekeeper.process import run_gatekeeper

    _run(run_gatekeeper(_settings()))


@app.command()
def api() -> None:
    """Serve the HTTP API until a signal."""
    from services.gatekeeper.api.server import run_api

    _run(run_api(_settings()))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema and fix its number of partitions. Idempotent."""
    from services.gatekeeper.migrations.run import PartitionsDiffer
    from services.gatekeeper.migrations.run import migrate as run

    settings = _settings()
    if not settings.database_url:
        raise BadSetting("HOLDGATE_DATABASE_URL (or DATABASE_URL) is not set")
    try:
        asyncio.run(run(settings.database_url, partitions=settings.partitions, environment=settings.environment))
    except PartitionsDiffer as error:
        raise BadSetting(f"HOLDGATE_PARTITIONS: {error}") from None
    except (
        OSError,
        asyncpg.InterfaceError,
        asyncpg.PostgresConnectionError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
    ) as error:
        raise Unreachable("PostgreSQL", server_of(settings.database_url), error) from None
    typer.echo(f"The database has the newest schema and {settings.partitions} partitions.")


@app.command()
def topics(
    action: Annotated[str, typer.Argument(help="create or check")],
    replication_factor: Annotated[int, typer.Option(min=1, help="Copies of each new topic's partitions.")] = 1,
) -> None:
    """Create the topics that are missing, or check those that are there."""
    from aiokafka.errors import KafkaConnectionError

    from services.gatekeeper.pipeline.topics import TopicsDiffer, check_topics, create_topics

    settings = _settings()
    if action not in ("create", "check"):
        raise typer.BadParameter("must be create or check", param_hint="action")
    if not settings.kafka_bootstrap_servers:
        raise BadSetting("HOLDGATE_KAFKA_BOOTSTRAP_SERVERS (or KAFKA_BOOTSTRAP_SERVERS) is not set")
    servers, partitions, prefix = settings.kafka_bootstrap_servers, settings.partitions, settings.topic_prefix
    try:
        if action == "check":
            faults = asyncio.run(check_topics(servers, partitions=partitions, prefix=prefix))
            for fault in faults:
                typer.echo(fault)
            raise typer.Exit(1 if faults else 0)
        made = asyncio.run(
            create_topics(servers, partitions=partitions, prefix=prefix, replication_factor=replication_factor)
        )
    except TopicsDiffer as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except (KafkaConnectionError, OSError) as error:
        raise Unreachable("Kafka", servers, error) from None
    typer.echo(f"Created {len(made)}: {', '.join(made) or 'all topics were there'}")


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the day and check its own outcome.")] = False,
    seconds: Annotated[float | None, typer.Option(min=5, help="How long the trading day takes.")] = None,
) -> None:
    """A trading day on embedded PostgreSQL and Kafka, with subscribers that obey."""
    from services.local.demo.run import run_demo

    _run(run_demo(once=once, seconds=seconds))


@app.command()
def scenarios(
    action: Annotated[str, typer.Argument(help="run")],
    paths: Annotated[list[Path], typer.Argument(help="YAML files or folders of them")],
    as_json: Json = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="A line for each reason, state and notice field.")
    ] = False,
) -> None:
    """Run decision scenarios through the real handling code and a real PostgreSQL, with a virtual clock."""
    from services.local.scenarios.command import run_scenarios

    if action != "run":
        raise typer.BadParameter("must be run", param_hint="action")
    configure_logging("ERROR")
    _run(run_scenarios(paths, json=as_json, coverage=coverage))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Which rungs of the PostgreSQL and Kafka ladders are possible here, and why the others aren't."""
    from services.local.doctor import doctor_report

    report = asyncio.run(doctor_report())
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    elif sys.stdout.isatty():
        from rich.console import Console

        Console().print(report.as_rich())
    else:
        typer.echo(report.as_text())
    raise typer.Exit(0 if report.ok else 1)


@schemas_app.command("export")
def schemas_export() -> None:
    """Write the generated contracts into schemas/."""
    from schemas.export import export
    from services.gatekeeper.api.app import openapi

    for path in export(openapi=openapi()):
        typer.echo(str(path.name))


@schemas_app.command("check")
def schemas_check() -> None:
    """Say where the committed contracts differ from the models; exit 1 when they do."""
    from schemas.export import check
    from services.gatekeeper.api.app import openapi

    drift = check(openapi=openapi())
    for line in drift:
        typer.echo(line)
    raise typer.Exit(1 if drift else 0)


def main() -> None:
    """Entry of the installed command; a bad setting is bad input, a server that doesn't answer is found wrong."""
    try:
        app()
    except Unreachable as error:
        typer.echo(f"holdgate: {error}", err=True)
        sys.exit(1)
    except BadSetting as error:
        typer.echo(f"holdgate: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
