"""What is written from a policy reads back as that policy."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.policy_file.reading import read_policy
from services.gatekeeper.policy_file.settings import FEEDS, ROLES, VERSION_MAX, differing
from services.gatekeeper.policy_file.writing import policy_yaml

WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30).filter(
    lambda text: text == text.strip()
) | st.sampled_from(["null", "~", "true", "No", "7", "1.5", "007", "2026-03-02", "<<", "- a", "a: b", "'", '"', "#"])
LISTS = st.lists(WORDS, unique=True, max_size=12).map(tuple)
DECIMALS = st.decimals(Decimal("0.001"), 100, places=3)
POLICIES = st.builds(
    Policy,
    version=st.integers(1, VERSION_MAX),
    combine_licences=st.booleans(),
    feed_max_age_hours=st.dictionaries(st.sampled_from(FEEDS), st.integers(1, 8784)),
    fx_max_age_days=st.none() | st.integers(0, 366),
    catch_all_end_uses=LISTS,
    catch_all_terms=LISTS,
    catch_all_parties=LISTS,
    split_limit=st.none() | st.builds(Quantity, DECIMALS, st.sampled_from(["KGM", "C62", "4H"])),
    ownership_percent=st.none() | DECIMALS,
    name_match_threshold=st.none() | st.integers(0, 100),
    service_party_roles=st.lists(st.sampled_from(ROLES), unique=True).map(tuple),
    unreadable_notice=st.sampled_from(["stop_releases", "alert_only"]),
)


@given(POLICIES)
def test_what_is_written_from_a_policy_reads_back_as_that_policy(policy: Policy) -> None:
    assert read_policy(policy_yaml(policy).encode(), "own.yaml") == policy


def test_the_defaults_that_nobody_applied_are_written_as_a_file_that_can_be_applied() -> None:
    assert read_policy(policy_yaml(Policy()).encode(), "own.yaml") == Policy(version=1)


def test_a_long_list_is_written_one_entry_on_a_line() -> None:
    written = policy_yaml(Policy(version=1, catch_all_parties=tuple(f"PARTY-{n}" for n in range(30))))
    assert "catch_all_parties:\n  - PARTY-0\n  - PARTY-1\n" in written


def test_the_order_of_a_list_and_trailing_zeros_are_no_difference() -> None:
    one = Policy(catch_all_terms=("a", "b"), ownership_percent=Decimal("50"))
    other = Policy(catch_all_terms=("b", "a"), ownership_percent=Decimal("50.0"))
    assert differing(one, other) == ()
    assert [setting.name for setting in differing(one, Policy())] == ["catch_all_terms", "ownership_percent"]
