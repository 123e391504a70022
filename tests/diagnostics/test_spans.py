"""Spans of time without others."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.spans import busy, given_up_s, merged, without
from tests.factories import closed, connection
from tests.factories.courses import silence

SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 9)).map(lambda s: (s[0], s[0] + s[1])), max_size=8
)


def seconds_in(spans: list[tuple[float, float]]) -> set[int]:
    """The whole seconds that spans cover."""
    return {t for a, b in spans for t in range(int(a), int(b))}


@given(SPANS, SPANS)
def test_what_is_left_is_what_the_others_do_not_cover(
    spans: list[tuple[float, float]], others: list[tuple[float, float]]
) -> None:
    assert seconds_in(without(spans, others)) == seconds_in(spans) - seconds_in(others)


@given(SPANS)
def test_merged_spans_cover_the_same_and_touch_nowhere(spans: list[tuple[float, float]]) -> None:
    found = merged(spans)
    assert seconds_in(found) == seconds_in(spans)
    assert all(a[1] < b[0] for a, b in pairwise(found))


def test_a_connection_is_busy_outside_its_silences() -> None:
    whole = connection(
        at_s=1.0,
        last_s=9.0,
        silences=(silence(2.0, 4.0, "sender_idle"), silence(5.0, 6.0, "client_idle")),
    )
    assert busy(whole) == [(1.0, 2.0), (4.0, 5.0), (6.0, 9.0)]
    assert busy(whole, {"sender_idle"}) == [(1.0, 5.0), (6.0, 9.0)]


def test_the_client_gave_up_with_its_first_fin_or_reset() -> None:
    assert given_up_s(connection()) is None
    assert given_up_s(connection(client=closed(3.0))) == 3.0
