"""Where probes show that a fault begins: it must last to the end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analyzers.facts import Hop
from diagnostics.hops import Fault, narrowed
from tests.factories import SERVER, facts, fetched, resolved

NEAR, FAR = [0.001] * 10, [0.3] * 10
WIDE = [0.02 + 0.03 * i for i in range(10)]


def walk(*rtts: Sequence[float], sent: int = 10) -> list[Hop]:
    """Probes at distances 1, 2, … to the server, with the round trips of those answered."""
    return [
        Hop(
            destination=SERVER,
            distance=distance,
            address=SERVER if distance == len(rtts) else f"10.9.0.{distance}",
            sent=sent,
            answered=len(found),
            rtts_s=tuple(found),
            frames=(900 + distance,),
            reached=distance == len(rtts),
        )
        for distance, found in enumerate(rtts, start=1)
    ]


@pytest.mark.parametrize(
    ("fault", "hops", "link"),
    [
        pytest.param(Fault.DELAY, walk(NEAR, NEAR, FAR, FAR), (2, 3), id="delay"),
        pytest.param(Fault.DELAY, walk(NEAR, FAR, NEAR, FAR), (3, 4), id="one router dawdles"),
        pytest.param(Fault.DELAY, walk(FAR, FAR, FAR), (0, 1), id="from the first hop on"),
        pytest.param(Fault.JITTER, walk(NEAR, WIDE, WIDE), (1, 2), id="jitter"),
        pytest.param(Fault.LOSS, walk(NEAR, NEAR, NEAR[:8], NEAR[:7]), (2, 3), id="loss"),
        pytest.param(Fault.LOSS, walk(NEAR, NEAR[:2], NEAR, NEAR[:7]), (3, 4), id="a shy router"),
        pytest.param(Fault.LOSS, walk(NEAR, [], NEAR, NEAR[:7]), (3, 4), id="a silent router"),
        pytest.param(Fault.LOSS, walk(NEAR, NEAR, NEAR), (0, 5), id="probes lose nothing"),
        pytest.param(Fault.DELAY, walk(NEAR, NEAR, NEAR), (0, 5), id="probes are fast"),
        pytest.param(Fault.DELAY, walk(NEAR, FAR)[:1], (0, 5), id="the end never answered"),
        pytest.param(Fault.DELAY, [], (0, 5), id="no probes"),
    ],
)
def test_the_link_on_which_it_begins(fault: Fault, hops: list[Hop], link: tuple[int, int]) -> None:
    capture = facts(resolved(SERVER), fetched(), hops)
    assert narrowed(capture, SERVER, fault).distance == link
