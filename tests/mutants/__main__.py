"""`python -m tests.mutants`: which slips of the hand in the domain would its tests not see?

Exit 0 = every mutant is seen or explained (explained.toml), 1 = some are not, 2 = bad usage or failing tests.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests.mutants.baseline import DOMAIN, Baseline, TestsFail, measure
from tests.mutants.explained import explanations, is_explained
from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.showing import Verdict, show


@dataclass(frozen=True, slots=True)
class Task:
    file: str
    mutant: Mutant
    tests: tuple[str, ...]
    seconds: float


def _tasks(baseline: Baseline, files: Sequence[str]) -> Iterator[Task]:
    for file in files:
        for mutant in mutants_of((DOMAIN / file).read_text(encoding="utf-8")):
            tests = tuple(test for test in baseline.tests_for(file, mutant.line) if test)
            yield Task(file, mutant, tests, sum(baseline.seconds.get(test, 0.0) for test in tests))


def _show(task: Task) -> Verdict:
    return show(task.file, task.mutant.source, task.tests, task.seconds)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="modules of the domain, as fit.py; default: all")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes at once; default 2")
    return parser.parse_args(arguments)


def _import_what_does_not_change() -> None:
    """Once, in the process that the others are forked from. Nothing of the project: that is imported mutated."""
    import asyncpg  # noqa: F401
    import hypothesis.strategies  # noqa: F401
    import pydantic  # noqa: F401
    import pytest_asyncio  # noqa: F401
    import sqlalchemy  # noqa: F401
    import yaml  # noqa: F401


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    files = options.files or sorted(path.name for path in DOMAIN.glob("*.py"))
    with tempfile.TemporaryDirectory() as folder:
        try:
            baseline = measure(Path(folder))
        except TestsFail as failed:
            print(f"the tests fail without any mutant:\n{failed}", file=sys.stderr)
            return 2
    tasks = list(_tasks(baseline, files))
    if options.sample is not None:
        tasks = random.Random(options.seed).sample(tasks, min(options.sample, len(tasks)))
    return _report(tasks, options.jobs)


def _report(tasks: Sequence[Task], jobs: int) -> int:
    _import_what_does_not_change()
    known, began = explanations(), time.monotonic()
    counts: Counter[str] = Counter()
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        running = {pool.submit(_show, task): task for task in tasks}
        for done in as_completed(running):
            task, verdict = running[done], done.result()
            explained = verdict is not Verdict.SEEN and is_explained(known, task.file, task.mutant)
            counts["explained" if explained else verdict.value] += 1
            if verdict is not Verdict.SEEN and not explained:
                mutant = task.mutant
                print(
                    f"{verdict}: {task.file}:{mutant.line}:{mutant.column}: {mutant.change}: {mutant.text}", flush=True
                )
    seen, total = counts[Verdict.SEEN], len(tasks)
    print(
        f"{total} mutants: {seen} seen ({seen / max(1, total):.1%}), {counts['explained']} explained,"
        f" {counts[Verdict.SURVIVED]} survived, {counts[Verdict.UNTESTED]} untested; {time.monotonic() - began:.0f} s"
    )
    return 1 if counts[Verdict.SURVIVED] + counts[Verdict.UNTESTED] else 0


if __name__ == "__main__":
    sys.exit(main())
