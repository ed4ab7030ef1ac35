"""CATCH_ALL: an unlisted item whose end use or party is of concern by policy (ECL 12(3), ECR 14).

Unlisted is what was judged NOT_CONTROLLED, or CONTROLLED by codes of which none is in force. What nobody has judged yet
is ITEM_UNCLASSIFIED, and may still turn out to be listed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from hashlib import sha256

from services.gatekeeper.domain.aggregates import Finding, LicenceCovered
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.leaving import released_lines
from services.gatekeeper.domain.meant import end_user_of, whom
from services.gatekeeper.domain.order_rest import rest_of
from services.gatekeeper.domain.parties import EXPORTER, FORWARDER
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.subjects import about_line
from services.gatekeeper.domain.vocabulary import Classification

DIGEST_DIGITS = 16


def catch_all(case: Case) -> Iterator[Finding]:
    """One finding for each line of concern that no licence naming its item (`item_nos`) fits; before departure only
    such licences are planned for it (plan.py).

    It tells which licence that does was nearest to lifting it, and what that lacks (nearness.py).

    After departure a line that left lawfully without such a licence is asked again only when its facts changed: not
    because policy did (D1.7). One that left on a licence, or while held, is asked like any line that is booked
    (departed.py).
    """
    licensed = {draw.line_no for draw in case.fitting}
    for line in case.lines:
        concern = concern_of(case, line)
        if not concern or line.line_no in licensed or _is_shipped_already(case, line):
            continue
        if not left_without(case, line):
            lacks = case.nearest.get(line.line_no, {})
            yield about_line(Reason.CATCH_ALL, line, {"item_no": line.item_no, **concern, **lacks})


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
    term = _term_of_concern(case, line)
    return concern if term is None else {**concern, "term": term}


def _term_of_concern(case: Case, line: CaseLine) -> str | None:
    text = _text(line)
    return next((term for term in case.policy.catch_all_terms if (plain := _plain(term)) and plain in text), None)


def _party_of_concern(case: Case, line: CaseLine) -> dict[str, str]:
    """Whoever fills whatever role, on this line or as exporter or forwarder of the whole."""
    found = next(_parties_of_concern(case, line), None)
    return {} if found is None else {"party": min(_of_concern(case, found[1])), "role": found[0]}


def _parties_of_concern(case: Case, line: CaseLine) -> Iterator[tuple[str, PartyRef]]:
    return ((role, ref) for role, ref in _roles(case, line) if _of_concern(case, ref))


def _of_concern(case: Case, ref: PartyRef) -> frozenset[str]:
    return case.references.resolve(ref).intersection(case.policy.catch_all_parties)


def _roles(case: Case, line: CaseLine) -> Iterator[tuple[str, PartyRef]]:
    yield from sorted(line.parties.items())
    for role, party_id in ((EXPORTER, case.exporter_id), (FORWARDER, case.forwarder_id)):
        if party_id:
            yield role, PartyRef(party_id)


def _text(line: CaseLine) -> str:
    return _plain((line.end_use.text if line.end_use is not None else None) or "")


def _plain(text: str) -> str:
    """NFKC and case folding, each run of white space one space."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def _is_shipped_already(case: Case, line: CaseLine) -> bool:
    """Of an order: its shipments have taken everything, and are asked themselves."""
    return case.order is not None and rest_of(case.references, case.order, line).is_nothing


def text_read(line: CaseLine) -> str:
    """A digest of the end use's text as terms are looked for in it."""
    return sha256(_text(line).encode()).hexdigest()[:DIGEST_DIGITS]


def parties_read(case: Case, line: CaseLine) -> tuple[tuple[str, str], ...]:
    """Each role with who fills it, equal for the same party under another of its names."""
    return tuple((role, _who(case, ref)) for role, ref in _roles(case, line))


def _who(case: Case, ref: PartyRef) -> str:
    return "|".join(whom(case.references, ref))


def _is_newly_of_concern(case: Case, line: CaseLine, left: LicenceCovered) -> bool:
    """Whether what is of concern now is another text, or another party in its role, than at the release (D1.7)."""
    if left.text is not None and left.text != text_read(line) and _term_of_concern(case, line) is not None:
        return True
    parties = left.parties
    return parties is not None and any(
        (role, _who(case, ref)) not in parties for role, ref in _parties_of_concern(case, line)
    )


def left_without(case: Case, line: CaseLine) -> bool:
    """It left lawfully without a licence, and is still the same item, for the same end user and end use.

    Nor has a text or a party of concern come to it since; what policy alone is newly concerned about hasn't changed.
    """
    left = left_as(case, line)
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
        and not _is_newly_of_concern(case, line, left)
    )


def left_as(case: Case, line: CaseLine) -> LicenceCovered | None:
    """What the line was released as; None: it hasn't left, or not released."""
    return next((known for known in released_lines(case) if known.line_no == line.line_no), None)
