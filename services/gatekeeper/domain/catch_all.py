"""CATCH_ALL: an unlisted item whose end use or party is of concern by policy (ECL 12(3), ECR 14).

Unlisted is what was judged NOT_CONTROLLED, or CONTROLLED by codes of which none is in force. What nobody has judged yet
is ITEM_UNCLASSIFIED, and may still turn out to be listed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from services.gatekeeper.domain.aggregates import Draw, Finding, LicenceCovered
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.findings import Detail
from services.gatekeeper.domain.fit import field_findings, status_findings
from services.gatekeeper.domain.lacking import booked_on, lacking
from services.gatekeeper.domain.leaving import has_left, released_at_departure
from services.gatekeeper.domain.meant import end_user_of
from services.gatekeeper.domain.order_rest import rest_of
from services.gatekeeper.domain.parties import EXPORTER, FORWARDER
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.subjects import about_line
from services.gatekeeper.domain.vocabulary import Classification


def catch_all(case: Case) -> Iterator[Finding]:
    """One finding for each line of concern that draws on no licence naming its item (`item_nos`).

    It tells which licence that does was nearest to lifting it, and what that lacks (nearness.py).

    After departure a line that left lawfully without such a licence is asked again only when its facts changed: not
    because policy did (D1.7). One that left on a licence is asked what D1.7 asks of every licence.
    """
    for line in case.lines:
        concern = concern_of(case, line)
        if not concern or _is_shipped_already(case, line) or _left_without(case, line):
            continue
        lacks = _lacks(case, line)
        if lacks is not None:
            yield about_line(Reason.CATCH_ALL, line, {"item_no": line.item_no, **concern, **lacks})


def concerns_anew(case: Case, line: CaseLine) -> bool:
    """Whether departed goods are of concern by facts that changed: then a licence is looked for (D1.7)."""
    return bool(concern_of(case, line)) and not _left_without(case, line)


def concern_of(case: Case, line: CaseLine) -> dict[str, str]:
    """What policy is concerned about: end_use, term, party (with role); empty: nothing, or a listed item."""
    policy = case.policy
    if not (policy.catch_all_end_uses or policy.catch_all_terms or policy.catch_all_parties):
        return {}
    if not case.leaves_territory or not is_unlisted(line):
        return {}
    return {**_use_of_concern(case, line), **_party_of_concern(case, line)}


def is_unlisted(line: CaseLine) -> bool:
    """Whether the item was judged, and needs no licence."""
    if line.needs_licence or line.item is None:
        return False
    lapsed = line.item.classification is Classification.CONTROLLED and bool(line.item.control_codes)
    return lapsed or line.item.classification is Classification.NOT_CONTROLLED


def _use_of_concern(case: Case, line: CaseLine) -> dict[str, str]:
    if line.end_use is None:
        return {}
    concern = {}
    if line.end_use.code is not None and line.end_use.code in case.policy.catch_all_end_uses:
        concern["end_use"] = line.end_use.code
    text = _plain(line.end_use.text or "")
    term = next((term for term in case.policy.catch_all_terms if (plain := _plain(term)) and plain in text), None)
    return concern if term is None else {**concern, "term": term}


def _party_of_concern(case: Case, line: CaseLine) -> dict[str, str]:
    """Whoever fills whatever role, on this line or as exporter or forwarder of the whole."""
    own = ((EXPORTER, case.exporter_id), (FORWARDER, case.forwarder_id))
    roles = [*sorted(line.parties.items()), *((role, PartyRef(party_id)) for role, party_id in own if party_id)]
    for role, ref in roles:
        meant = case.references.resolve(ref).intersection(case.policy.catch_all_parties)
        if meant:
            return {"party": min(meant), "role": role}
    return {}


def _plain(text: str) -> str:
    """NFKC and case folding, each run of white space one space."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def _is_shipped_already(case: Case, line: CaseLine) -> bool:
    """Of an order: its shipments have taken everything, and are asked themselves."""
    return case.order is not None and rest_of(case.references, case.order, line).is_nothing


def _lacks(case: Case, line: CaseLine) -> Detail | None:
    """Which licence is nearest, and what it lacks; None: the line is licensed.

    Before departure only licences that name the item are planned for such a line (plan.py).
    """
    draws = [draw for draw in case.planned if draw.line_no == line.line_no]
    if not draws:
        return case.nearest.get(line.line_no, {})
    if not has_left(case):
        return None
    against = [tuple(_against(case, line, draw)) for draw in draws]
    if not all(against):
        return None
    return {**booked_on(draws[0].licence_no, draws[0].licence_line), **lacking(against[0])}


def _against(case: Case, line: CaseLine, booked: Draw) -> Iterator[Finding]:
    """What D1.7 asks of the licence on which departed goods are booked: whether it was revoked, and its fields.

    The item may have been judged otherwise since; only another item is a changed fact. A licence line that is gone
    from the newest version says nothing any more.
    """
    licence = case.references.licence(booked.licence_no)
    lines = licence.lines if licence is not None else ()
    granted = next((granted for granted in lines if granted.line_no == booked.licence_line), None)
    if licence is None or granted is None:
        return
    left = _left_as(case, line)
    same_item = line.item_no in granted.item_nos or (left is not None and left.item_no == line.item_no)
    candidate = Candidate(licence, granted, covers_all=same_item)
    yield from (found for found in status_findings(line, candidate) if found.reason is Reason.LICENCE_REVOKED)
    yield from field_findings(case, line, candidate)


def _left_without(case: Case, line: CaseLine) -> bool:
    """It left lawfully without a licence, and is still the same item, for the same end user and end use."""
    left = _left_as(case, line)
    return (
        left is not None
        and not left.licensed
        and (
            (left.item_no, left.leaves, left.end_user, left.end_use)
            == (
                line.item_no,
                case.leaves_territory,
                end_user_of(case.references, line),
                line.end_use.code if line.end_use is not None else None,
            )
        )
    )


def _left_as(case: Case, line: CaseLine) -> LicenceCovered | None:
    """What the line was released as; None: it hasn't left, or not released."""
    if case.shipment is None or not has_left(case) or not released_at_departure(case):
        return None
    return next((known for known in case.shipment.released_as if known.line_no == line.line_no), None)
