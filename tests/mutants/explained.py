"""Mutants that no test can see, each with the reason (explained.toml, explained_n_z.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from tests.mutants.operators import Mutant

FILES = sorted(Path(__file__).parent.glob("explained*.toml"))
Place = tuple[str, str, str]
"""File, the line as it stands there, and the change."""


def explanations() -> Mapping[Place, str]:
    """Why each of these places may survive."""
    entries = [entry for file in FILES for entry in tomllib.loads(file.read_text(encoding="utf-8")).get("mutant", [])]
    return {(entry["file"], entry["text"], entry["change"]): entry["why"] for entry in entries}


def is_explained(known: Mapping[Place, str], file: str, mutant: Mutant) -> bool:
    return (file, mutant.text, mutant.change) in known
