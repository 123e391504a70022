"""Far servers: round trips that make up the download, and those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Connection, TlsHandshake
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, healthy, only, place, root_of
from tests.factories import CLIENT, NAME, SERVER, facts, fetched, resolved, sent
from tests.factories.courses import arrivals, every, samples

CODE = "path.high_latency"


def far(rtt_s: float, rounds: int, **changes: Any) -> tuple[Connection, TlsHandshake]:
    """A download of so many round trips, one after the other."""
    times = every(rtt_s, 0.1 + rtt_s, rounds)
    server = sent(30_000, times[1], times[-1]) | {"dialogue": arrivals(*times)}
    plain: dict[str, Any] = {
        "rtt": samples((times, rtt_s, 0)),
        "server": server,
        "last_s": times[-1],
    }
    return fetched(rtt_s=rtt_s, **(plain | changes))


def test_a_satellite() -> None:
    capture = facts(resolved(SERVER), far(0.6, 8))
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 5))
    assert finding.impact_s == pytest.approx(8 * 0.48)
    assert (finding.fix[-1].command or "").endswith(f" https://{NAME}/")
    assert root_of(capture) == ("degraded", CODE)


@pytest.mark.parametrize(
    ("rtt_s", "rounds"),
    [
        pytest.param(0.12, 60, id="another continent"),
        pytest.param(0.28, 9, id="the antipodes, a small download"),
        pytest.param(0.6, 3, id="few round trips"),
    ],
)
def test_distance_alone_is_no_fault(rtt_s: float, rounds: int) -> None:
    capture = facts(resolved(SERVER), far(rtt_s, rounds))
    assert not found(CODE, capture)
    healthy(capture)


def test_a_wait_for_the_server_is_not_counted_as_many() -> None:
    times = [0.7, 1.3, 1.9, 30.0]
    server = sent(30_000, 1.9, 30.0) | {"dialogue": arrivals(*times)}
    assert not found(CODE, facts(resolved(SERVER), far(0.6, 4, server=server, last_s=30.0)))


def test_a_way_that_wanders_is_not_steady() -> None:
    times = every(0.6, 0.7, 8)
    wandering = samples((times, [0.3, 0.9, 0.35, 0.8, 0.3, 0.9, 0.5, 0.7], 0))
    assert not found(CODE, facts(resolved(SERVER), far(0.6, 8, rtt=wandering)))


def test_a_satellite_before_the_client_seen_at_the_server() -> None:
    times = every(0.6, 0.7, 8)
    near = samples((times, 0.0001, 0))
    whole = far(0.6, 8, rtt=near, client_rtt=samples((times, 0.6, 0)))
    finding = only(CODE, facts(resolved(SERVER), whole, distances={CLIENT: 9}))
    assert place(finding) == (Role.PATH, None, (0, 9))
    assert finding.summary.startswith(f"The client {CLIENT} is ")
