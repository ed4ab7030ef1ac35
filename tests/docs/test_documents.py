"""The documents say what is so: settings, commands, metrics, links, promises, and the house style's limits."""

from __future__ import annotations

import ast
import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main

from services.cli import app
from services.gatekeeper.api.observing import ApiMetrics
from services.gatekeeper.pipeline import metrics
from services.gatekeeper.wiring import Settings

ROOT = Path(__file__).parents[2]
LINES_PER_FILE_MAX = 300
LINES_PER_FUNCTION_MAX = 60
DOCUMENTS = [*sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("schemas/*.md"))]


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and "migrations/versions" not in str(path)]


def test_the_example_lists_every_setting_with_its_default() -> None:
    lines = (ROOT / "deploy/env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    expected = {f"HOLDGATE_{one.name.upper()}": str(one.default) for one in fields(Settings)}
    expected = {name: {"True": "true", "False": "false"}.get(value, value) for name, value in expected.items()}
    assert given == expected
    assert Settings.from_environment({name: value for name, value in given.items() if value}) == Settings()


def test_every_command_is_in_the_operations_guide_and_no_other() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"^\| `holdgate ([a-z]+)", text, re.MULTILINE)) == known


def test_every_metric_is_in_the_operations_guide_and_no_other() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    ours = {family.name for family in metrics.REGISTRY.collect()} | {
        family.name for family in ApiMetrics().registry.collect() if family.name.startswith("holdgate_")
    }
    assert set(re.findall(r"`(holdgate_[a-z_]+)`", text)) == ours


def test_every_link_leads_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"


def test_every_promise_names_tests_that_exist() -> None:
    text = (ROOT / "docs/delivery.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) >= 20
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text())
        found = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
        assert name in found, f"{file} has no {name}"


def test_every_target_of_the_readme_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "lint", "bench", "check", "clean"} <= targets
    assert set(re.findall(r"^make ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE)) <= targets


@pytest.mark.parametrize(
    "pattern", [r"pypi\.org", r"files\.pythonhosted", r"registry\.npmjs", r"repo1?\.maven", r"/root/", r"/work/"]
)
def test_no_file_names_a_registry_or_a_place_of_one_machine(pattern: str) -> None:
    for path in tracked():
        if path != Path(__file__):
            assert not re.search(pattern, path.read_text(errors="replace")), f"{path.relative_to(ROOT)}: {pattern}"


def test_files_and_functions_stay_within_the_house_limits() -> None:
    for path in sources():
        text = path.read_text()
        assert text.count("\n") <= LINES_PER_FILE_MAX, f"{path.relative_to(ROOT)} is too long"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= LINES_PER_FUNCTION_MAX, f"{path.relative_to(ROOT)}: {node.name}"
