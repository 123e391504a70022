"""What the go command itself printed: lines of the session that name a cause in its own words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.report.escape import printable

ERROR = re.compile(r"go: .*: |go( \w+)+: ")
"""go's complaints: "go: MODULE: WHY", and of its command line "go mod downlod: unknown command"."""
GIT_SAYS = "fatal: "
"""How git begins the line with which it ends (git's usage.c)."""


def lines(facts: Facts, pattern: re.Pattern[str]) -> Iterator[str]:
    """Output lines that match, escaped and cut to a readable length; none without a session."""
    for line in facts.session.output if facts.session is not None else ():
        if not line.text.startswith("# get") and pattern.search(line.text):
            yield printable(line.text.strip()[:300])


def last_words(facts: Facts) -> str | None:
    """What the command complained of last, escaped and cut: of go's lines the last error, or what
    git said where that was git's (go prints it below its own line)."""
    session = facts.session
    said = [x.text.strip() for x in session.output if x.stream != "trace"] if session else []
    if said and said[-1].startswith(GIT_SAYS):
        return printable(said[-1][:300]).rstrip(".")
    errors = [text for text in said if ERROR.match(text)]
    last = next((text for text in reversed(errors or said) if text), None)
    return None if last is None else printable(last[:300]).rstrip(".")


def gave_up(facts: Facts) -> bool:
    """The recorded command failed, or was ended from outside."""
    session = facts.session
    return session is not None and session.exit_code != 0


def setting(facts: Facts, name: str) -> str:
    """A setting of the recorded go command ("" when it is not known)."""
    go = facts.session.go if facts.session is not None else None
    return go.env.get(name, "") if go is not None else ""
