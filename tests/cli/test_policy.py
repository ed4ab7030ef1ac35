"""`holdgate policy`: what is wrong is said with its place, what is in effect stays until something better is there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from services.gatekeeper.policy_file.writing import example_yaml
from tests.cli.conftest import Run
from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import RULES, TO_ALPHA, shipment

STRICT = "version: 1\nservice_party_roles: [carrier]\n"
BAD = "version: 2\nfeed_max_age_hours:\n  CONTROL_LIST: abc\nfx_max_age_days: 999\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def test_a_file_is_checked_without_a_database(holdgate: Run, file: Path) -> None:
    file.write_text(STRICT)
    checked = holdgate("policy", "check", str(file), HOLDGATE_DATABASE_URL="")
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.splitlines() == [
        f"{file}: version 1 can be applied",
        "  service_party_roles: [carrier] (default: [carrier, broker, bank, forwarder])",
    ]
    told = json.loads(holdgate("policy", "check", str(file), "--json", HOLDGATE_DATABASE_URL="").stdout)
    assert (told["ok"], told["version"], told["errors"]) == (True, 1, [])
    assert told["sha256"] == hashlib.sha256(STRICT.encode()).hexdigest()
    assert told["not_default"] == {
        "service_party_roles": {"value": ["carrier"], "default": ["carrier", "broker", "bank", "forwarder"]}
    }
    defaults = holdgate("policy", "check", "-", given=example_yaml())
    assert defaults.stdout == "standard input: version 1 can be applied\n  everything is as by default\n"


@pytest.mark.parametrize("command", ["check", "apply", "diff"])
def test_every_fault_of_a_bad_file_is_on_standard_error(holdgate: Run, file: Path, command: str) -> None:
    file.write_text(BAD)
    refused = holdgate("policy", command, str(file), "--json", HOLDGATE_DATABASE_URL="")
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        f"holdgate: {file}: feed_max_age_hours.CONTROL_LIST: line 3, column 17: must be a whole number of hours from 1"
        ' to 8784, not "abc"',
        f"holdgate: {file}: fx_max_age_days: line 4, column 18: must be a whole number of days from 0 to 366, not 999",
    ]
    errors = json.loads(refused.stdout)["errors"]
    assert [(one["field"], one["line"], one["column"]) for one in errors] == [
        ("feed_max_age_hours.CONTROL_LIST", 3, 17),
        ("fx_max_age_days", 4, 18),
    ]
    assert holdgate("policy", command, str(file)).stdout == ""


def test_a_file_that_is_not_there_is_bad_input(holdgate: Run, file: Path) -> None:
    refused = holdgate("policy", "check", str(file))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"holdgate: {file}: can't be read: No such file or directory\n"


async def test_a_policy_is_applied_while_a_gatekeeper_runs_and_a_bad_file_changes_nothing(
    holdgate: Run, migrated: str, file: Path
) -> None:
    feeder = await Feeder.open(migrated)
    carrier = {"parties": {**TO_ALPHA["parties"], "carrier": {"party_id": "CARR-9"}}}
    file.write_text("version: 1\nservice_party_roles: []\n")
    assert holdgate("policy", "apply", str(file)).returncode == 0
    await feeder.tell(*RULES, shipment("S1", **carrier))
    assert await feeder.state("S1") == "RELEASED"
    before = await feeder.written()
    file.write_text(BAD)
    assert holdgate("policy", "apply", str(file)).returncode == 2
    assert await feeder.written() == before
    file.write_text(STRICT.replace("1", "2"))
    applied = json.loads(holdgate("policy", "apply", str(file), "--json").stdout)
    assert (applied["ok"], applied["changed"], applied["version"], applied["in_effect"]) == (True, True, 2, 2)
    await feeder.until_idle()
    assert await feeder.state("S1") == "HELD PARTY_REVIEW"
    await feeder.assert_sound()
    await feeder.close()


def test_the_same_policy_again_is_fine_and_another_content_needs_a_higher_version(
    holdgate: Run, migrated: str, file: Path
) -> None:
    file.write_text(STRICT.replace("1", "3"))
    applied = holdgate("policy", "apply", str(file))
    assert (applied.returncode, applied.stdout) == (0, "policy version 3 is in effect with rules version 1\n")
    again = holdgate("policy", "apply", str(file))
    assert (again.returncode, again.stdout) == (0, "nothing to do: version 3 is in effect and says the same\n")
    file.write_text("version: 3\n")
    refused = holdgate("policy", "apply", str(file), "--json")
    assert refused.returncode == 1
    said = "version 3 is in effect already with other content; raise the version"
    assert refused.stderr == f"holdgate: {file}: {said}\n"
    told = json.loads(refused.stdout)
    assert (told["ok"], told["changed"], told["version"], told["in_effect"]) == (False, False, 3, 3)
    file.write_text("version: 2\n")
    older = holdgate("policy", "apply", str(file))
    assert older.returncode == 1
    assert "version 3 is in effect, with other content; raise the version above it" in older.stderr
    shown = json.loads(holdgate("policy", "show", "--json").stdout)
    assert shown["settings"]["service_party_roles"]["value"] == ["carrier"]


def test_what_is_in_effect_is_shown_with_its_origin_and_can_be_applied_again(
    holdgate: Run, migrated: str, file: Path
) -> None:
    unapplied = holdgate("policy", "show")
    assert unapplied.stdout.startswith("policy version 0: the defaults\n  combine_licences: false\n")
    assert holdgate("policy", "check", "-", given=holdgate("policy", "show", "--yaml").stdout).returncode == 0
    text = 'version: 4\nsplit_limit: {value: "0.50", unit: KGM}\ncatch_all_terms: [导弹]\n'
    file.write_text(text, encoding="utf-8")
    assert holdgate("policy", "apply", str(file)).returncode == 0
    shown = json.loads(holdgate("policy", "show", "--json").stdout)
    assert (shown["version"], shown["rules_version"]) == (4, 1)
    assert shown["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert shown["applied_by"].startswith("cli:")
    assert shown["since"].endswith("+00:00")
    assert shown["settings"]["split_limit"] == {"value": {"value": "0.50", "unit": "KGM"}, "default": None}
    told = holdgate("policy", "show").stdout
    assert f"since: {shown['since']}, rules_version: 1, applied_by: {shown['applied_by']}" in told
    assert '  catch_all_terms: ["导弹"]  # default: []\n' in told
    written = holdgate("policy", "show", "--yaml").stdout
    assert holdgate("policy", "apply", "-", given=written).stdout.startswith("nothing to do: version 4 is in effect")
    assert holdgate("policy", "diff", "-", given=written).returncode == 0
    file.write_text("version: 5\n")
    assert holdgate("policy", "apply", str(file)).returncode == 0
    assert holdgate("policy", "show", "--version", "4", "--yaml").stdout == written
    gone = holdgate("policy", "show", "--version", "9")
    assert (gone.returncode, gone.stderr) == (1, "holdgate: there is no policy version 9\n")
    assert holdgate("policy", "show", "--yaml", "--json").returncode == 2


def test_what_a_file_would_change_is_told(holdgate: Run, migrated: str, file: Path) -> None:
    file.write_text("version: 1\nfx_max_age_days: 3\n")
    changed = holdgate("policy", "diff", str(file))
    assert (changed.returncode, changed.stdout) == (1, "fx_max_age_days: null -> 3\n")
    told = json.loads(holdgate("policy", "diff", str(file), "--json").stdout)
    assert told == {
        "file_version": 1,
        "in_effect_version": 0,
        "settings": {"fx_max_age_days": {"file": 3, "in_effect": None}},
    }
    file.write_text("version: 1\n")
    same = holdgate("policy", "diff", str(file))
    assert (same.returncode, same.stdout) == (0, "")
