"""Small wrong programs: one place of a source file changed as a slip of the hand would change it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
}
CALLS = {"any": "all", "all": "any", "min": "max", "max": "min"}
NEITHER_TYPE_NOR_TEXT = (bool, int)


@dataclass(frozen=True, slots=True)
class Mutant:
    """`source`: the whole changed file; `line` counts from 1, `text` is that line as it was, `change` what was done."""

    line: int
    column: int
    text: str
    change: str
    source: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` become `new`."""

    start: int
    end: int
    new: str
    change: str


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant of `source`, in the order of its places. What would not compile is left out."""
    offsets = _Offsets(source)
    found: list[Mutant] = []
    for edit in sorted(_edits(ast.parse(source), source, offsets), key=lambda edit: (edit.start, edit.change)):
        changed = source[: edit.start] + edit.new + source[edit.end :]
        try:
            compile(changed, "<mutant>", "exec", dont_inherit=True)
        except SyntaxError:
            continue
        line = source.count("\n", 0, edit.start) + 1
        column = edit.start - offsets.line_starts[line - 1]
        found.append(Mutant(line, column, source.splitlines()[line - 1].strip(), edit.change, changed))
    return found


class _Offsets:
    """From a node's line and UTF-8 column to characters of the source."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines(keepends=True)
        self.line_starts = [0]
        for line in self.lines:
            self.line_starts.append(self.line_starts[-1] + len(line))

    def _at(self, line: int, column: int) -> int:
        return self.line_starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self._at(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        return self._at(node.end_lineno or node.lineno, node.end_col_offset or 0)


def _edits(tree: ast.Module, source: str, offsets: _Offsets) -> Iterator[Edit]:
    for node in _meaningful(tree):
        match node:
            case ast.Compare():
                yield from _comparisons(node, source, offsets)
            case ast.BoolOp():
                words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from _between(left, right, words, source, offsets)
            case ast.BinOp() if type(node.op) in ARITHMETIC:
                yield from _between(node.left, node.right, ARITHMETIC[type(node.op)], source, offsets)
            case ast.UnaryOp() if isinstance(node.op, ast.Not):
                inner = source[offsets.start(node.operand) : offsets.end(node.operand)]
                yield Edit(offsets.start(node), offsets.end(node), f"({inner})", "without not")
            case ast.If() | ast.IfExp() | ast.While():
                yield _negated(node.test, source, offsets)
            case ast.comprehension():
                yield from (_negated(test, source, offsets) for test in node.ifs)
            case ast.Constant() if type(node.value) in NEITHER_TYPE_NOR_TEXT:
                new = str(not node.value) if isinstance(node.value, bool) else str(node.value + 1)
                yield Edit(offsets.start(node), offsets.end(node), new, f"{node.value} -> {new}")
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield Edit(offsets.start(node.func), offsets.end(node.func), CALLS[name], f"{name} -> {CALLS[name]}")
            case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign():
                yield Edit(offsets.start(node), offsets.end(node), "pass", "left out")
            case ast.Continue():
                yield Edit(offsets.start(node), offsets.end(node), "break", "continue -> break")


def _meaningful(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that runs and decides something: no annotations, no imports for types only."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            waiting.extend(node.orelse)
            continue
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases"):
                continue
            several = value if isinstance(value, list) else [value]
            waiting.extend(child for child in several if isinstance(child, ast.AST))


def _comparisons(node: ast.Compare, source: str, offsets: _Offsets) -> Iterator[Edit]:
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        yield from _between(left, right, COMPARISONS[type(operator)], source, offsets)
        left = right


def _between(left: ast.expr, right: ast.expr, words: tuple[str, str], source: str, offsets: _Offsets) -> Iterator[Edit]:
    """The operator that stands between two operands; where a comment hides it, nothing."""
    start, end = offsets.end(left), offsets.start(right)
    pattern = r"\s+".join(map(re.escape, words[0].split()))
    match = re.search(rf"(?<![\w<>=!]){pattern}(?![\w=])" if words[0].isalpha() else pattern, source[start:end])
    if match is not None and "#" not in source[start:end]:
        yield Edit(start + match.start(), start + match.end(), words[1], f"{words[0]} -> {words[1]}")


def _negated(test: ast.expr, source: str, offsets: _Offsets) -> Edit:
    start, end = offsets.start(test), offsets.end(test)
    return Edit(start, end, f"(not ({source[start:end]}))", "condition negated")
