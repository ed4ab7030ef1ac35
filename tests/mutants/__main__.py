"""`python -m tests.mutants`: which slips of the hand in the domain would its tests not see?

Exit 0 = every mutant is seen or explained (explained.toml), 1 = some are not, 2 = bad usage or failing tests.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.baseline import DOMAIN, ROOT, TESTS, Baseline, TestsFail, is_data, measure
from tests.mutants.explained import explanations, is_explained
from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.plugin import ASKED
from tests.mutants.showing import Verdict

Place = tuple[str, int]


class Failed(Exception):
    """A process ended without showing all that it was given."""


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="modules of the domain, as fit.py; default: all")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes at once; default 2")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    files = options.files or sorted(path.name for path in DOMAIN.glob("*.py") if not is_data(path.name))
    mutants = {file: mutants_of((DOMAIN / file).read_text(encoding="utf-8")) for file in files}
    places = [(file, number) for file in files for number in range(len(mutants[file]))]
    shuffled = random.Random(options.seed).sample(places, min(options.sample or len(places), len(places)))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            baseline = measure(Path(folder))
            print(f"{len(shuffled)} mutants; the tests took {time.monotonic() - began:.0f} s", flush=True)
            verdicts = list(_shown(baseline, shuffled, options.jobs, Path(folder)))
        except (TestsFail, Failed) as failed:
            print(f"the tests fail without any mutant, or break off:\n{failed}", file=sys.stderr)
            return 2
    return _report(verdicts, mutants, time.monotonic() - began)


def _shown(baseline: Baseline, places: Sequence[Place], jobs: int, folder: Path) -> Iterator[tuple[Place, Verdict]]:
    """Every place with its verdict. The processes share the places, whose order is random."""
    running = []
    for job in range(jobs):
        results, asked = folder / f"results-{job}", folder / f"asked-{job}.json"
        document = {
            "covering": {
                file: {line: sorted(tests) for line, tests in lines.items()}
                for file, lines in baseline.covering.items()
            },
            "seconds": dict(baseline.seconds),
            "places": places[job::jobs],
            "results": str(results),
        }
        asked.write_text(json.dumps(document), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", TESTS, "-p", "tests.mutants.plugin", "-p", "no:cacheprovider"]
        command += ["-p", "no:cov"]
        environment = {**os.environ, ASKED: str(asked)}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        running.append((process, results, places[job::jobs]))
    for process, results, given in running:
        output, _ = process.communicate()
        lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
        if len(lines) != len(given):
            raise Failed(output[-2_000:])
        for line in lines:
            file, number, verdict = json.loads(line)
            yield (file, number), Verdict(verdict)


def _report(verdicts: Sequence[tuple[Place, Verdict]], mutants: dict[str, list[Mutant]], seconds: float) -> int:
    known = explanations()
    counts: Counter[str] = Counter()
    for (file, number), verdict in sorted(verdicts):
        mutant = mutants[file][number]
        explained = verdict is not Verdict.SEEN and is_explained(known, file, mutant)
        counts["explained" if explained else verdict.value] += 1
        if verdict is not Verdict.SEEN and not explained:
            print(f"{verdict}: {file}:{mutant.line}:{mutant.column}: {mutant.change}: {mutant.text}")
    seen, total = counts[Verdict.SEEN], len(verdicts)
    print(
        f"{total} mutants: {seen} seen ({seen / max(1, total):.1%}), {counts['explained']} explained,"
        f" {counts[Verdict.SURVIVED]} survived, {counts[Verdict.UNTESTED]} untested; {seconds:.0f} s"
    )
    return 1 if counts[Verdict.SURVIVED] + counts[Verdict.UNTESTED] else 0


if __name__ == "__main__":
    sys.exit(main())
