"""A plugin for the run on a broken copy: writes down where the project's modules were imported from.

Loaded by `-p tests.mutations.imported` in the copy itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

FILE = "imported.json"
PACKAGES = frozenset({"schemas", "services", "tests"})


def pytest_sessionfinish(session: pytest.Session) -> None:
    files = {
        name: module.__file__
        for name, module in sys.modules.items()
        if name.split(".")[0] in PACKAGES and getattr(module, "__file__", None)
    }
    Path(session.config.rootpath, FILE).write_text(json.dumps(files))
