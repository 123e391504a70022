"""The rules there are: every module below `diagnostics.rules`, found by its place.

A rule is one file. Its code is its path (`rules/tls/expired.py` is `tls.expired`), its docstring
is its manual page, and `find(facts)` yields its findings. Nothing else registers it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from analyzers.facts import Facts
from captures.lazyclass import dataclass
from diagnostics import rules
from diagnostics.verdict import Finding

SECTIONS = ("What it means", "Why it happens", "How it is recognised", "Fix", "References")
"""Every rule's docstring has these headings, in this order."""


class MalformedRule(Exception):
    """A rule file without its docstring sections or its `find` function."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One cause: its code, its manual page, what it explains, and how it is found."""

    code: str
    title: str
    """First line of the docstring."""
    sections: dict[str, str]
    explains: tuple[str, ...]
    """Codes of findings that follow from this one on the same streams or attempts."""
    find: Callable[[Facts], Iterable[Finding]]

    def findings(self, facts: Facts) -> Iterator[Finding]:
        """Findings of this rule, stamped with its code.

        Nothing costs less than nothing, also where the capture's clock ran backwards.
        """
        for finding in self.find(facts):
            yield replace(finding, cause=self.code, impact_s=max(0.0, finding.impact_s))


def codes() -> tuple[str, ...]:
    """Codes of all rules, sorted; imports none of them."""
    found = []
    for layer in pkgutil.iter_modules(rules.__path__):
        if layer.ispkg:
            package = importlib.import_module(f"diagnostics.rules.{layer.name}")
            found += [f"{layer.name}.{m.name}" for m in pkgutil.iter_modules(package.__path__)]
    return tuple(sorted(found))


def load(code: str) -> Rule:
    """The rule with this code.

    Raises KeyError for a code that no rule has, MalformedRule for a file that is no rule.
    """
    if code not in codes():
        raise KeyError(code)
    return _rule(code)


@functools.cache
def load_all() -> tuple[Rule, ...]:
    """All rules, by code; read once per process."""
    return tuple(_rule(code) for code in codes())


def _rule(code: str) -> Rule:
    module = importlib.import_module(f"diagnostics.rules.{code}")
    find = getattr(module, "find", None)
    if not callable(find):
        raise MalformedRule(f"{code} has no find(facts)")
    title, sections = _page(code, module.__doc__ or "")
    return Rule(code, title, sections, tuple(getattr(module, "EXPLAINS", ())), find)


def _page(code: str, doc: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into its title and its sections (underlined with dashes)."""
    title, _, rest = doc.strip().partition("\n")
    parts = re.split(r"^(.+)\n-{3,}\n", rest, flags=re.MULTILINE)
    sections = {
        name.strip(): text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    if tuple(sections) != SECTIONS:
        raise MalformedRule(f"{code}: its docstring needs the sections {', '.join(SECTIONS)}")
    return title.strip(), sections
