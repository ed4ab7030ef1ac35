"""Named points at which a test can interrupt the program; each is a no-op unless switched on.

`configure("batch.before_commit=kill@3,publish.after_send=error")`: at the third time SIGKILL this process; at the first
raise FailpointError. Actions: kill, stop (SIGSTOP), error, exit, delay (a second).
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass

DELAY_SECONDS = 1.0


class FailpointError(Exception):
    """Raised by the action `error`."""


@dataclass(slots=True)
class _Point:
    action: str
    countdown: int


_points: dict[str, _Point] = {}


def parse(specification: str) -> dict[str, _Point]:
    """Points by name from `name=action[@nth]`, comma-separated. Raises ValueError naming the point."""
    points = {}
    for part in filter(None, (piece.strip() for piece in specification.split(","))):
        name, _, action = part.partition("=")
        verb, _, nth = action.partition("@")
        if verb not in ("kill", "stop", "error", "exit", "delay"):
            raise ValueError(f"failpoint {name}: unknown action {verb!r}")
        if nth and not (nth.isdecimal() and int(nth)):
            raise ValueError(f"failpoint {name}: {nth!r} is not 1 or above")
        points[name] = _Point(verb, int(nth or 1))
    return points


def configure(specification: str) -> None:
    """Switch on exactly the points of `specification` (see `parse`); an empty text switches all off."""
    points = parse(specification)
    _points.clear()
    _points.update(points)


def failpoint(name: str) -> None:
    """A named step; the docstring of each module that has some lists them in order. A delay holds up the process."""
    if _reached(name) == "delay":
        time.sleep(DELAY_SECONDS)


async def waiting_failpoint(name: str) -> None:
    """A named step as `failpoint`, at which a delay holds up its task alone."""
    if _reached(name) == "delay":
        await asyncio.sleep(DELAY_SECONDS)


def _reached(name: str) -> str | None:
    """The action whose turn it is; of those that end or freeze the process nothing returns."""
    if not _points:
        return None
    point = _points.get(name)
    if point is None:
        return None
    point.countdown -= 1
    if point.countdown > 0:
        return None
    del _points[name]
    if point.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif point.action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif point.action == "exit":
        os._exit(70)
    elif point.action == "error":
        raise FailpointError(name)
    return point.action
