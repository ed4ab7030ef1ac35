"""`holdgate decisions`: exit codes, JSON and nothing else, and the same answers in another process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from services.gatekeeper.domain.calendar import SHANGHAI
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.pipeline.policies import record_policy
from services.gatekeeper.store.policies import Author
from tests.cli.conftest import Run
from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import NOW, RULES, licence, milestone, notice, order, shipment

LATER = NOW + timedelta(hours=1)
IN_BOTH = f"{LATER.astimezone(UTC).isoformat()} ({LATER.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} in Shanghai)"


@pytest.fixture
async def feeder(migrated: str) -> AsyncIterator[Feeder]:
    """Held, released, cancelled and departed shipments of an order."""
    feeder = await Feeder.open(migrated)
    await feeder.tell(*RULES)
    await feeder.tell(order("O1"), shipment("S1", order="O1"), shipment("S2", "900 KGM"), shipment("S3", "9 KGM"))
    await feeder.advance(LATER)
    await feeder.tell(notice("N1", shipments=["S1"]), milestone("S3", "DEPARTED", LATER), licence("M1", version=2))
    yield feeder
    await feeder.close()


async def test_decisions_are_replayed_and_all_are_equal(feeder: Feeder, holdgate: Run) -> None:
    every = await feeder.value("SELECT count(*) FROM decision")
    said = holdgate("decisions", "replay", "--json", PYTHONHASHSEED="7")
    assert (said.returncode, said.stderr) == (0, "")
    told = json.loads(said.stdout)
    assert (told["replayed"], told["equal"], told["different"], told["decisions"]) == (every, every, 0, [])
    one = holdgate("decisions", "replay", "--shipment", "S1")
    assert one.returncode == 0
    count = await feeder.value("SELECT count(*) FROM decision WHERE owner_id = 'S1'")
    assert one.stdout == f"{count} replayed: {count} equal, 0 differ\n"
    assert json.loads(holdgate("decisions", "replay", "--order", "O1", "--json").stdout)["replayed"] > 0
    before = holdgate("decisions", "replay", "--to", LATER.isoformat(), "--json")
    since = holdgate("decisions", "replay", "--from", LATER.isoformat(), "--json")
    assert json.loads(before.stdout)["replayed"] + json.loads(since.stdout)["replayed"] == every


async def test_what_was_changed_is_said_field_by_field_with_exit_1(feeder: Feeder, holdgate: Run) -> None:
    await feeder.query("UPDATE rule_row SET body = jsonb_set(body, '{destinations}', '[\"US\"]') WHERE key = 'M1'")
    said = holdgate("decisions", "replay", "--shipment", "S3")
    assert said.returncode == 1
    assert "finding DESTINATION_MISMATCH licence_no=M1 line_no=1: stored -, replayed" in said.stdout
    assert "state: stored RELEASED, replayed HELD" in said.stdout
    told = json.loads(holdgate("decisions", "replay", "--json").stdout)
    assert told["different"] > 2
    assert {"what": "state", "stored": "RELEASED", "replayed": "HELD"} in told["decisions"][0]["differences"] + [
        difference for one in told["decisions"] for difference in one["differences"]
    ]
    await feeder.query("UPDATE decision SET engine_version = 9")
    other = holdgate("decisions", "replay", "--shipment", "S3")
    assert other.returncode == 1
    assert "decided by engine 9, replayed by engine 1" in other.stdout


async def test_what_was_known_then_is_shown(feeder: Feeder, holdgate: Run) -> None:
    said = holdgate("decisions", "show", "--shipment", "S1", "--json")
    assert (said.returncode, said.stderr) == (0, "")
    assert json.loads(said.stdout)["state"] == "HELD"
    then = holdgate("decisions", "show", "--shipment", "S1", "--at", NOW.isoformat())
    assert then.returncode == 0
    for words in ("RELEASED", "draw line 1 on M1/1: RESERVED 300 KGM", "licence M1, version 1", "order O1 CLEARED"):
        assert words in then.stdout
    now = holdgate("decisions", "show", "--shipment", "S1")
    assert f"hold STOP_NOTICE since {IN_BOTH}:" in now.stdout
    assert f", decided {IN_BOTH} (decision " in now.stdout
    early = holdgate("decisions", "show", "--order", "O1", "--at", "2026-03-01T00:00:00+08:00")
    assert (early.returncode, "not known yet" in early.stdout) == (0, True)
    await feeder.query("UPDATE decision SET body = '{}'")
    assert "NOT TO BE TRUSTED" in holdgate("decisions", "show", "--order", "O1").stdout


async def test_the_policy_is_shown_as_it_was(feeder: Feeder, holdgate: Run) -> None:
    early = json.loads(holdgate("decisions", "show", "--shipment", "S3", "--json").stdout)
    assert (early["policy_version"], early["policy"]["review_valid_days"]) == (0, Policy().review_valid_days)
    policy = Policy(version=1, review_valid_days=17, catch_all_end_uses=("MISSILE",))
    await record_policy(feeder.gate, policy, Author("officer", "00"), patience_seconds=10)
    await feeder.until_idle()
    await feeder.tell(shipment("S4", "5 KGM"))
    await record_policy(
        feeder.gate, replace(policy, version=2, review_valid_days=3), Author("officer", "00"), patience_seconds=10
    )
    said = holdgate("decisions", "show", "--shipment", "S4").stdout
    for words in ("policy, version 1 ", "policy show --version 1`", "\n  review_valid_days: 17\n", "[MISSILE]"):
        assert words in said
    told = json.loads(holdgate("decisions", "show", "--shipment", "S4", "--json").stdout)
    assert (told["policy"]["review_valid_days"], told["policy"]["catch_all_end_uses"]) == (17, ["MISSILE"])


async def test_a_shipment_that_nothing_is_stored_about_is_no_success(feeder: Feeder, holdgate: Run) -> None:
    said = holdgate("decisions", "show", "--shipment", "S99")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "holdgate: no decision about shipment S99 is stored\n"
    told = holdgate("decisions", "show", "--order", "O99", "--at", NOW.isoformat(), "--json")
    assert (told.returncode, json.loads(told.stdout)["known"]) == (1, False)


async def test_a_replay_of_nothing_that_was_asked_for_is_no_success(feeder: Feeder, holdgate: Run) -> None:
    said = holdgate("decisions", "replay", "--shipment", "S99", "--json")
    assert said.returncode == 1
    assert json.loads(said.stdout)["replayed"] == 0
    assert "S99" in said.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "--shipment", "S1", "--order", "O1"),
        ("replay", "--from", "yesterday"),
        ("replay", "--from", "2026-03-03T10:00:00"),
        ("replay", "--from", "2026-03-03T10:00:00Z", "--to", "2026-03-02T10:00:00Z"),
        ("show",),
        ("show", "--shipment", "S1", "--at", "2026-03-03"),
    ],
)
def test_bad_usage_is_refused(holdgate: Run, arguments: tuple[str, ...]) -> None:
    refused = holdgate("decisions", *arguments)
    assert refused.returncode == 2
    assert "--" in refused.stderr
    assert refused.stdout == ""
