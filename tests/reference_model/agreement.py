"""Compares the model's and the engine's answers after every step of a history."""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from services.gatekeeper.domain.terms import EVERYTHING
from tests.reference_model import engine_side
from tests.reference_model.histories import history
from tests.reference_model.model import SEVERITY, Model
from tests.reference_model.vocabulary import START, Step, base

Answer = tuple[dict[Any, Any], ...]
HELD = {"HELD", "INTERCEPT", "INCIDENT"}
BY_ROOM = {*SEVERITY, "OVER_DELIVERY", "WATCH_LISTED", "STOP_NOTICE", "CUSTOMS_CHALLENGE"} - {"MISSING_DATA"}
"""Reasons that depend on what others take, or on which licence is nearest because of that."""


LOOKS = 4
"""Of so many histories that agree in every reason, one has everybody looked at again: nothing may change by that."""
RECORDS = 20
"""Of so many histories one has every decision made a second time from its record, as every story of tests/domain."""


@dataclass(frozen=True, slots=True)
class Difference:
    """After which step the two differ (the number of steps: once everybody was looked at again), and on what."""

    step: int
    engine: dict[Any, Any]
    model: dict[Any, Any]


@dataclass(slots=True)
class Findings:
    """Of several histories: how many agree, which differ, and how often each state and reason was answered."""

    compared: int = 0
    differing: list[int] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)


def compare(seeds: Iterable[int]) -> Findings:
    """Tells every history to both. Ids of different seeds have nothing to do with each other."""
    findings = Findings()
    gc.disable()  # what a history leaves behind has no cycles worth the time
    for seed in seeds:
        findings.compared += 1
        look_again, from_records = seed % LOOKS == 0, seed % RECORDS == 0
        if difference(history(seed), findings.seen, look_again=look_again, from_records=from_records):
            findings.differing.append(seed)
    gc.enable()
    gc.collect()
    return findings


def difference(
    steps: list[Step],
    seen: Counter[str] | None = None,
    deaf_to: str = "-",
    *,
    look_again: bool = True,
    from_records: bool = True,
) -> Difference | None:
    """None: they agree throughout. `deaf_to`: a kind of event that the model doesn't hear, to see that it is missed.

    Who is held is looked at again when something comes back (D4.4), not whenever others take more: until everybody is
    looked at again, at the end, its reasons may name a balance, or the nearest licence, of an earlier look. Without
    `look_again` that is done only where they do.
    """
    theirs: Answer = ()
    ours: Answer = ()
    world, model = engine_side.new_world(from_records=from_records), _new_model()
    for number, step in enumerate(steps):
        engine_side.apply_step(world, step)
        if step[0] == "clock":
            model.advance_to(step[2])
        elif not step[0].startswith(deaf_to):
            model.take(*step)
        theirs, ours = engine_side.answer(world), model.answer()
        if theirs != ours and (found := _between(number, _firm(theirs, ours), _firm(ours, theirs))):
            return found
        if seen is not None:
            seen.update(state for part in ours[:2] for state, _ in part.values())
            seen.update({r[0] for part in ours[:2] for _, reasons in part.values() for r in reasons})
    if theirs == ours and not look_again:
        return None
    world.sweep(EVERYTHING)
    world.settle()
    return _between(len(steps), engine_side.answer(world), model.answer())


def shrunk(steps: list[Step], deaf_to: str = "-") -> list[Step]:
    """The history without the steps that the difference doesn't need, within what the model answers for."""
    index = 0
    while index < len(steps):
        fewer = steps[:index] + steps[index + 1 :]
        if fewer and _in_scope(fewer) and difference(fewer, deaf_to=deaf_to):
            steps, index = fewer, 0
        else:
            index += 1
    return steps


def shown(seed: int, deaf_to: str = "-") -> str:
    """The shortest history of `seed` that differs, and both answers, to be read."""
    steps = shrunk(history(seed), deaf_to)
    found = difference(steps, deaf_to=deaf_to)
    told = [f"{kind} {event_id} at {at}: {json.dumps(data, ensure_ascii=False)}" for kind, event_id, at, data in steps]
    if found is None:
        return f"seed {seed} agrees"
    after = f"after step {found.step + 1} of {len(steps)}"
    return "\n".join([f"seed {seed}:", *told, after, f"engine: {found.engine}", f"model: {found.model}"])


@lru_cache(None)
def _base() -> Model:
    model = Model(START)
    for step in base():
        model.take(*step)
    return model


def _new_model() -> Model:
    """A model that knows the base already."""
    model, known = Model(START), _base()
    model.seen = set(known.seen)
    model.known = {kind: dict(entities) for kind, entities in known.known.items()}
    return model


def _firm(answer: Answer, other: Answer) -> Answer:
    """`answer` without what may be of an earlier look: of those that both hold, the reasons that depend on room."""
    firm = [
        {
            key: (state, frozenset(r for r in reasons if r[0] not in BY_ROOM))
            if {state, opposite.get(key, ("",))[0]} <= HELD
            else (state, reasons)
            for key, (state, reasons) in part.items()
        }
        for part, opposite in zip(answer[:2], other[:2], strict=True)
    ]
    return (*firm, answer[2])


def _between(step: int, theirs: Answer, ours: Answer) -> Difference | None:
    pairs = [(t, o, key) for t, o in zip(theirs, ours, strict=True) for key in {**t, **o} if t.get(key) != o.get(key)]
    if not pairs:
        return None
    return Difference(step, {key: t.get(key) for t, _, key in pairs}, {key: o.get(key) for _, o, key in pairs})


def _in_scope(steps: list[Step]) -> bool:
    """Whether no event is dated ahead, and nothing leaves undescribed or changes its amounts then."""
    clock = START[:23]
    lines: dict[str, Any] = {}
    left: set[str] = set()
    for kind, _, at, data in steps:
        key = data.get("shipment_id", "")
        if kind == "clock":
            clock = at[:23]
        elif at[:19] > clock[:19] or (key in left and data.get("lines", lines[key]) != lines[key]):
            return False
        elif kind == "shipment.upserted":
            lines[key] = data["lines"]
        elif data.get("milestone") in ("DEPARTED", "ARRIVED", "DELIVERED"):
            if key not in lines:
                return False
            left.add(key)
    return True
