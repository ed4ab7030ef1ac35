"""From a Policy to the text of a policy file, which reads back as the same policy."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.policy_file.kinds import quoted
from services.gatekeeper.policy_file.settings import SETTINGS, VERSION, Setting, plain

LINE_CHARS_MAX = 100
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS_OF_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Those of YAML 1.1 too: another program may read the file."""


def flow(value: Any) -> str:
    """A setting's value on one line."""
    value = plain(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML else quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    return str(value)


def _line(name: str, value: Any) -> str:
    """`name: value`, of a long list one entry on each line."""
    text = f"{name}: {flow(value)}"
    if isinstance(value, tuple) and len(text) > LINE_CHARS_MAX:
        text = f"{name}:\n" + "\n".join(f"  - {flow(entry)}" for entry in value)
    return text


def policy_yaml(policy: Policy) -> str:
    """Every setting of `policy`. The defaults, which nobody applied, are written as version 1: 0 is none to apply."""
    head = [] if policy.version else ["# Nobody has applied a policy: these are the defaults."]
    lines = [_line(setting.name, getattr(policy, setting.name)) for setting in SETTINGS]
    return "\n".join((*head, f"{VERSION.name}: {policy.version or 1}", *lines, ""))


def example_yaml() -> str:
    """deploy/policy.yaml: the defaults, each with what it does and how to say something else."""
    head = _comment(
        "Holdgate's policy: every setting with its default. docs/policy.md says why each is there."
        " `holdgate policy check FILE` says what is wrong with a file, `holdgate policy apply FILE` puts it in effect."
        " What a file leaves out is as by default."
    )
    parts = [f"{_comment(VERSION.what)}\n{VERSION.name}: 1"]
    parts += [_explained(setting) for setting in SETTINGS]
    return "\n\n".join((head, *parts)) + "\n"


def _explained(setting: Setting) -> str:
    example = f"# For example: {setting.name}: {setting.example}"
    lines = (_comment(setting.what), _comment(f"Written as {setting.kind.words}."), example)
    return "\n".join((*lines, _line(setting.name, setting.default)))


def _comment(text: str) -> str:
    return textwrap.fill(
        text, 110, initial_indent="# ", subsequent_indent="# ", break_long_words=False, break_on_hyphens=False
    )
