"""docs/policy.md and deploy/policy.yaml say what the table of settings says."""

from __future__ import annotations

from pathlib import Path

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.policy_file.document import policy_document
from services.gatekeeper.policy_file.reading import read_policy
from services.gatekeeper.policy_file.writing import example_yaml

ROOT = Path(__file__).parents[2]


def test_the_document_of_the_policy_is_the_one_that_the_table_gives() -> None:
    assert (ROOT / "docs/policy.md").read_text(encoding="utf-8") == policy_document()


def test_the_example_is_the_one_that_the_table_gives() -> None:
    assert (ROOT / "deploy/policy.yaml").read_text(encoding="utf-8") == example_yaml()


def test_the_example_passes_the_check_and_says_the_defaults() -> None:
    assert read_policy((ROOT / "deploy/policy.yaml").read_bytes(), "policy.yaml") == Policy(version=1)
