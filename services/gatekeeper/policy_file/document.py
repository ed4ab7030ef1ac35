"""docs/policy.md, written from the table of settings."""

from __future__ import annotations

import textwrap

from services.gatekeeper.policy_file.settings import SETTINGS, VERSION, Setting
from services.gatekeeper.policy_file.writing import flow

_HEAD = """# Policy

<!-- Written by `python -m services.gatekeeper.policy_file` from the table of settings; a test compares them. -->

What the rulebook leaves to the exporter's own compliance programme stands in one YAML file.
[`deploy/policy.yaml`](../deploy/policy.yaml) is one with every setting as by default; what a file leaves out is as by
default, too. Null or an empty list: the rule is off.

```sh
holdgate policy check policy.yaml    # needs no database: says everything that is wrong, or what is not as by default
holdgate policy diff policy.yaml     # what would change; exit 1 when something would
holdgate policy apply policy.yaml    # puts it in effect
holdgate policy show                 # what is in effect, since when, by whom; --yaml writes it as a file
```

`apply` records the policy as a change of the rules, in one transaction with who applied it and the file's SHA-256 in
the audit. It is in effect for every decision from that commit on, in every process, without a restart; what is open
is judged again, and the status API says `pending` until it was. Each decision keeps the policy's version. Every
change needs a higher `version`: of two people who apply different contents under one number, exactly one succeeds.

A file that can't be used is refused as a whole (exit 2), with file, field, line and column of **every** fault, and
the policy in effect stays. Unknown and repeated names are faults. Whole numbers stand without quotes; quantities and
percentages count exactly as they are written, with or without. Entries of a list are counted from 1:
`catch_all_terms[2]` is the second. Anchors, aliases and tags of YAML are not read; nor is a file above 1 MiB, or a
list above 10,000 entries.

Sources are cited as in the reasons of holds: ECL is the Export Control Law of the PRC (2020), ECR the Regulations on
Export Control of Dual-use Items (State Council Decree 792, 2024), *notice* the Ministry of Commerce's notice of 12
February 2023; D-numbers and upper-case codes are rules and reasons of the rulebook. None of this is legal advice.

## Settings at a glance

| setting | default | read by |
|---|---|---|
"""


def policy_document() -> str:
    """The whole document."""
    rows = "".join(f"| `{one.name}` | `{_default(one)}` | {one.rules} |\n" for one in (VERSION, *SETTINGS))
    return _HEAD + rows + "".join(_section(setting) for setting in (VERSION, *SETTINGS))


def _default(setting: Setting) -> str:
    return "none: must be given" if setting is VERSION else flow(setting.default)


def _section(setting: Setting) -> str:
    parts = (
        f"**Written as** {setting.kind.words}. **Default** `{_default(setting)}`. **Read by** {setting.rules}.",
        f"**Why.** {setting.why}",
    )
    paragraphs = (textwrap.fill(part, 120, break_long_words=False, break_on_hyphens=False) for part in parts)
    what = textwrap.fill(setting.what, 120, break_long_words=False, break_on_hyphens=False)
    example = f"```yaml\n{setting.name}: {setting.example}\n```"
    return f"\n## `{setting.name}`\n\n{what}\n\n" + "\n\n".join(paragraphs) + f"\n\n{example}\n"
