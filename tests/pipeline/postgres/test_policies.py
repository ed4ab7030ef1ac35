"""A policy is a rule change: in effect for every decision from its commit on, and one content for each version."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from itertools import islice

import pytest

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rulebook import RuleOutcome
from services.gatekeeper.pipeline.policies import record_policy
from services.gatekeeper.policy_file.reading import read_policy
from services.gatekeeper.store.keys import Visibility
from services.gatekeeper.store.policies import Author, recorded_policy
from services.gatekeeper.store.status import RULE_CHANGE, read_statuses
from tests.faults.cutting import Statement, Way, cutting
from tests.pipeline.feeding import Feeder, keys_in_lane, sent
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import NOW, notice, order, shipment

ANNA, BORIS = Author("cli:anna", "a" * 64), Author("cli:boris", "b" * 64)
UNDESCRIBED = {"parties": {role: {"party_id": "ALPHA"} for role in ("importer", "consignee", "end_user")}}
UNDESCRIBED["parties"]["carrier"] = {"party_id": "CARR-9"}
"""D3.4: a carrier that nobody described is a PARTY_REVIEW, in the roles that policy screens."""


def policy(version: int, *settings: str) -> Policy:
    return read_policy("\n".join((f"version: {version}", *settings)).encode(), "own.yaml")


async def pending(feeder: Feeder, shipment_id: str) -> str | None:
    async with feeder.gate.database.reading() as connection:
        statuses = await read_statuses(connection, [shipment_id], Visibility.everything(), NOW)
    return statuses.found[shipment_id].pending


async def test_a_running_gatekeeper_decides_by_a_policy_from_its_commit_on(feeder: Feeder, open_feeder: Opened) -> None:
    office = await open_feeder()
    await record_policy(office.gate, policy(1, "service_party_roles: [forwarder]"), ANNA)
    await feeder.tell(shipment("S1", **UNDESCRIBED))
    assert await feeder.state("S1") == "RELEASED"
    assert await pending(feeder, "S1") is None
    done = await record_policy(office.gate, policy(2, "service_party_roles: [carrier]"), BORIS)
    assert (done.outcome, done.in_effect.version) == (RuleOutcome.APPLIED, 2)
    assert await pending(feeder, "S1") == RULE_CHANGE
    await feeder.feed(shipment("S2", **UNDESCRIBED))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD PARTY_REVIEW"]
    await feeder.until_idle()
    assert await feeder.states("S1", "S2") == ["HELD PARTY_REVIEW", "HELD PARTY_REVIEW"]
    assert await pending(feeder, "S1") is None
    await record_policy(office.gate, policy(3), ANNA)
    await record_policy(office.gate, policy(4, "service_party_roles: []"), ANNA)
    await feeder.until_idle()
    assert await feeder.states("S1", "S2") == ["RELEASED", "RELEASED"]
    await feeder.assert_sound()


async def test_each_decision_keeps_the_version_of_its_policy(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1", **UNDESCRIBED))
    await record_policy(feeder.gate, policy(3, "service_party_roles: [forwarder]"))
    await feeder.until_idle()
    rows = await feeder.query("SELECT policy_version, state FROM decision WHERE owner_id = 'S1' ORDER BY seq")
    assert [(row["policy_version"], row["state"]) for row in rows] == [(0, "HELD"), (3, "RELEASED")]


async def test_a_batch_between_two_policies_is_judged_by_the_one_that_its_record_says(
    feeder: Feeder, open_feeder: Opened
) -> None:
    """Applied in mid-stream: no decision mixes two policies, and in the end all stand as the last one says."""
    office = await open_feeder()
    keys = list(islice(keys_in_lane(0), 40))

    async def trade() -> None:
        for key in keys:
            await feeder.feed(shipment(key, "1 KGM", **UNDESCRIBED))

    async def govern() -> None:
        for version in range(1, 11):
            roles = "[carrier]" if version % 2 else "[forwarder]"
            await record_policy(office.gate, policy(version, f"service_party_roles: {roles}"), ANNA)

    await asyncio.wait_for(asyncio.gather(trade(), govern()), timeout=60)
    await feeder.until_idle()
    assert set(await feeder.states(*keys)) == {"RELEASED"}
    wrong = "SELECT count(*) FROM decision WHERE (state = 'HELD') <> (policy_version % 2 = 1 OR policy_version = 0)"
    assert await feeder.value(wrong) == 0
    await feeder.assert_sound()


async def test_a_policy_changes_what_an_unreadable_notice_does(feeder: Feeder) -> None:
    await record_policy(feeder.gate, policy(1, "unreadable_notice: alert_only"))
    await feeder.tell(shipment("S1"), order("O1"), sent(notice("N1"), value=b"{broken"), shipment("S2", "10 KGM"))
    assert await feeder.states("S1", "O1", "S2") == ["RELEASED", "CLEARED", "RELEASED"]
    await feeder.tell(shipment("S3", "900 KGM"))
    assert await feeder.state("S3") == "HELD QTY_EXCEEDED"
    await record_policy(feeder.gate, policy(2))
    await feeder.until_idle()
    assert await feeder.state("S3") == "HELD QTY_EXCEEDED EVENT_UNREADABLE"
    await feeder.assert_sound()


async def test_two_who_apply_different_policies_under_one_version_at_once_and_exactly_one_wins(
    feeder: Feeder, open_feeder: Opened
) -> None:
    other = await open_feeder()
    for version in range(1, 11):
        ours, theirs = policy(version, "review_valid_days: 10"), policy(version, "review_valid_days: 20")
        outcomes = await asyncio.wait_for(
            asyncio.gather(record_policy(feeder.gate, ours, ANNA), record_policy(other.gate, theirs, BORIS)), timeout=20
        )
        assert sorted(one.outcome for one in outcomes) == [RuleOutcome.APPLIED, RuleOutcome.STALE]
        won = ours if outcomes[0].outcome is RuleOutcome.APPLIED else theirs
        assert [one.in_effect for one in outcomes] == [won, won]
        assert outcomes[0].rules_version == outcomes[1].rules_version
        audited = await feeder.query("SELECT actor FROM audit WHERE subject = $1", f"policy {version}")
        assert [row["actor"] for row in audited] == [ANNA.name if won is ours else BORIS.name]
    assert await feeder.value("SELECT count(*) FROM rule_row WHERE kind = 'policy'") == 10


@pytest.mark.parametrize("way", Way)
async def test_a_policy_whose_commit_is_cut_is_in_effect_once(world_url: str, feeder: Feeder, way: Way) -> None:
    left = 1

    def choose(statement: Statement, _inside: bool) -> Way | None:
        nonlocal left
        cut = left > 0 and statement.step == "run" and statement.text.startswith("COMMIT")
        left -= cut
        return way if cut else None

    async with cutting(world_url) as proxy:
        office = await Feeder.open(proxy.url, name="office", beside=feeder)
        await record_policy(office.gate, policy(1))
        proxy.choose = choose
        done = await record_policy(office.gate, policy(2, "fx_max_age_days: 3"), ANNA)
        await office.close()
    assert left == 0
    assert done.in_effect == policy(2, "fx_max_age_days: 3")
    assert await feeder.value("SELECT count(*) FROM rule_row WHERE kind = 'policy' AND version = 2") == 1
    assert await feeder.value("SELECT count(*) FROM audit WHERE action = 'policy_applied'") == 1


async def test_a_policy_that_is_not_above_the_one_in_effect_leaves_no_trace(feeder: Feeder) -> None:
    await record_policy(feeder.gate, policy(5, "fx_max_age_days: 3"), ANNA)
    await feeder.until_idle()
    before = await feeder.written()
    for late in (policy(5), policy(4, "fx_max_age_days: 3"), policy(5, "fx_max_age_days: 3")):
        done = await record_policy(feeder.gate, late, BORIS)
        assert done.outcome is RuleOutcome.STALE
        assert done.in_effect == policy(5, "fx_max_age_days: 3")
    assert await feeder.written() == before


async def test_who_applied_a_policy_is_audited_with_the_files_hash_in_the_same_transaction(feeder: Feeder) -> None:
    await record_policy(feeder.gate, policy(2, "fx_max_age_days: 3"), ANNA)
    done = await record_policy(feeder.gate, policy(7), BORIS)
    rows = await feeder.query(
        "SELECT actor, action, subject, detail, audit.xmin = rule_row.xmin AS together FROM audit"
        " JOIN rule_row ON kind = 'policy' AND subject = 'policy ' || version ORDER BY audit.seq"
    )
    assert [(row["actor"], row["action"], row["subject"], row["together"]) for row in rows] == [
        ("cli:anna", "policy_applied", "policy 2", True),
        ("cli:boris", "policy_applied", "policy 7", True),
    ]
    detail = {"sha256": BORIS.sha256, "replaced_version": 2, "rules_version": done.rules_version}
    assert json.loads(rows[1]["detail"]) == detail


async def test_every_recorded_version_is_found_with_its_origin(feeder: Feeder) -> None:
    await record_policy(feeder.gate, policy(2, "split_limit: {value: 12.50, unit: KGM}", "ownership_percent: 50"), ANNA)
    newest = await record_policy(feeder.gate, policy(3))
    async with feeder.gate.database.reading() as connection:
        second, now, none = [await recorded_policy(connection, version) for version in (2, None, 9)]
    assert second is not None
    assert now is not None
    assert none is None
    assert second.policy == policy(2, "split_limit: {value: 12.50, unit: KGM}", "ownership_percent: 50")
    assert (second.author, second.since) == (ANNA, NOW)
    assert dataclasses.asdict(now) == {
        "policy": dataclasses.asdict(Policy(version=3)),
        "rules_version": newest.rules_version,
        "since": NOW,
        "author": None,
    }


async def test_before_anybody_applied_a_policy_the_defaults_are_in_effect(feeder: Feeder) -> None:
    async with feeder.gate.database.reading() as connection:
        for version in (None, 0):
            found = await recorded_policy(connection, version)
            assert found is not None
            assert (found.policy, found.since, found.author) == (Policy(), None, None)
