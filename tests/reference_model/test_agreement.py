"""The reference model and the engine answer alike after every step of at least 100,000 generated histories.

The seeds are fixed: a run is the same everywhere. `HOLDGATE_HISTORIES=1000000` makes a longer search of it. A seed that
differs is printed with its shortest history and both answers.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.reference_model import agreement, model
from tests.reference_model.histories import history
from tests.reference_model.model import SEVERITY

HISTORIES = max(100_000, int(os.environ.get("HOLDGATE_HISTORIES", "0")))
CHUNK = 1_000
PROCESSES = 2
SHOWN_MAX = 5

LINES_MAX = 300
"""A model that can be read in one go, and be checked against domain.md by a person."""

REASONS = {
    *SEVERITY, "STOP_NOTICE", "CUSTOMS_CHALLENGE", "PROHIBITED", "CONTROL_LISTED", "WATCH_LISTED", "PARTY_REVIEW",
    "MOVED_UNRELEASED", "ITEM_UNCLASSIFIED", "ORDER_UNKNOWN", "ORDER_CANCELLED", "OVER_DELIVERY",
}  # fmt: skip
STATES = {"HELD", "RELEASED", "INTERCEPT", "INCIDENT", "CLOSED", "CLEARED"}
OFTEN = 50
"""An agreement about what seldom happens means nothing: each reason and state at least as often, in 100,000."""


def test_the_engine_agrees_with_the_reference_model() -> None:
    chunks = [range(start, min(start + CHUNK, HISTORIES)) for start in range(0, HISTORIES, CHUNK)]
    seen: Counter[str] = Counter()
    differing: list[int] = []
    compared = 0
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for part in pool.map(agreement.compare, chunks):
            seen.update(part.seen)
            differing += part.differing
            compared += part.compared
    assert compared == HISTORIES
    assert not differing, "\n\n".join(agreement.shown(seed) for seed in differing[:SHOWN_MAX])
    seldom = {name: seen[name] for name in REASONS | STATES if seen[name] < OFTEN}
    assert not seldom, f"the histories exercise these too seldom: {seldom}"


def test_the_reference_model_stays_small_enough_to_be_read() -> None:
    assert len(Path(model.__file__).read_text(encoding="utf-8").splitlines()) <= LINES_MAX


def test_the_reference_model_shares_no_code_with_what_it_checks() -> None:
    imported = re.findall(r"^(?:from|import) ([\w.]+)", Path(model.__file__).read_text(encoding="utf-8"), re.MULTILINE)
    assert {name.split(".")[0] for name in imported} <= {"__future__", *sys.stdlib_module_names}


def test_a_difference_is_seen_and_shrunk() -> None:
    seed = next(seed for seed in range(CHUNK) if agreement.difference(history(seed), deaf_to="notice."))
    told = agreement.shown(seed, deaf_to="notice.")
    assert told.startswith(f"seed {seed}:")
    assert "notice.upserted" in told
