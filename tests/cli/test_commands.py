"""The command line: exit codes, JSON and nothing else, and errors that name what is wrong."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.pipeline.feeding import Feeder, sent
from tests.pipeline.trade import RULES, shipment


def test_without_arguments_the_commands_are_shown(holdgate: Run) -> None:
    shown = holdgate()
    assert shown.returncode == 2
    assert "quarantine" in shown.stdout + shown.stderr


def test_a_database_that_is_not_set_up_is_named_with_the_remedy(holdgate: Run) -> None:
    refused = holdgate("lanes")
    assert refused.returncode == 2
    assert "holdgate migrate" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_migrating_twice_is_fine_and_another_number_of_partitions_is_refused(holdgate: Run) -> None:
    assert holdgate("migrate").returncode == 0
    assert holdgate("migrate").returncode == 0
    refused = holdgate("migrate", HOLDGATE_PARTITIONS="6")
    assert refused.returncode == 2
    assert "HOLDGATE_PARTITIONS" in refused.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HOLDGATE_PARTITIONS", "four"), ("HOLDGATE_TRANSACTIONS", "perhaps"), ("HOLDGATE_UNREADABLE_SHARE_MAX", "half")],
)
def test_a_setting_of_the_wrong_type_is_named(holdgate: Run, variable: str, value: str) -> None:
    refused = holdgate("lanes", **{variable: value})
    assert refused.returncode == 2
    assert variable in refused.stderr


def test_a_command_without_its_database_says_which_setting_is_missing(holdgate: Run) -> None:
    for command in ("lanes", "migrate", "api"):
        refused = holdgate(command, HOLDGATE_DATABASE_URL="")
        assert refused.returncode == 2, command
        assert "HOLDGATE_DATABASE_URL" in refused.stderr


def test_a_gatekeeper_whose_metrics_port_is_taken_says_which_setting_to_change(holdgate: Run, migrated: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = holdgate("gatekeeper", HOLDGATE_METRICS_PORT=port, HOLDGATE_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert refused.returncode == 2, refused.stderr
    said = refused.stderr.splitlines()[-1]
    assert "HOLDGATE_METRICS_PORT" in said
    assert f"127.0.0.1:{port}" in said
    assert "Traceback" not in refused.stderr


def test_keys_are_made_listed_and_revoked_and_their_secret_is_shown_once(holdgate: Run, migrated: str) -> None:
    made = json.loads(
        holdgate("keys", "create", "fwd", "--scope", "shipments:read", "--forwarder", "F1", "--json").stdout
    )
    assert made["token"].startswith(f"hg_{made['key_id']}_")
    listed = holdgate("keys", "list", "--json").stdout
    assert [key["principal"] for key in json.loads(listed)] == ["fwd"]
    assert made["token"].rsplit("_", 1)[1] not in listed
    assert holdgate("keys", "revoke", made["key_id"]).returncode == 0
    assert holdgate("keys", "revoke", made["key_id"]).returncode == 1
    refused = holdgate("keys", "create", "fwd", "--scope", "everything")
    assert refused.returncode == 2
    assert "everything" in refused.stderr


async def test_a_quarantined_record_is_shown_replayed_and_dropped(holdgate: Run, migrated: str, tmp_path: Path) -> None:
    feeder = await Feeder.open(migrated, name="test")
    await feeder.tell(*RULES)
    await feeder.tell(sent(shipment("S1"), value=b"{broken"), sent(shipment("S2"), value=b"[]"))
    rows = json.loads(holdgate("quarantine", "list", "--json").stdout)
    assert {row["about"] for row in rows} == {"S1", "S2"}
    first, second = sorted(rows, key=lambda row: str(row["about"]))
    shown = json.loads(holdgate("quarantine", "show", first["quarantine_id"], "--json").stdout)
    assert shown["value"] == "{broken"
    again = holdgate("quarantine", "replay", first["quarantine_id"])
    assert again.returncode == 1
    assert "value" in again.stderr
    repaired = tmp_path / "repaired.json"
    repaired.write_text(json.dumps(shipment("S1")[1]))
    assert holdgate("quarantine", "replay", first["quarantine_id"], "--value", str(repaired)).returncode == 0
    assert holdgate("quarantine", "drop", second["quarantine_id"]).returncode == 0
    assert holdgate("quarantine", "drop", second["quarantine_id"]).returncode == 1
    for key in ("S1", "S2"):
        assert "EVENT_UNREADABLE" not in await feeder.state(key)
    assert json.loads(holdgate("quarantine", "list", "--json").stdout) == []
    await feeder.close()


def test_unknown_records_and_partitions_are_said(holdgate: Run, migrated: str) -> None:
    assert holdgate("quarantine", "show", "00000000-0000-0000-0000-000000000000").returncode == 1
    assert holdgate("quarantine", "resume", "trade.orders.v1", "0").returncode == 1
    assert holdgate("quarantine", "show", "no-uuid").returncode == 2


def test_lanes_are_shown_as_one_json_document(holdgate: Run, migrated: str) -> None:
    shown = holdgate("lanes", "--json")
    assert shown.returncode == 0
    assert [lane["lane"] for lane in json.loads(shown.stdout)] == [0, 1, 2, 3]


def test_the_committed_contracts_agree_with_the_models(holdgate: Run) -> None:
    checked = holdgate("schemas", "check")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_doctor_prints_one_json_document(holdgate: Run) -> None:
    assert json.loads(holdgate("doctor", "--json").stdout)


def test_a_scenario_file_that_is_not_there_is_bad_input(holdgate: Run, tmp_path: Path) -> None:
    assert holdgate("scenarios", "run", str(tmp_path / "none.yaml")).returncode == 2
    assert holdgate("scenarios", "walk", str(tmp_path)).returncode == 2
