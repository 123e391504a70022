"""Connections made of probes: what befell them on purpose is nothing to judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analyzers.facts import BreakOff, Followed, LastSent, Pace, Side, Turn
from diagnostics import diagnose
from diagnostics.probestreams import without_fates
from tests.diagnostics.test_pathfaults import probe
from tests.factories import facts, fetched


def test_nothing_of_a_probes_fate_is_left() -> None:
    pace = Pace(1.0, 0.1, np.array([20_000] * 30))
    plain, handshake = fetched(server={"pace": pace, "data_packets": 400})
    probed = replace(
        plain,
        break_off=BreakOff(12, LastSent.MESSAGE, Followed.RST_ACK, Side.SERVER, (9,)),
        turns=(Turn(4, 0.1, 5, 0.2, 0.1, None, False, 0.02, 0.08),),
    )
    world = replace(facts((probed, handshake)), probes=(replace(probe(2), stream=probed.stream),))
    (found,) = without_fates(world).connections
    assert found.server.pace is None and found.server.data_packets == 0
    assert (found.break_off, found.turns) == (None, ())
    # Rules divide by how much was sent.
    assert diagnose(world).findings == ()
