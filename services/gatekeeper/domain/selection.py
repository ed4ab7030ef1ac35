"""Which licence line a line draws on (D3.5), and which one's reasons are given when none fits (D3.6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.matching import Judgement
from services.gatekeeper.domain.notices import answering
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Licence, Notice

SEVERITY = {reason: rank for rank, reason in enumerate(Reason)}


def answers(licence: Licence, notices: Iterable[Notice]) -> bool:
    """Whether `licence` answers one of the notices that stand against the line (D6.6)."""
    return any(answering(notice, licence) for notice in notices)


def chosen(
    judgements: Iterable[Judgement], current: Sequence[Draw], reserved: Sequence[Draw], notices: Collection[Notice]
) -> Judgement | None:
    """The one that fits and comes first; None: none fits."""
    return next(iter(in_order((one for one in judgements if one.fits), current, reserved, notices)), None)


def in_order(
    judgements: Iterable[Judgement], current: Sequence[Draw], reserved: Sequence[Draw], notices: Collection[Notice]
) -> list[Judgement]:
    """Licences that answer a matching notice come first; then a draw stays where it is, then where the line's own order
    has reserved; then D3.5.
    """

    def key(judgement: Judgement) -> tuple[bool, bool, bool, tuple[bool, object, str, int]]:
        place = judgement.candidate.key
        return (
            not answers(judgement.candidate.licence, notices),
            not _is_at(current, place),
            not _is_at(reserved, place),
            judgement.selection_key(),
        )

    return sorted(judgements, key=key)


def nearest(judgements: Iterable[Judgement]) -> Judgement | None:
    """Whose reasons are given: every code covered, fewest reasons, least severe, then D3.5; None: no candidate."""
    return min(judgements, key=distance, default=None)


def distance(judgement: Judgement) -> tuple[bool, int, tuple[int, ...], tuple[bool, object, str, int]]:
    """The smallest is the nearest; in the order of D3.6."""
    ranks = sorted(SEVERITY[finding.reason] for finding in judgement.findings)
    mildest_first = tuple(-rank for rank in ranks)
    return not judgement.candidate.covers_all, len(ranks), mildest_first, judgement.selection_key()


def _is_at(draws: Sequence[Draw], place: tuple[str, int]) -> bool:
    return any((draw.licence_no, draw.licence_line) == place for draw in draws)
