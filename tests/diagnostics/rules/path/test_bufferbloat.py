"""Round trips that grow with the transfer's own data."""

from __future__ import annotations

import pytest

from analyzers.facts import RttSamples
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, only, place, root_of
from tests.factories import CLIENT, SERVER, facts, fetched, resolved
from tests.factories.courses import every, paced, samples

CODE = "path.bufferbloat"
LOADED = every(0.02, 0.5, 200)


def trips(loaded_s: float, idle_s: float = 0.02) -> RttSamples:
    """Round trips with and without load."""
    return samples((LOADED, loaded_s, 90_000), (every(0.02, 0.1, 8), idle_s, 0), ([0.05], 0.02, 0))


def test_a_queue_of_600_kb_at_5_mbit() -> None:
    whole = fetched(server=paced(0.2, [5.0] * 45), rtt=trips(0.98), last_s=4.8)
    capture = facts(resolved(SERVER), whole)
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 5))
    assert finding.impact_s == pytest.approx(0.96)
    assert root_of(capture) == ("degraded", CODE)


@pytest.mark.parametrize(
    ("mbit", "rtt"),
    [
        pytest.param(5.0, trips(0.2), id="a queue as links have"),
        pytest.param(0.8, trips(0.5), id="a short queue before a slow link"),
        pytest.param(5.0, trips(0.98, 0.9), id="long without load as well"),
    ],
)
def test_look_alikes(mbit: float, rtt: RttSamples) -> None:
    whole = fetched(server=paced(0.2, [mbit] * 45), rtt=rtt, last_s=4.8)
    assert not found(CODE, facts(resolved(SERVER), whole))


def test_a_queue_before_the_client_seen_at_the_server() -> None:
    near = samples(([0.1, 0.2], 0.0001, 0))
    whole = fetched(server=paced(0.2, [5.0] * 45), rtt=near, client_rtt=trips(0.98), last_s=4.8)
    capture = facts(resolved(SERVER), whole, distances={CLIENT: 9})
    assert place(only(CODE, capture)) == (Role.PATH, None, (0, 9))


def test_other_connections_wait_behind_the_one_that_fills_the_queue() -> None:
    """Their handshakes and requests are short themselves, but not without load."""
    whole = fetched(server=paced(0.2, [5.0] * 45), rtt=trips(0.98), last_s=4.8)
    beside = fetched(1, 1.0, rtt=samples((every(0.2, 1.4, 15), 0.98, 0)), last_s=4.8)
    capture = facts(resolved(SERVER), whole, beside)
    assert root_of(capture) == ("degraded", CODE)
    assert not found("path.jitter", capture)
