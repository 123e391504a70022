"""What git printed when go called it for "direct": the status that a repository's host answered.

git's words: remote-curl.c (discover_refs), http.c, credential.c. Host and status are in them; the
exchange itself is inside TLS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.facts import Facts
from diagnostics.gosays import gave_up, lines

UNAUTHORIZED, NOT_FOUND = 401, 404
FATAL = re.compile(r"^\s*fatal: ")
WORDS = (
    # Nobody is there to type it: go sets GIT_TERMINAL_PROMPT=0.
    (re.compile(r"could not read (?:Username|Password) for '(https?://[^']+)'"), UNAUTHORIZED),
    (re.compile(r"Authentication failed for '(https?://[^']+)'"), UNAUTHORIZED),
    (re.compile(r"repository '(https?://[^']+)' not found"), NOT_FOUND),
)
STATUS = re.compile(r"unable to access '(https?://[^']+)': .* returned error: (\d{3})")


class GitAnswer(NamedTuple):
    """One refusal of a repository's host."""

    url: str
    status: int
    line: str


def git_answers(facts: Facts) -> Iterator[GitAnswer]:
    """What git was refused with, each once, when go gave up."""
    if not gave_up(facts):
        return
    for line in dict.fromkeys(lines(facts, FATAL)):
        told = STATUS.search(line)
        if told is not None:
            yield GitAnswer(told[1], int(told[2]), line)
        for words, status in WORDS:
            found = words.search(line)
            if found is not None:
                yield GitAnswer(found[1], status, line)
