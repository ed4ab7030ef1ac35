"""Several licences that give one line together what none of them has alone (D3.7, policy `combine_licences`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.matching import Judgement
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.room import LineKey, Room, place_of
from services.gatekeeper.domain.room_amounts import Amounts
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.domain.selection import answers, chosen, in_order
from services.gatekeeper.domain.shares import ZERO, floored, split_values

SIZE = frozenset({Reason.QTY_EXCEEDED, Reason.VALUE_EXCEEDED, Reason.PERIOD_LIMIT_EXCEEDED})
"""What a smaller part of the line may not meet any more."""
WHOLE = Fraction(1)
Fractions = Mapping[LineKey, Fraction]
"""How much of the line each licence line gives; together 1."""


def fitting(
    case: Case,
    line: CaseLine,
    judgements: Sequence[Judgement],
    current: Sequence[Draw],
    room: Room,
    against: Collection[Notice],
    reserved: Sequence[Draw] = (),
) -> tuple[Judgement, ...]:
    """What the line draws on: one judgement, or with `combine_licences` several parts of it; (): it fits nowhere.

    `current`: what the line stands with; `reserved`: what its own order reserves for it.

    What one licence gives alone isn't combined, but a combination that stands stays, as a draw stays where it is
    (D3.5). Where a notice stands against the line, licences that answer it come first, combined ones, too (D6.6).
    """
    best = chosen(judgements, current, reserved, against)
    alone = () if best is None else (best,)
    if not case.policy.combine_licences:
        return alone
    givers = _givers(in_order(judgements, current, reserved, against))
    standing = [giver for giver in givers if any(place_of(draw) == giver.key for draw in current)]
    stays = _combined(line, standing, current, room) if len(current) > 1 else ()
    if stays and _all_answer(stays, against):
        return stays
    if best is not None and answers(best.candidate.licence, against):
        return alone
    answering = [giver for giver in givers if answers(giver.judgement.candidate.licence, against)]
    together = _combined(line, answering, current, room) if answering else ()
    return together or stays or alone or _combined(line, givers, current, room)


def spread(
    line: CaseLine, judgements: Iterable[Judgement], booked: Sequence[Draw], room: Room
) -> tuple[Judgement, ...]:
    """Parts on the licences where `booked` stands, each giving first what it gave; (): they have too little."""
    return _combined(line, _givers(in_order(judgements, booked, (), ())), booked, room)


def _all_answer(several: Iterable[Judgement], against: Collection[Notice]) -> bool:
    return not against or all(answers(one.candidate.licence, against) for one in several)


@dataclass(frozen=True, slots=True)
class _Giver:
    """A licence line that fits but for how much is asked; `whole`: what the line would draw there alone."""

    judgement: Judgement
    whole: Amounts

    @property
    def key(self) -> LineKey:
        return self.judgement.candidate.key


def _givers(judgements: Iterable[Judgement]) -> list[_Giver]:
    fitting_but_for_size = (one for one in judgements if all(found.reason in SIZE for found in one.findings))
    several = ((one, one.amounts) for one in fitting_but_for_size)
    return [_Giver(one, whole) for one, whole in several if whole is not None and whole.quantity > 0]


def _combined(line: CaseLine, givers: Sequence[_Giver], current: Sequence[Draw], room: Room) -> tuple[Judgement, ...]:
    """Parts of `givers`, of each licence one line, each giving what it has until the line is covered; (): it isn't.

    Where several draws stand each goes on giving what it gave before any gives more.
    """
    given: dict[LineKey, Fraction] = {}
    stood = {place_of(draw): Fraction(draw.quantity.value) for draw in current} if len(current) > 1 else {}
    for giver in givers:
        if giver.key in stood:
            given[giver.key] = _given(line, giver, room, givers, given, stood[giver.key] / giver.whole.quantity)
    for giver in givers:
        if all(key == giver.key or key[0] != giver.key[0] for key, fraction in given.items() if fraction):
            given[giver.key] = _given(line, giver, room, givers, given, WHOLE)
    covered = sum(given.values(), ZERO) == WHOLE
    return parts((giver.judgement for giver in givers), given) if covered else ()


def _given(
    line: CaseLine,
    giver: _Giver,
    room: Room,
    givers: Sequence[_Giver],
    given: Fractions,
    at_most: Fraction,
) -> Fraction:
    """How much of the line this one gives beside what others do: what is still to cover, as far as it has that."""
    others = {key: fraction for key, fraction in given.items() if key != giver.key}
    wanted = min(at_most, WHOLE - sum(others.values(), ZERO))
    whole = {one.key: one.whole.quantity for one in givers}
    has = _has(line, giver, room, {key: fraction * whole[key] for key, fraction in others.items()})
    return wanted if wanted <= has else floored(has * giver.whole.quantity) / giver.whole.quantity


def _has(line: CaseLine, giver: _Giver, room: Room, taken: Mapping[LineKey, Fraction]) -> Fraction:
    """Which part of the line it could give: by quantity, value and every period limit."""
    candidate, whole = giver.judgement.candidate, giver.whole
    available = room.available(line, candidate, taken)
    bounds = [available.quantity / whole.quantity]
    if whole.value:
        bounds.append(available.value / whole.value)
    lefts = (period.left or ZERO for period in room.periods(line, candidate, taken))
    bounds += (left / whole.quantity for left in lefts)
    return max(ZERO, min(bounds))


def parts(judgements: Iterable[Judgement], fractions: Fractions) -> tuple[Judgement, ...]:
    """Each judgement in the size of its fraction of the line, by licence; value in proportion, the last takes the rest.

    The judgements are of the whole line and know its amounts.
    """
    several = sorted((one for one in judgements if fractions.get(one.candidate.key)), key=lambda one: one.candidate.key)
    sized = [(one, one.quantity, one.value, fractions[one.candidate.key]) for one in several]
    wholes = [ZERO if value is None else value.amount for _, _, value, _ in sized]
    values = split_values([fraction for *_, fraction in sized], wholes)
    return tuple(
        evolve(
            one,
            findings=(),
            quantity=None if quantity is None else quantity * fraction,
            value=None if value is None else evolve(value, amount=amount),
        )
        for (one, quantity, value, fraction), amount in zip(sized, values, strict=True)
    )
