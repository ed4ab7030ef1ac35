"""How much is measured: every size is an option, and every wait has an end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of one run; the names are those of the options."""

    events: int = 20_000
    usual_events: int = 1_500
    passthrough_events: int = 60_000
    notice_shipments: int = 20_000
    latency_rate: int = 500
    latency_seconds: float = 20.0
    stream_seconds: float = 10.0
    stream_ahead: int = 4_000
    status_queries: int = 2_000
    stored_licences: int = 1_000_000
    stored_notices: int = 100_000
    stored_entries: int = 200_000
    stored_batches: int = 15
    seconds_max: float = 1_800.0


QUICK = Sizes(
    events=3_000,
    usual_events=200,
    passthrough_events=5_000,
    notice_shipments=1_000,
    latency_seconds=3.0,
    stream_seconds=2.0,
    stream_ahead=1_000,
    status_queries=200,
    stored_licences=4_000,
    stored_notices=1_000,
    stored_entries=2_000,
    stored_batches=5,
    seconds_max=240.0,
)

_WORDS = {
    "events": "shipments that the gatekeeper decides from a backlog (a)",
    "usual_events": "shipments that the service with a session per event handles (b)",
    "passthrough_events": "shipments that pass through undecided (c)",
    "notice_shipments": "open shipments that the stop notice matches (e)",
    "latency_rate": "events per second while latency is measured (d)",
    "latency_seconds": "how long latency is measured (d)",
    "stream_seconds": "how long the stream runs at full speed before the notice (e)",
    "stream_ahead": "how many undecided shipments the stream keeps in Kafka (e)",
    "status_queries": "status queries over HTTP (f)",
    "stored_licences": "licences stored while a batch is timed (h)",
    "stored_notices": "notices stored then (h)",
    "stored_entries": "list entries stored then (h)",
    "stored_batches": "batches that are timed against a hundredth of all that (h)",
    "seconds_max": "when a run is given up",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for. `profile`: where cProfile's statistics of the gatekeeper go."""

    sizes: Sizes
    as_json: bool
    profile: str | None


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The command line; ends the process with 2 when it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure Holdgate on real parts.")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it runs, not how fast it is")
    parser.add_argument("--profile", metavar="FILE", help="run the gatekeeper under cProfile; its figures are void")
    for field in fields(Sizes):
        kind = type(field.default)
        words = f"{_WORDS[field.name]}; default {field.default}, with --quick {getattr(QUICK, field.name)}"
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, metavar="N", help=words)
    given = parser.parse_args(arguments)
    chosen = {field.name: getattr(given, field.name) for field in fields(Sizes)}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    if any(value <= 0 for value in chosen.values()):
        parser.error("every size must be above zero")
    return Options(replace(QUICK if given.quick else Sizes(), **chosen), given.json, given.profile)
