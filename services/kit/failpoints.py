"""Named points at which a test can interrupt the program; each is a no-op unless switched on.

`configure("batch.before_commit=kill@3,publish.after_send=error")`: at the third time SIGKILL this process; at the first
raise FailpointError. Actions: kill, stop (SIGSTOP), error, exit.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass


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
        if verb not in ("kill", "stop", "error", "exit"):
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
    """A named step; the docstring of each module that has some lists them in order."""
    if not _points:
        return
    point = _points.get(name)
    if point is None:
        return
    point.countdown -= 1
    if point.countdown > 0:
        return
    del _points[name]
    if point.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif point.action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif point.action == "exit":
        os._exit(70)
    else:
        raise FailpointError(name)
