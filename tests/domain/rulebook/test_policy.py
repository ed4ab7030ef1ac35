from __future__ import annotations

from dataclasses import asdict

from services.gatekeeper.domain.policy import Policy


def test_every_setting_of_the_policy_has_its_default() -> None:
    """domain.md §9; version 0 is before anybody applied a policy file."""
    assert asdict(Policy()) == {
        "version": 0,
        "combine_licences": False,
        "feed_max_age_hours": {},
        "fx_max_age_days": None,
        "catch_all_end_uses": (),
        "catch_all_terms": (),
        "catch_all_parties": (),
        "split_limit": None,
        "split_window_days": 30,
        "ownership_percent": None,
        "name_match_threshold": None,
        "service_party_roles": ("carrier", "broker", "bank", "forwarder"),
        "future_event_tolerance_minutes": 10,
        "customs_challenge_days": 7,
        "review_valid_days": 30,
        "unreadable_notice": "stop_releases",
    }
