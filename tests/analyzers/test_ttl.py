"""TTLs: verdict.md's distances."""

from __future__ import annotations

import pytest

from analyzers.ttl import distance_of, initial_ttl


@pytest.mark.parametrize(
    ("ttl", "initial", "distance"),
    [(64, 64, 1), (63, 64, 2), (61, 64, 4), (255, 255, 1), (250, 255, 6), (113, 128, 16)],
)
def test_distance_counts_from_one_on_the_same_link(ttl: int, initial: int, distance: int) -> None:
    assert (initial_ttl(ttl), distance_of(ttl)) == (initial, distance)
