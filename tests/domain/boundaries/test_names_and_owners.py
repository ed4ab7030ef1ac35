"""Who is meant: names to the letter, likeness to the point, shares to the hundredth (D3.4, D5.1, D5.3; CATCH_ALL)."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.facts import EndUse, PartyRef
from services.gatekeeper.domain.likeness import Likeness, indel_ratios
from services.gatekeeper.domain.names import normalise_name
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Owner
from services.gatekeeper.domain.vocabulary import ListName
from services.gatekeeper.store.likeness import token_sort_ratios
from tests.domain.boundaries.steps import percents
from tests.domain.builders import WORLD, line, parties, party, references, shipment
from tests.domain.matching.judged import judged, reasons
from tests.domain.rulebook.examples import entry

LETTERS = "abcdefghijklmnopqrstuvwxyzäöéñ阿尔法有限公司株式会社"
SPACING = st.sampled_from(("", " ", "  ", ".", ", ", "-", "·", "（", "）", "\u3000", "\u200b", "'"))
names = st.text(LETTERS, min_size=2, max_size=16)


def _full_width(letter: str) -> str:
    return chr(ord(letter) + 0xFEE0) if "a" <= letter.lower() <= "z" else letter


@st.composite
def rewritten(draw: st.DrawFn, name: str) -> str:
    """`name` in other cases, other widths, other compositions, with punctuation and spaces anywhere."""
    written = [draw(SPACING)]
    for letter in name:
        form = draw(st.sampled_from((str, str.upper, _full_width, lambda one: unicodedata.normalize("NFD", one))))
        written += [form(letter), draw(SPACING)]
    return "".join(written)


@given(name=names, data=st.data())
def test_a_name_means_its_party_however_it_is_written_and_a_letter_else_is_another(
    name: str, data: st.DataObject
) -> None:
    """D3.4: NFKC, case folding, without punctuation and spaces; a licence is never satisfied by likeness."""
    refs = references(party("ALPHA", name, "DE"))
    alike = Policy(name_match_threshold=1)

    def asked(written: str, country: str | None = "DE", policy: Policy = alike) -> list[str]:
        end_user = {**parties(), "end_user": PartyRef(name=written, country=country)}
        return reasons(judged(shipment(parties=end_user), refs, policy=policy))

    assert asked(data.draw(rewritten(name))) == []
    assert asked(name, None) == []
    assert asked(name, "FR") == ["END_USER_MISMATCH"]
    at = data.draw(st.integers(0, len(name)))
    assert asked(name[:at] + "x" + name[at:]) == ["END_USER_MISMATCH"]
    at = data.draw(st.integers(0, len(name) - 1))
    shorter = name[:at] + name[at + 1 :]
    assert asked(shorter) == ["END_USER_MISMATCH"]
    other = "y" if name[at] == "x" else "x"
    assert asked(name[:at] + other + name[at + 1 :]) == ["END_USER_MISMATCH"]


@given(name=names, data=st.data())
def test_a_list_hits_a_name_however_it_is_written_and_not_one_a_letter_off(name: str, data: st.DataObject) -> None:
    """D5.1."""

    def listed(written: str) -> list[str]:
        refs = references(party("ALPHA", name, "DE"), entry("X", written))
        return reasons(judged(shipment(parties=parties(importer="BETA", consignee="BETA")), refs))

    assert listed(data.draw(rewritten(name))) == ["CONTROL_LISTED"]
    at = data.draw(st.integers(0, len(name)))
    assert listed(name[:at] + "x" + name[at:]) == []


@given(text=st.text(max_size=30))
def test_a_name_that_was_normalised_is_normal(text: str) -> None:
    once = normalise_name(text)
    assert normalise_name(once) == once


# Likeness: of two names of n letters with n - k in common, the ratio is 100 * (n - k) / n.


@pytest.mark.parametrize("ratios", [indel_ratios, token_sort_ratios], ids=["definition", "product"])
@given(length=st.integers(3, 60), data=st.data())
def test_a_score_equal_to_the_threshold_hits_and_one_below_it_does_not(
    ratios: Likeness, length: int, data: st.DataObject
) -> None:
    off = data.draw(st.integers(1, length - 1))
    name, listed = "a" * length, "a" * (length - off) + "b" * off
    score = 100 * (length - off) // length
    found = list(ratios(name, [listed], score))
    assert [position for position, _ in found] == [0]
    assert found[0][1] == pytest.approx(100 * (length - off) / length)
    assert list(ratios(name, [listed], score + 1)) == []


@pytest.mark.parametrize("ratios", [indel_ratios, token_sort_ratios], ids=["definition", "product"])
@given(length=st.sampled_from((10, 20, 25, 50)), data=st.data())
def test_likeness_that_reaches_the_threshold_is_for_review_and_one_letter_less_is_not(
    ratios: Likeness, length: int, data: st.DataObject
) -> None:
    off = data.draw(st.integers(1, length - 2))
    policy = Policy(name_match_threshold=100 * (length - off) // length)

    def listed(letters_off: int) -> list[str]:
        described = party("ALPHA", "q" * length, "DE")
        alike = entry("X", "q" * (length - letters_off) + "z" * letters_off)
        refs = References.empty(ratios).with_changes(1, (*WORLD, described, alike))
        end_user = parties(importer="BETA", consignee="BETA")
        return reasons(judged(shipment(parties=end_user), refs, policy=policy))

    assert listed(off) == ["PARTY_REVIEW"]
    assert listed(off + 1) == []
    assert listed(0) == ["CONTROL_LISTED"]


# Owners

STEP = Decimal("0.01")
shares = percents.map(lambda percent: percent + STEP)


@given(share=shares, hands=st.integers(1, 5), data=st.data())
def test_a_share_equal_to_the_limit_reaches_through_every_hand_and_a_step_below_breaks_the_chain(
    share: Decimal, hands: int, data: st.DataObject
) -> None:
    """D5.3: each share on the way counts for itself."""
    policy = Policy(ownership_percent=share)

    def listed(held: list[Decimal]) -> list[str]:
        chain = ["ALPHA", *(f"OWNER-{number}" for number in range(1, hands + 1))]
        owned = [
            replace(party(party_id, f"Holder {party_id}", "DE"), owners=(Owner(owner, percent),))
            for party_id, owner, percent in zip(chain, chain[1:], held, strict=False)
        ]
        last = party(chain[-1], "The Listed", "DE")
        refs = references(*owned, last, entry("X", "The Listed"))
        end_user = parties(importer="BETA", consignee="BETA")
        return reasons(judged(shipment(parties=end_user), refs, policy=policy))

    equal = [share] * hands
    assert listed(equal) == ["PARTY_REVIEW"]
    broken = data.draw(st.integers(0, hands - 1))
    assert listed([*equal[:broken], share - STEP, *equal[broken + 1 :]]) == []


@pytest.mark.parametrize("name", ListName)
@given(share=shares)
def test_whatever_lists_the_owner_it_is_a_case_for_review(name: ListName, share: Decimal) -> None:
    owned = replace(party("ALPHA", "Alpha GmbH", "DE"), owners=(Owner("GAMMA", share),))
    refs = references(owned, entry("X", "Gamma SA", country="FR", list=name))
    end_user = parties(importer="BETA", consignee="BETA")
    policies = (Policy(ownership_percent=share), Policy(ownership_percent=share + STEP), Policy())
    asked = [reasons(judged(shipment(parties=end_user), refs, policy=policy)) for policy in policies]
    assert asked == [["PARTY_REVIEW"], [], []]


# CATCH_ALL: terms to the letter, codes and parties whole

terms = st.text("abcdefghijklmnopqrstuvwxyz火箭导弹", min_size=2, max_size=10)
around = st.text("0123456789 ", max_size=8)


@given(term=terms, before=around, after=around, upper=st.booleans(), data=st.data())
def test_a_term_is_found_anywhere_in_the_text_and_not_with_a_letter_else(
    term: str, before: str, after: str, upper: bool, data: st.DataObject
) -> None:
    policy = Policy(catch_all_terms=(term,))

    def asked(text: str) -> list[str]:
        bolt = shipment(line(item_no="STEEL-BOLT"), end_use=EndUse("CIVIL_MRI", text))
        return reasons(judged(bolt, policy=policy))

    assert asked(before + (term.upper() if upper else term) + after) == ["CATCH_ALL"]
    assert asked(before + "".join(map(_full_width, term)) + after) == ["CATCH_ALL"]
    at = data.draw(st.integers(0, len(term) - 1))
    assert asked(before + term[:at] + "_" + term[at + 1 :] + after) == []
    assert asked(before + term[:at] + "_" + term[at:] + after) == ([] if at else ["CATCH_ALL"])


@given(code=st.text("ABCDEFGHIJ_", min_size=2, max_size=12), data=st.data())
def test_a_code_or_party_of_concern_is_compared_whole(code: str, data: st.DataObject) -> None:
    other = data.draw(st.sampled_from((code[:-1], code + "A", code.lower() + "x")))

    def asked(policy: Policy) -> list[str]:
        bolt = line(item_no="STEEL-BOLT")
        to = {**parties(), "end_user": PartyRef(code, "Somebody", "DE")}
        return reasons(judged(shipment(bolt, end_use=EndUse(code, ""), parties=to), policy=policy))

    assert asked(Policy(catch_all_end_uses=(code,))) == ["CATCH_ALL"]
    assert asked(Policy(catch_all_end_uses=(other,))) == []
    assert asked(Policy(catch_all_parties=(code,))) == ["CATCH_ALL"]
    assert asked(Policy(catch_all_parties=(other,))) == []
