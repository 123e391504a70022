"""Tell a DNS retry from a new lookup, by the other address type that is asked with it.

A and AAAA of one lookup are asked together. When A was answered and is asked once more at the
same moment as an unanswered AAAA, that AAAA is no retry: a new lookup began.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

from analyzers.dnstransport import Carried

#: Two queries closer than this are two askers, or A and AAAA of one: no resolver retries so soon
#: (the shortest are those of unbound, 0.38 s, and systemd-resolved, 0.75 s).
TOGETHER_S = 0.1

Question = tuple[str, str, int | None, str, str]
"""Client, server, TCP stream, name, type."""

_SIBLINGS = {"A": "AAAA", "AAAA": "A"}


def question_of(carried: Carried) -> Question:
    """Who asks whom for what."""
    name, qtype = carried.message.name or "", carried.message.qtype or ""
    return carried.client, carried.server, carried.stream, name, qtype


class Rounds:
    """When each question of a capture was asked and answered."""

    def __init__(self, messages: Iterable[Carried]) -> None:
        """Take messages in order of time."""
        self._queries: dict[Question, list[float]] = defaultdict(list)
        self._answers: dict[Question, list[float]] = defaultdict(list)
        for carried in messages:
            times = self._answers if carried.message.is_response else self._queries
            times[question_of(carried)].append(carried.time_s)

    def begins(self, carried: Carried, first_s: float, last_s: float) -> bool:
        """Whether a query belongs to a new lookup, as its answered sibling is asked again with it.

        `first_s` and `last_s` are the first and last query of the exchange it might belong to.
        """
        sibling = _SIBLINGS.get(carried.message.qtype or "")
        if sibling is None:
            return False
        question = (*question_of(carried)[:-1], sibling)
        asked, answered = self._queries.get(question, []), self._answers.get(question, [])
        earliest_s = max(carried.time_s, last_s + 2 * TOGETHER_S) - TOGETHER_S
        at = bisect_right(asked, earliest_s)
        if at == len(asked) or asked[at] > carried.time_s + TOGETHER_S:
            return False
        since = bisect_left(answered, first_s - TOGETHER_S)
        return since < bisect_right(answered, asked[at])
