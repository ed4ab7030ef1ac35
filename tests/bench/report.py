"""All figures of one run, as a document and as lines."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict
from typing import Any

import psutil

from tests.bench.comparing import measure_program
from tests.bench.gatekeeping import Say, measure_gatekeeper
from tests.bench.site import Parts
from tests.bench.sizes import Options
from tests.bench.stored import measure_stored

GIB = 1024**3


async def measure(parts: Parts, options: Options, say: Say, figures: dict[str, Any]) -> None:
    """Add everything to `figures`, one after the other, on the same servers."""
    sizes = options.sizes
    figures |= {
        "rungs": parts.rungs(),
        "sizes": asdict(sizes),
        "machine": _machine(os.getloadavg()[0]),
        "profiled": options.profile is not None,
    }
    say(f"(c) passthrough: {sizes.passthrough_events} shipments")
    passthrough = await measure_program(parts, "passthrough", sizes.passthrough_events)
    figures["passthrough_per_second"] = round(passthrough, 1)
    say(f"(b) session per event: {sizes.usual_events} shipments")
    usual = await measure_program(parts, "usual", sizes.usual_events)
    figures["session_per_event_per_second"] = round(usual, 1)
    await measure_gatekeeper(parts, options, say, figures)
    figures["stored"] = await measure_stored(parts, sizes, say)
    figures["times_session_per_event"] = round(figures["decided_per_second"] / usual, 1)
    figures["share_of_passthrough"] = round(figures["decided_per_second"] / passthrough, 3)


def _machine(load: float) -> dict[str, Any]:
    """What it ran on; `load_before`: how many processes wanted to run in the minute before."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / GIB, 1),
        "python": ".".join(map(str, sys.version_info[:3])),
        "load_before": round(load, 2),
    }


def lines(found: dict[str, Any]) -> list[str]:
    """For people."""
    notice, latency, status = found["notice"], found["latency_ms"], found["status_ms"]
    rungs = (f"{part}: rung {one['number']}, {one['name']}" for part, one in found["rungs"].items())
    machine, stored = found["machine"], found["stored"]
    return [
        "; ".join(rungs) + f"; {machine['cores']} cores; load before {machine['load_before']}",
        f"(a) decided              {found['decided_per_second']:>10.1f} /s"
        f"   {found['decided_cpu_us']:.0f} µs of the process's processor time each",
        f"(b) session per event    {found['session_per_event_per_second']:>10.1f} /s"
        f"   (a) is {found['times_session_per_event']:.1f} times that",
        f"(c) passthrough          {found['passthrough_per_second']:>10.1f} /s"
        f"   (a) is {found['share_of_passthrough']:.1%} of that",
        f"(d) latency at {found['sizes']['latency_rate']}/s     p50 {latency['p50']:.1f} ms,"
        f" p99 {latency['p99']:.1f} ms",
        f"(e) notice, {notice['shipments']} open   first hold {notice['first_hold_ms']:.0f} ms, EFFECTIVE"
        f" {notice['effective_ms']:.0f} ms, last hold {notice['last_hold_ms']:.0f} ms;"
        f" the stream keeps {notice['stream_share']:.0%}",
        f"(f) status query         p50 {status['p50']:.2f} ms, p99 {status['p99']:.2f} ms",
        f"(g) memory               {found['memory_mib']:>10.1f} MiB",
        f"(h) a batch of 500       {stored['batch_ms_many']:>10.1f} ms with all rules stored, {stored['ratio']:.2f}"
        f" times that with a hundredth of them; memory {stored['memory_mib_many']:.0f} MiB",
    ]
