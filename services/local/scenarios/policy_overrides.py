"""`policy:` of a scenario: overrides of settings, read as a policy file's are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.policy_file.kinds import field_of
from services.gatekeeper.policy_file.reading import read_settings
from services.gatekeeper.policy_file.settings import VERSION
from services.local.scenarios.model import BadScenario


def overridden(given: Mapping[str, Any]) -> Policy:
    """The policy with `given`, as its first version; the defaults without. Raises BadScenario with every fault."""
    values, faults = read_settings(given)
    said = [f"policy setting {field_of(fault.path)} {fault.message}" for fault in faults]
    if VERSION.name in given:
        said.append("policy setting version is not for a scenario: its policy is the first version")
    if said:
        raise BadScenario("; ".join(said))
    return Policy(**values, version=1) if given else Policy()
