"""Scenario files as they are read: nothing is guessed, and nothing that nobody knows is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.gatekeeper.domain.policy import Policy
from services.kit.yaml_text import load_yaml
from services.local.scenarios.model import BadScenario, Event, Raw
from services.local.scenarios.parse import read_scenarios

STEP = "{event: {type: shipment.upserted, data: {shipment_id: S1}}}"


def _written(folder: Path, text: str, name: str = "own.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _file(folder: Path, *, step: str = STEP, extra: str = "", clock: str = "2026-03-02T09:00:00+08:00") -> Path:
    return _written(folder, f"scenarios:\n  - {{id: A1, clock: {clock}, {extra} steps: [{step}]}}\n")


def test_scalars_are_what_was_written() -> None:
    text = "[2026-03-02, 2026-03-02T09:00:00+08:00, NO, yes, 12:05, 007, 1_000, 1E902, True, '1', 1, -3, 1.5, true, ~]"
    assert load_yaml(text) == [
        "2026-03-02",
        "2026-03-02T09:00:00+08:00",
        "NO",
        "yes",
        "12:05",
        "007",
        "1_000",
        "1E902",
        "True",
        "1",
        1,
        -3,
        1.5,
        True,
        None,
    ]


def test_a_step_is_read_with_its_time_as_it_was_written(tmp_path: Path) -> None:
    event = "{event: {type: shipment.upserted, id: e, time: 2026-03-02, data: {shipment_id: S1, version: 1}}}"
    raw = '{raw: "{not json", topic: trade.shipments.v1, key: S1, headers: {ce_id: x}}'
    [scenario] = read_scenarios([_file(tmp_path, step=f"{event}, {raw}")])
    assert [step.action for step in scenario.steps] == [
        Event("shipment.upserted.v1", {"shipment_id": "S1", "version": 1}, "e", "2026-03-02"),
        Raw(b"{not json", "trade.shipments.v1", "S1", (("ce_id", "x"),)),
    ]


def test_a_fixture_comes_before_the_scenarios_own(tmp_path: Path) -> None:
    _written(tmp_path, "given: [{type: item.upserted, data: {item_no: A}}]", "base.yaml")
    own = "given: [{type: item.upserted, data: {item_no: B}}]"
    text = f"fixture: base.yaml\nscenarios: [{{id: A1, clock: 2026-03-02T09:00:00Z, {own}, steps: [{STEP}]}}]"
    _written(tmp_path, text)
    [scenario] = read_scenarios([tmp_path])
    assert [event.data["item_no"] for event in scenario.given] == ["A", "B"]


@pytest.mark.parametrize(
    ("step", "extra", "said"),
    [
        (STEP, "colour: red,", "scenario A1: unknown key 'colour'"),
        (
            STEP,
            "policy: {combine_licenses: true},",
            "policy setting combine_licenses is no setting; did you mean combine_licences?",
        ),
        (STEP, "policy: {fx_max_age_days: soon},", "policy setting fx_max_age_days must be a whole number of days"),
        (STEP, "policy: {unreadable_notice: perhaps},", "unreadable_notice must be stop_releases or alert_only"),
        (STEP, "policy: {fx_max_age_days: !!timestamp 2026-03-02},", "fx_max_age_days must be a whole number of days"),
        (STEP, "policy: {feed_max_age_hours: {CONTROLS: x}},", "policy setting feed_max_age_hours.CONTROLS must be"),
        (STEP, "policy: {version: 3},", "policy setting version is not for a scenario"),
        (STEP, "policy: {version: 0, review_valid_days: 0},", "; policy setting review_valid_days must be a whole"),
        (STEP, "given: [{type: shipment.upserted, data: {}, when: now}],", "scenario A1, given 1: unknown key 'when'"),
        ("{event: {type: shipment.uploaded, data: {}}}", "", "scenario A1, step 1: unknown type 'shipment.uploaded'"),
        ("{event: {type: shipment.upserted}}", "", "data of shipment.upserted must be a mapping"),
        ("{event: {type: item.upserted, data: {a: !!timestamp 2026-03-02}}}", "", "can't be written as JSON"),
        (f"{STEP}, {{advance_to: 2026-03-01T09:00:00+08:00}}", "", "step 2: advance_to lies before"),
        ("{advance_to: 2026-03-03}", "", "advance_to must be a time with offset"),
        ("{advance_to: 2026-03-03T00:00:00Z, raw: x, topic: trade.orders.v1}", "", "a step does one thing"),
        ("{raw: x, topic: trade.letters.v1}", "", "topic of a raw step must be one of"),
        ("{expect: [], key: S1}", "", "unknown key 'key' in a step"),
        ("{call: {method: POST, path: /v1/notices, with: x}}", "", "unknown key 'with' in a call"),
        ("{call: {method: SEND, path: /v1/notices}}", "", "method of a call"),
        ("{expect: [{shipment: S1, resons: []}]}", "", "step 1: unknown key 'resons' in shipment"),
        ("{expect: [{shipment: S1, directives: {carrier: STOP}}]}", "", "directives by role"),
        ("{expect: [{shipment: S1, reasons: STOP_NOTICE}]}", "", "reasons must be a list"),
        ("{expect: [{licence: L1, line: 1, free: 0 KGM}]}", "", None),
        ("{expect: [{licence: L1, line: 1, free: 0}]}", "", "free must be an amount with its unit"),
        ("{expect: [{licence: L1, line: '1'}]}", "", "line must be a whole number"),
        ("{expect: [{violations: {shipment: S1, licence: L1, kinds: []}}]}", "", "violations must name one of"),
        ("{expect: [{alerts: {feed: CONTROL_LIST, kind: []}}]}", "", "unknown key 'kind' in alerts"),
        ("{expect: [{hold: {shipment: S1}, detail_includes: {}}]}", "", "hold must name its reason"),
        ("{expect: [{parcel: S1}]}", "", "unknown key 'parcel' in an expectation"),
        ("{expect: [{status: 409}]}", "", "status is expected of an answer"),
        ("{call: {method: GET, path: /v1/notices}, expect: [{status: '200'}]}", "", "status of an answer must be"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, step: str, extra: str, said: str | None) -> None:
    path = _file(tmp_path, step=step, extra=extra)
    if said is None:
        assert read_scenarios([path])
        return
    with pytest.raises(BadScenario) as refused:
        read_scenarios([path])
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert "A1" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scenarios: [", "own.yaml: while parsing"),
        ("scenarios: []\nfixtures: x", "unknown key 'fixtures' in the file"),
        ("[]", "the file must be a mapping"),
        ("fixture: gone.yaml\nscenarios: []", "fixture gone.yaml: there is no such file"),
        ("scenarios: [{id: A1, id: A2}]", "the key 'id' is given twice"),
        ("scenarios: [{id: A1, clock: 2026-03-02T09:00:00, steps: [{expect: []}]}]", "clock must be a time with"),
        ("scenarios: [{id: A1, steps: [{expect: []}]}]", "scenario A1: clock is missing"),
        ("scenarios: [{clock: 2026-03-02T09:00:00Z, steps: []}]", "scenario no. 1: id is missing"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadScenario) as refused:
        read_scenarios([_written(tmp_path, text)])
    assert said in str(refused.value)


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match="there is no such file"):
        read_scenarios([tmp_path / "gone.yaml"])
    with pytest.raises(BadScenario, match="there is no scenario file"):
        read_scenarios([tmp_path])


def test_two_scenarios_of_one_id_are_refused(tmp_path: Path) -> None:
    one = f"{{id: A1, clock: 2026-03-02T09:00:00Z, steps: [{STEP}]}}"
    with pytest.raises(BadScenario, match="A1: the id is given twice"):
        read_scenarios([_written(tmp_path, f"scenarios: [{one}, {one}]")])


def test_a_scenarios_policy_is_the_first_version(tmp_path: Path) -> None:
    [as_always] = read_scenarios([_file(tmp_path)])
    [otherwise] = read_scenarios([_file(tmp_path, extra="policy: {combine_licences: true, fx_max_age_days: 3},")])
    assert as_always.policy == Policy()
    assert otherwise.policy == Policy(version=1, combine_licences=True, fx_max_age_days=3)


def test_a_decimal_of_a_scenarios_policy_counts_exactly_as_it_is_written(tmp_path: Path) -> None:
    [scenario] = read_scenarios([_file(tmp_path, extra="policy: {ownership_percent: 33.333333333333},")])
    assert str(scenario.policy.ownership_percent) == "33.333333333333"
