"""Whatever is decided comes out the same when it is decided again from what was recorded (D1.1)."""

from __future__ import annotations

from services.gatekeeper.domain.replaying import replay
from services.gatekeeper.domain.workspace import Workspace


def assert_decided_again(workspace: Workspace) -> None:
    """By the workspace's rules, which then remember nothing of what was worked out before."""
    references = workspace.references.with_changes(workspace.references.rules_version, ())
    for decision in workspace.effects.decisions:
        again = replay(decision, references, workspace.policy)
        assert (again.verdict, again.differences, again.failed_then) == (decision.verdict, (), False)
