"""`policy:` of a scenario: overrides of settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import ValidationError

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.store.codec import load
from services.local.scenarios.model import BadScenario

SETTINGS = tuple(setting.name for setting in fields(Policy) if setting.name != "version")
_UNREADABLE_NOTICE = ("stop_releases", "alert_only")


def overridden(given: Mapping[str, Any]) -> Policy:
    """The policy with `given`, as its first version. Raises BadScenario."""
    for name in given:
        if name not in SETTINGS:
            raise BadScenario(f"unknown policy setting {name!r}; there are {', '.join(SETTINGS)}")
    try:
        policy = load(Policy, json.dumps({**given, "version": 1} if given else {}))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadScenario(f"policy setting {where}: {first['msg']}") from error
    if policy.unreadable_notice not in _UNREADABLE_NOTICE:
        raise BadScenario(f"policy setting unreadable_notice: must be {' or '.join(_UNREADABLE_NOTICE)}")
    return policy
