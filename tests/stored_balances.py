"""Whether balances, ledger and draws of the database say the same (D4.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from services.gatekeeper.domain.aggregates import Draw, Shipment
from services.gatekeeper.domain.quantity import EXACT
from services.gatekeeper.domain.vocabulary import Balance
from tests.stored import Stored

ZERO = Decimal(0)
AMOUNTS = ("reserved", "consumed", "value_reserved", "value_consumed")


def balances(stored: Stored) -> Iterator[str]:
    """D4.1: a balance is the sum of its ledger, and nothing is below zero."""
    lines = {(row["licence_no"], row["line_no"]): [row[name] for name in AMOUNTS] for row in stored.rows["balances"]}
    sums = {
        (row["licence_no"], row["licence_line"]): [row[name] for name in AMOUNTS]
        for row in stored.rows["ledger"]
        if row["licence_line"]
    }
    nothing = [ZERO] * len(AMOUNTS)
    for key in sorted(lines.keys() | sums.keys()):
        balance, total = lines.get(key, nothing), sums.get(key, nothing)
        if balance != total:
            yield f"licence {key[0]} line {key[1]}: balance {_shown(balance)}, ledger {_shown(total)}"
        if any(amount < 0 for amount in balance):
            yield f"licence {key[0]} line {key[1]}: below zero: {_shown(balance)}"
    uses: dict[str, tuple[int, int]] = {}
    for row in stored.rows["ledger"]:
        used, held = uses.get(row["licence_no"], (0, 0))
        uses[row["licence_no"]] = used + row["uses"], held + row["uses_reserved"]
    accounts = {row["licence_no"]: (row["uses"], row["uses_reserved"]) for row in stored.rows["accounts"]}
    for licence_no in sorted(accounts.keys() | uses.keys()):
        counted, booked = accounts.get(licence_no, (0, 0)), uses.get(licence_no, (0, 0))
        if counted != booked:
            yield f"licence {licence_no}: uses and reserved uses {counted}, ledger {booked}"
        if min(counted) < 0:
            yield f"licence {licence_no}: uses below zero: {counted}"


def draws(stored: Stored) -> Iterator[str]:
    """What orders and shipments stand with adds up to the balances."""
    sums: dict[tuple[str, int], list[Decimal]] = {}
    uses: dict[str, list[int]] = {}
    for body in stored.bodies.values():
        past = body.past_draws if isinstance(body, Shipment) else ()
        for draw in (*body.draws, *past):
            total = sums.setdefault((draw.licence_no, draw.licence_line), [ZERO] * len(AMOUNTS))
            offset = 0 if draw.balance is Balance.RESERVED else 1
            total[offset] = EXACT.add(total[offset], draw.quantity.value)
            total[2 + offset] = EXACT.add(total[2 + offset], draw.value.amount)
        if isinstance(body, Shipment):
            _count_uses(uses, body.draws, past)
    lines = {(row["licence_no"], row["line_no"]): [row[name] for name in AMOUNTS] for row in stored.rows["balances"]}
    nothing = [ZERO] * len(AMOUNTS)
    for key in sorted(sums.keys() | lines.keys()):
        drawn, balance = sums.get(key, nothing), lines.get(key, nothing)
        if drawn != balance:
            yield f"licence {key[0]} line {key[1]}: draws {_shown(drawn)}, balance {_shown(balance)}"
    accounts = {row["licence_no"]: [row["uses"], row["uses_reserved"]] for row in stored.rows["accounts"]}
    for licence_no in sorted(accounts.keys() | uses.keys()):
        drawn_uses, counted = uses.get(licence_no, [0, 0]), accounts.get(licence_no, [0, 0])
        if drawn_uses != counted:
            yield f"licence {licence_no}: shipments stand with {drawn_uses} uses, the account says {counted}"


def _count_uses(uses: dict[str, list[int]], present: Iterable[Draw], past: Iterable[Draw]) -> None:
    """One use of each licence for the present export, and one for each that ended with RETURNED."""
    for licence_no, balance in {(draw.licence_no, draw.balance) for draw in present}:
        uses.setdefault(licence_no, [0, 0])[0 if balance is Balance.CONSUMED else 1] += 1
    exports = Counter((draw.licence_no, draw.licence_line, draw.line_no) for draw in past)
    for licence_no in {key[0] for key in exports}:
        uses.setdefault(licence_no, [0, 0])[0] += max(n for key, n in exports.items() if key[0] == licence_no)


def _shown(amounts: Iterable[Decimal]) -> str:
    return " ".join(f"{amount:f}" for amount in amounts)
