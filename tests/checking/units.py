"""What is drawn stands in one unit and one currency: the draws', the balance's and the licence line's (D3.9, D4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.checking.stored import Stored

AMOUNTS = ("reserved", "consumed", "value_reserved", "value_consumed")


def units(stored: Stored) -> Iterator[str]:
    """Of every licence line on which something stands; whatever a version that is no longer stored said of it."""
    drawn = {
        (row["licence_no"], row["line_no"]): (row["unit"], row["currency"])
        for row in stored.rows["balances"]
        if any(row[name] for name in AMOUNTS)
    }
    for licence in stored.licences.values():
        for line in licence.lines:
            counted = drawn.get((licence.licence_no, line.line_no))
            granted = (line.quantity.unit, line.value.currency)
            if counted not in (None, granted):
                yield f"licence {licence.licence_no} line {line.line_no}: drawn in {counted}, granted in {granted}"
    for (owner, owner_id), body in stored.bodies.items():
        for draw in body.draws:
            counted = drawn.get((draw.licence_no, draw.licence_line))
            own = (draw.quantity.unit, draw.value.currency)
            if (draw.quantity.value or draw.value.amount) and counted != own:
                yield f"{owner} {owner_id}: draws {own} on {draw.licence_no} line {draw.licence_line}, in {counted}"
    for row in stored.rows["ledger"]:
        if bool(row["licence_line"]) != (row["unit"] is not None and row["currency"] is not None):
            yield f"licence {row['licence_no']} line {row['licence_line']}: the ledger has entries without a unit"
