"""Compares the model's and the engine's answers after every step of a history."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from services.gatekeeper.domain.terms import EVERYTHING
from tests.reference_model import engine_side
from tests.reference_model.histories import START, Step, base
from tests.reference_model.model import SEVERITY, Model


@lru_cache(None)
def _base() -> Model:
    model = Model(START)
    for kind, event_id, at, data in base():
        model.take(kind, event_id, at, data)
    return model


def new_model() -> Model:
    model, known = Model(START), _base()
    model.seen = set(known.seen)
    model.known = {kind: dict(entities) for kind, entities in known.known.items()}
    return model


def tell_model(model: Model, step: Step) -> None:
    if step[0] == "clock":
        model.advance_to(step[2])
    else:
        model.take(*step)


BALANCES = {"OVER_DELIVERY", "LICENCE_CONSUMED", "USES_EXCEEDED", "QTY_EXCEEDED", "VALUE_EXCEEDED"}


def _told(answer: tuple[dict[str, Any], ...], other: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """`answer` without what may be known late: who waits is looked at again when something comes back (D4.4), not when
    others take more; until then balances, and which licence is nearest by them, are those of the last look."""
    told: list[dict[str, Any]] = []
    for part, opposite in zip(answer[:2], other[:2], strict=True):
        told.append({})
        for key, (state, reasons) in part.items():
            others = opposite.get(key, (None, frozenset()))[1]
            both = all(any(r[0] in LICENSING for r in each) for each in (reasons, others))
            late = state in ("HELD", "INTERCEPT", "INCIDENT") and (both or any(r[0] in BALANCES for r in reasons ^ others))
            kept = frozenset(r for r in reasons if not (late and r[0] in BY_LICENCE))
            told[-1][key] = (state, kept)
    return [*told, answer[2]]


LICENSING = frozenset(SEVERITY) - {"MISSING_DATA"}
BY_LICENCE = LICENSING | BALANCES | {"WATCH_LISTED", "STOP_NOTICE", "CUSTOMS_CHALLENGE", "END_USE_CHANGED", "END_USER_CHANGED"}


def _compare(number: int, theirs: Any, ours: Any) -> tuple[int, Any, Any] | None:
    found = [(k, t.get(k), o.get(k)) for t, o in zip(theirs, ours, strict=True) for k in {**t, **o} if t.get(k) != o.get(k)]
    return (number, [f[:2] for f in found], [(f[0], f[2]) for f in found]) if found else None


def difference(steps: list[Step]) -> tuple[int, Any, Any] | None:
    """The first step after which the two differ, with what each says about it; None: they agree."""
    world, model = engine_side.new_world(), new_model()
    for number, step in enumerate(steps):
        engine_side.apply_step(world, step)
        tell_model(model, step)
        theirs, ours = engine_side.answer(world), model.answer()
        if theirs != ours and (found := _compare(number, _told(theirs, ours), _told(ours, theirs))):
            return found
    world.sweep(EVERYTHING)
    world.settle()
    return _compare(len(steps), engine_side.answer(world), model.answer())


def shrunk(steps: list[Step]) -> list[Step]:
    """The history without the steps that the difference doesn't need."""
    index = 0
    while index < len(steps):
        fewer = steps[:index] + steps[index + 1 :]
        if fewer and _in_time(fewer) and difference(fewer):
            steps, index = fewer, 0
        else:
            index += 1
    return steps


def _in_time(steps: list[Step]) -> bool:
    """Whether no event is dated ahead of the clock."""
    clock = START
    for kind, _, at, _ in steps:
        if kind == "clock":
            clock = max(clock, at)
        elif at[:23] > clock[:19] + ".999":
            return False
    return True
