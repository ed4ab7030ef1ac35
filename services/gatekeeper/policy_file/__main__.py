"""`python -m services.gatekeeper.policy_file` writes docs/policy.md and deploy/policy.yaml from the table."""

from __future__ import annotations

from pathlib import Path

from services.gatekeeper.policy_file.document import policy_document
from services.gatekeeper.policy_file.writing import example_yaml

ROOT = Path(__file__).parents[3]


def main() -> None:
    (ROOT / "docs" / "policy.md").write_text(policy_document(), encoding="utf-8")
    (ROOT / "deploy" / "policy.yaml").write_text(example_yaml(), encoding="utf-8")


if __name__ == "__main__":
    main()
