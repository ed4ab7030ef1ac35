"""A policy file says exactly one policy, or is refused with every fault of it (domain.md §9)."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.parties import SERVICE_ROLES
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.policy_file.reading import FILE_BYTES_MAX, BadPolicy, read_policy
from services.gatekeeper.policy_file.settings import BY_NAME, ROLES, SETTINGS

EVERY_SETTING = """
version: 3
combine_licences: true
feed_max_age_hours: {CONTROL_LIST: 24, FX_RATES: 8784}
fx_max_age_days: 0
catch_all_end_uses: [MISSILE]
catch_all_terms:
  - missile
  - "导弹 部件"
catch_all_parties: [ALPHA]
split_limit: {value: "500.250", unit: KGM}
split_window_days: 366
ownership_percent: 50.0000000001
name_match_threshold: 100
service_party_roles: [carrier]
future_event_tolerance_minutes: 0
customs_challenge_days: 60
review_valid_days: 1
unreadable_notice: alert_only
"""


def read(text: str) -> Policy:
    return read_policy(text.encode(), "own.yaml")


def faults(text: str | bytes) -> list[str]:
    """Each fault as it is printed, without the file's name."""
    with pytest.raises(BadPolicy) as refused:
        read_policy(text if isinstance(text, bytes) else text.encode(), "own.yaml")
    said = [str(fault) for fault in refused.value.faults]
    assert str(refused.value).splitlines() == said
    assert all(one.startswith("own.yaml: ") for one in said)
    return [one.removeprefix("own.yaml: ") for one in said]


def test_every_setting_is_read_exactly_as_it_is_written() -> None:
    assert read(EVERY_SETTING) == Policy(
        version=3,
        combine_licences=True,
        feed_max_age_hours={"CONTROL_LIST": 24, "FX_RATES": 8784},
        fx_max_age_days=0,
        catch_all_end_uses=("MISSILE",),
        catch_all_terms=("missile", "导弹 部件"),
        catch_all_parties=("ALPHA",),
        split_limit=Quantity(Decimal("500.250"), "KGM"),
        split_window_days=366,
        ownership_percent=Decimal("50.0000000001"),
        name_match_threshold=100,
        service_party_roles=("carrier",),
        future_event_tolerance_minutes=0,
        customs_challenge_days=60,
        review_valid_days=1,
        unreadable_notice="alert_only",
    )


def test_the_table_knows_every_setting_of_the_domain_and_every_service_role() -> None:
    assert list(BY_NAME) == [field.name for field in fields(Policy)]
    assert set(ROLES) == SERVICE_ROLES


def test_what_a_file_leaves_out_is_as_by_default() -> None:
    assert read("version: 1") == Policy(version=1)


def test_null_or_an_empty_list_turns_a_rule_off() -> None:
    off = "\n".join(
        f"{name}: null"
        for name in (
            "feed_max_age_hours",
            "fx_max_age_days",
            "catch_all_terms",
            "split_limit",
            "ownership_percent",
            "name_match_threshold",
        )
    )
    assert read(f"version: 1\nservice_party_roles: []\n{off}") == Policy(version=1, service_party_roles=())


def test_the_mark_that_some_editors_begin_utf_8_with_is_no_fault() -> None:
    assert read_policy(b"\xef\xbb\xbfversion: 2\r\nfx_max_age_days: 3\r\n", "own.yaml").fx_max_age_days == 3


def test_a_decimal_is_never_rounded_whether_it_is_quoted_or_not() -> None:
    digits = "33.333333333333"
    assert str(read(f"version: 1\nownership_percent: {digits}").ownership_percent) == digits
    assert str(read(f"version: 1\nownership_percent: '{digits}'").ownership_percent) == digits
    limit = read("version: 1\nsplit_limit: {value: 9007199254740993.1, unit: GRM}").split_limit
    assert limit == Quantity(Decimal("9007199254740993.1"), "GRM")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fx_max_age_day: 3", "fx_max_age_day: line 2, column 1: is no setting; did you mean fx_max_age_days?"),
        ("combine-licenses: true", "combine-licenses: line 2, column 1: is no setting; did you mean combine_licences?"),
        ("colour: red", "colour: line 2, column 1: is no setting; there are version, combine_licences"),
        ("version: 2", "version: line 2, column 1: is given twice, first in line 1"),
        ("combine_licences: yes", 'combine_licences: line 2, column 19: must be true or false, not "yes"'),
        ("combine_licences: 1", "must be true or false, not 1"),
        (
            "feed_max_age_hours: {CONTROL_LIST: abc}",
            "feed_max_age_hours.CONTROL_LIST: line 2, column 36: must be a whole number of hours from 1 to 8784,"
            ' not "abc"',
        ),
        ("feed_max_age_hours: {CONTROL_LIST: 0}", "from 1 to 8784, not 0"),
        (
            "feed_max_age_hours: {CONTROL_LIST: 1, CONTROL_LIST: 2}",
            "feed_max_age_hours.CONTROL_LIST: line 2, column 39",
        ),
        ("feed_max_age_hours: {CONTROL: 1}", "feed_max_age_hours.CONTROL: line 2, column 22: is no feed; there are"),
        ("feed_max_age_hours: [CONTROLS]", "must be a mapping from feed to a whole number of hours"),
        ("fx_max_age_days: -1", "from 0 to 366, not -1"),
        ("fx_max_age_days: 367", "from 0 to 366, not 367"),
        ("fx_max_age_days: '3'", 'not "3"'),
        ("fx_max_age_days: 3.0", "not 3.0"),
        ("fx_max_age_days: true", "not true"),
        ("fx_max_age_days: 2026-03-02", 'not "2026-03-02"'),
        ("catch_all_end_uses: MISSILE", 'must be a list of end use codes, not "MISSILE"'),
        ("catch_all_end_uses: {a: b}", "must be a list of end use codes, not a mapping"),
        ("catch_all_terms: [a, '']", "catch_all_terms[2]: line 2, column 22: must be text that neither is empty nor"),
        ("catch_all_terms: [' a']", "begins or ends with a space"),
        ("catch_all_terms: [a, b, a]", 'catch_all_terms[3]: line 2, column 25: "a" is in the list already, as entry 1'),
        ("catch_all_terms: [007, 7]", "catch_all_terms[2]: line 2, column 24: must be text, not 7; write it in quotes"),
        ('catch_all_terms: ["a\\nb"]', "must be of one line, without control characters"),
        (f"catch_all_terms: [{'x' * 201}]", "must have at most 200 characters, not 201"),
        (f"catch_all_parties: [{', '.join(f'P{n}' for n in range(10_001))}]", "must have at most 10000 entries"),
        ("catch_all_parties: [[A]]", "catch_all_parties[1]: line 2, column 21: must be text, not a list"),
        ("split_limit: 500 KGM", 'must be {value: "…", unit: …}, above zero'),
        ("split_limit: {value: 0, unit: KGM}", "split_limit.value: line 2, column 22: must be a number above 0, not 0"),
        ("split_limit: {unit: KGM}", "split_limit.value: line 2, column 14: must be a number above 0, and is missing"),
        ("split_limit: {value: 1e3, unit: KGM}", 'must be a number above 0, not "1e3"'),
        ("split_limit: {value: true, unit: KGM}", "must be a number above 0, not true"),
        ("split_limit: {value: [1], unit: KGM}", "must be a number above 0, not a list"),
        ("split_limit: {value: 1, unit: KQ}", "split_limit.unit: line 2, column 31: must be a known unit such as KGM"),
        ("split_limit: {value: 1}", "split_limit.unit: line 2, column 14: must be a known unit such as KGM, and is"),
        ("split_limit: {value: 1, unit: KGM, per: day}", "split_limit.per: line 2, column 36: is unknown"),
        ("split_window_days: 0", "split_window_days: line 2, column 20: must be a whole number of days from 1 to 366"),
        ("split_window_days: null", "from 1 to 366, not null"),
        ("ownership_percent: 0", "must be a number above 0, up to 100, not 0"),
        ("ownership_percent: 100.1", "not 100.1"),
        ("ownership_percent: 1.0e1", "not 1.0e1"),
        ("ownership_percent: 50%", 'not "50%"'),
        ("name_match_threshold: 101", "from 0 to 100, not 101"),
        ("name_match_threshold: 90.5", "from 0 to 100, not 90.5"),
        ("service_party_roles: [pilot]", "service_party_roles[1]: line 2, column 23: must be one of carrier, broker"),
        ("future_event_tolerance_minutes: 1441", "from 0 to 1440"),
        ("customs_challenge_days: 61", "working days from 1 to 60"),
        ("review_valid_days: 0", "days from 1 to 366, not 0"),
        ("unreadable_notice: perhaps", 'must be stop_releases or alert_only, not "perhaps"'),
        ("unreadable_notice: [alert_only]", "must be stop_releases or alert_only, not a list"),
        ("? [a]\n: 3", "line 2, column 3: a key must be text"),
        ("fx_max_age_days: &days 3", "line 2, column 18: anchors, aliases and tags are not for this file"),
        ("fx_max_age_days: !!int 3", "anchors, aliases and tags are not for this file"),
        ("catch_all_terms: [", "line 3, column 1: while parsing a flow node"),
        ("---\nversion: 2", "expected a single document in the stream"),
        (f"catch_all_terms: {'[' * 1000}", "line 2, column 37: it is nested too deeply"),
        (f"fx_max_age_days: {'9' * 5000}", "line 2, column 18: this is no number, or has too many digits"),
    ],
)
def test_a_fault_is_told_with_its_field_its_line_and_its_column(line: str, said: str) -> None:
    [fault] = faults(f"version: 1\n{line}\n")
    assert said in fault


def test_all_faults_are_told_at_once_in_the_order_of_the_text() -> None:
    text = (
        "fx_max_age_days: soon\ncolour: red\nfeed_max_age_hours:\n  WATCH_LIST: 24\n  CONTROL_LIST: abc\nversion: 0\n"
    )
    assert [one.split(":")[0:2] for one in faults(text)] == [
        ["fx_max_age_days", " line 1, column 18"],
        ["colour", " line 2, column 1"],
        ["feed_max_age_hours.CONTROL_LIST", " line 5, column 17"],
        ["version", " line 6, column 10"],
    ]


@pytest.mark.parametrize("version", ["0", "-1", "1.0", "'1'", "null", "true", "10000000000"])
def test_a_version_is_a_whole_number_from_1_on(version: str) -> None:
    [fault] = faults(f"version: {version}")
    assert fault.startswith("version: line 1, column 10: must be a whole number from 1 to 9999999999, not ")


def test_a_file_without_a_version_is_refused() -> None:
    [fault] = faults("# ours\nfx_max_age_days: 3\n")
    assert fault.startswith("version: line 2, column 1: is missing")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "line 1, column 1: must be a mapping of settings, not null"),
        (b"- version: 1", "line 1, column 1: must be a mapping of settings, not a list"),
        (b"version: 1\n\xff\xfe", "line 2, column 1: must be UTF-8 text"),
        (b"version: 1\nab\x00c: 1", "line 2, column 3: the character U+0000 is not for a text"),
        (b"#" * (FILE_BYTES_MAX + 1), "must have at most 1048576 bytes"),
    ],
)
def test_what_is_no_policy_at_all_is_refused(raw: bytes, said: str) -> None:
    assert faults(raw) == [said]


def test_a_key_that_would_forge_a_line_of_output_is_shown_in_quotes() -> None:
    [fault] = faults('version: 1\n"a\\nown.yaml: version 1 can be applied": 1\n')
    assert fault.startswith('"a\\U0000000aown.yaml: version 1 can be applied": line 2, column 1: is no setting')


SIGNS = (": ", ":", "\n", "  ", "- ", "[", "]", "{", "}", ", ", "'", '"', "#", "&a", "*a", "!!set ", "|", ">", "? ")
SCALARS = ("null", "true", "~", "1", "-0.5", "1e5", "0x1", "é", "导", "\t", "\x85", "<<", "---\n", "%YAML")
PIECES = st.sampled_from([*BY_NAME, "CONTROL_LIST", *SIGNS, *SCALARS])


@given(st.lists(PIECES, max_size=40).map("".join).map(str.encode) | st.binary(max_size=60))
def test_whatever_a_file_holds_it_is_a_policy_or_refused(raw: bytes) -> None:
    try:
        version = read_policy(raw, "own.yaml").version
    except BadPolicy as refused:
        version = len(refused.faults)
    assert version >= 1


def test_the_example_of_each_setting_is_read_and_is_not_its_default() -> None:
    for setting in SETTINGS:
        policy = read(f"version: 1\n{setting.name}: {setting.example}")
        assert getattr(policy, setting.name) != setting.default, setting.name
