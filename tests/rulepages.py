"""Writes docs/rules from the docstrings of the rules: `python -m tests.rulepages`."""

from __future__ import annotations

from pathlib import Path

from diagnostics import registry
from diagnostics.contract import CAUSES, Cause, cause

PAGES = Path(__file__).parent.parent / "docs" / "rules"
INDEX = "README.md"
HEAD = """\
# The causes that badhop names

Written by `make docs` from `diagnostics/contract.py` and the docstrings below `diagnostics/rules`.
`badhop rule CODE` prints the same pages.

| code | what it looks like on the wire | hop it is pinned on |
| --- | --- | --- |
"""


def pages() -> dict[str, str]:
    """The text of each page by its file name."""
    codes = registry.codes()
    written = {f"{code}.md": _page(registry.load(code)) for code in codes}
    return {INDEX: HEAD + "".join(_row(entry, entry.code in codes) for entry in CAUSES), **written}


def stale() -> list[str]:
    """Names of pages that are missing, different, or of no rule any more."""
    wanted = pages()
    there = {path.name: path.read_text("utf-8") for path in PAGES.glob("*.md")}
    return sorted(name for name in wanted | there if wanted.get(name) != there.get(name))


def write() -> None:
    """Bring docs/rules up to date."""
    PAGES.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for name in stale():
        if name in wanted:
            (PAGES / name).write_text(wanted[name], "utf-8")
        else:
            (PAGES / name).unlink()


def _row(entry: Cause, has_rule: bool) -> str:
    name = f"[`{entry.code}`]({entry.code}.md)" if has_rule else f"`{entry.code}` (no rule yet)"
    return f"| {name} | {entry.meaning} | {entry.hop} |\n"


def _page(rule: registry.Rule) -> str:
    entry = cause(rule.code)
    parts = [f"# {rule.code}\n", f"{rule.title}\n"]
    if entry is not None:
        parts.append(f"Pinned on: {entry.hop}.\n")
    parts += [f"## {heading}\n\n{text}\n" for heading, text in rule.sections.items()]
    return "\n".join(parts)


if __name__ == "__main__":
    write()
