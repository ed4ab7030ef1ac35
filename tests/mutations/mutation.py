"""Mutations: code broken on purpose at one place, each in a file of `patches`, with the tests that must see it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

PATCHES = Path(__file__).parent / "patches"


class DoesNotFit(AssertionError):
    """The old text is not in the file exactly once: the code has moved on, and the patch has to follow it."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` in `file` becomes `new`; what that breaks, what it would do to the trade, and the tests that turn red."""

    name: str
    file: str
    old: str
    new: str
    breaks: str
    harm: str
    caught_by: tuple[str, ...]

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").replace("/", ".")

    def broken(self, root: Path) -> str:
        """The broken text of the file below `root`. Raises DoesNotFit."""
        path = root / self.file
        text = path.read_text() if path.is_file() else ""
        if text.count(self.old) != 1:
            raise DoesNotFit(
                f"patches/{self.name}.toml: its old text is {text.count(self.old)} times in {self.file}, not once;"
                f" find where this is done now and mend the patch:\n{self.old}"
            )
        return text.replace(self.old, self.new)

    def apply(self, root: Path) -> None:
        """Break the copy at `root`. Raises DoesNotFit."""
        (root / self.file).write_text(self.broken(root))


def read(path: Path) -> Mutation:
    """The mutation of a patch file. Raises TypeError for one with a field too many or too few."""
    fields = tomllib.loads(path.read_text())
    return Mutation(name=path.stem, **{**fields, "caught_by": tuple(fields["caught_by"])})


def every() -> list[Mutation]:
    """All mutations, by name."""
    return [read(path) for path in sorted(PATCHES.iterdir())]
