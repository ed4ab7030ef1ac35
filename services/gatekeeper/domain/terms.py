"""Scope terms: how sweeps, notices and the status API find what a rule change touches. A term is "prefix:value"."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.feeds import is_stale
from services.gatekeeper.domain.leaving import has_left, open_holds
from services.gatekeeper.domain.names import normalise_name
from services.gatekeeper.domain.parties import case_roles, known
from services.gatekeeper.domain.scope import code_prefixes, hs_prefixes
from services.gatekeeper.domain.splitting import watched

OPEN = "open"
NAMED = "named"
"""A party is given by name in the case's own events: it may be alike to somebody (D5.1)."""

FAMILY = "family"

Touches = tuple[tuple[frozenset[str], ...], ...]
"""OR of ANDs of ORs: a case is touched when, for one alternative, every set overlaps its terms. () touches nobody."""

NOBODY: Touches = ()
EVERYTHING: Touches = ((),)


def touched(touches: Touches, terms: Collection[str]) -> bool:
    """Whether something with `terms` is touched."""
    held = terms if isinstance(terms, frozenset | set) else frozenset(terms)
    return any(all(not alternative.isdisjoint(held) for alternative in every) for every in touches)


def merged(touches: Iterable[tuple[frozenset[str], ...]]) -> Touches:
    """Alternatives of a single set become one set, so that a thousand changes are one query and not a thousand."""
    single: set[str] = set()
    several: list[tuple[frozenset[str], ...]] = []
    for alternative in touches:
        if len(alternative) == 0:
            return ((),)
        if len(alternative) == 1:
            single |= alternative[0]
        else:
            several.append(alternative)
    return (*(((frozenset(single),),) if single else ()), *several)


def case_terms(case: Case, drawn: Collection[str], candidates: Collection[str]) -> frozenset[str]:
    """Everything by which `case` can be found; `drawn` and `candidates` are licence numbers.

    Never too few: whatever a rule reads from References is reached by one of these. Names are those that the events
    give; a party's registered names lead to it by its id (`rulebook.touches_of`).
    """
    own = (f"{case.owner}:{case.owner_id}", OPEN)
    orders = (f"order:{line.order_id}" for line in case.lines if line.order_id is not None)
    licences = (f"licence:{number}" for number in (*drawn, *candidates, *(draw.licence_no for draw in case.planned)))
    shared = scene_terms(case) if case.scene is None else case.scene.terms
    return shared.union(own, orders, licences, _feed_terms(case), _family_terms(case))


def scene_terms(case: Case) -> frozenset[str]:
    """The terms that come neither of who it is, nor of amounts and balances."""
    return frozenset((*_party_terms(case), *_line_terms(case)))


def _party_terms(case: Case) -> Iterator[str]:
    if case.exporter_id is not None:
        yield f"exporter:{case.exporter_id}"
    if case.forwarder_id is not None:
        yield f"forwarder:{case.forwarder_id}"
    for _, ref in case_roles(case):
        yield from (f"party:{party_id}" for party_id in known(ref, case.references).namesakes)
        if ref.name and (name := normalise_name(ref.name)):
            yield f"name:{name}"
            yield NAMED


def _line_terms(case: Case) -> Iterator[str]:
    for line in case.lines:
        yield f"item:{line.item_no}"
        yield from _item_terms(line)
        if line.destination is not None:
            yield f"dest:{line.destination}"
        if line.end_use is not None and line.end_use.code is not None:
            yield f"enduse:{line.end_use.code}"
        if line.value is not None:
            yield f"fx:{line.value.currency}"
        yield from (f"licence:{number}" for number in line.licences)
        yield from (f"statement:{number}" for number in line.end_user_statements)


def _item_terms(line: CaseLine) -> Iterator[str]:
    if line.item is None:
        return
    yield from (f"code:{prefix}" for code in line.item.control_codes for prefix in code_prefixes(code))
    if line.item.hs_code is not None:
        yield from (f"hs:{prefix}" for prefix in hs_prefixes(line.item.hs_code))


def _family_terms(case: Case) -> Iterator[str]:
    """By its families, for changed items whose amounts it reads, and by whose sums it counts for (SPLIT_SUSPECTED).

    What left is judged no more by these, unless a hold with which it left is open.
    """
    if case.policy.split_limit is not None and (not has_left(case) or open_holds(case)):
        for key in {key for keys in watched(case).values() for key in keys}:
            yield from (f"{FAMILY}:{key.family}", f"{FAMILY}:{key.text}")


def _feed_terms(case: Case) -> Iterator[str]:
    """Feeds that are too old: only what they hold is judged again when they are refreshed (REFERENCE_UNAVAILABLE)."""
    return (
        f"feed:{name}"
        for name in case.policy.feed_max_age_hours
        if is_stale(case.references, case.policy, name, case.as_of)
    )
