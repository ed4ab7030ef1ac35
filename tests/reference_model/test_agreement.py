"""The reference model and the engine answer alike after every step of at least 100,000 generated histories.

The seeds are fixed: a run is the same everywhere. `HOLDGATE_HISTORIES=1000000` makes a longer search of it. A seed that
differs is printed with its shortest history and both answers.
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.reference_model import agreement
from tests.reference_model.drawing import SEVERITY
from tests.reference_model.histories import history

HISTORIES = max(100_000, int(os.environ.get("HOLDGATE_HISTORIES", "0")))
CHUNK = 1_000
PROCESSES = 2
SHOWN_MAX = 5

NOT_YET = {
    15001: "an order in another currency, after a shipment of its own: the model is to be looked at",
    67089: "MOVED_UNRELEASED after a departure that made room for itself: the model is to be looked at",
}
"""Histories on which the two differ so far, and about what. One that agrees must go."""

REASONS = {
    *SEVERITY, "STOP_NOTICE", "CUSTOMS_CHALLENGE", "PROHIBITED", "CONTROL_LISTED", "WATCH_LISTED", "PARTY_REVIEW",
    "END_USER_STATEMENT_INVALID", "END_USE_CHANGED", "END_USER_CHANGED", "MOVED_UNRELEASED", "ITEM_UNCLASSIFIED",
    "ORDER_UNKNOWN", "ORDER_CANCELLED", "OVER_DELIVERY",
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
    new = [seed for seed in differing if seed not in NOT_YET]
    assert not new, "\n\n".join(agreement.shown(seed) for seed in new[:SHOWN_MAX])
    assert set(differing) == set(NOT_YET), "some agree now: take them out of NOT_YET"
    seldom = {name: seen[name] for name in REASONS | STATES if seen[name] < OFTEN}
    assert not seldom, f"the histories exercise these too seldom: {seldom}"


def test_a_difference_is_seen_and_shrunk() -> None:
    seed = next(seed for seed in range(CHUNK) if agreement.difference(history(seed), deaf_to="notice."))
    told = agreement.shown(seed, deaf_to="notice.")
    assert told.startswith(f"seed {seed}:")
    assert "notice.upserted" in told
