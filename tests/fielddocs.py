"""The texts that sources put at their classes, fields and members, read without running them."""

from __future__ import annotations

import ast
import functools
import inspect
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClassText:
    """What a source says about one class."""

    summary: str
    members: dict[str, str]
    """By field or enumeration member, in the order of the source; "" where nothing is said."""


def text_of(shape: type) -> ClassText:
    """The texts of a class."""
    path = inspect.getfile(shape)
    return _texts(path)[shape.__name__]


@functools.cache
def _texts(path: str) -> dict[str, ClassText]:
    source = Path(path).read_text("utf-8")
    lines = source.splitlines()
    return {
        node.name: ClassText(_flat(ast.get_docstring(node) or ""), _members(node, lines))
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef)
    }


def _members(node: ast.ClassDef, lines: list[str]) -> dict[str, str]:
    members = {}
    for statement, after in zip(node.body, [*node.body[1:], None], strict=True):
        name = _assigned(statement)
        if name is not None:
            members[name] = _flat(_below(after) or _comment(statement, lines))
    return members


def _assigned(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return None


def _below(statement: ast.stmt | None) -> str:
    """The text that stands alone on the lines below a field."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return str(statement.value.value)
    return ""


def _comment(statement: ast.stmt, lines: list[str]) -> str:
    """The `#:` comment behind a field, or on the lines above it."""
    _, mark, behind = lines[(statement.end_lineno or statement.lineno) - 1].partition("#:")
    if mark:
        return behind
    above: list[str] = []
    for line in reversed(lines[: statement.lineno - 1]):
        if not line.strip().startswith("#:"):
            break
        above.insert(0, line.strip().removeprefix("#:"))
    return " ".join(above)


def _flat(text: str) -> str:
    return " ".join(text.split())
