"""Downloads that work, each with something that a hasty rule would blame."""

from __future__ import annotations

from tests.lab.expectation import HEALTHY
from tests.lab.latency import METRO
from tests.lab.model import Scenario

SCENARIOS = (
    Scenario(
        name="healthy-tls13",
        breaks="nothing: TLS 1.3, HTTP/2, a mirror 18 ms away",
        expect=HEALTHY,
        wires=METRO,
    ),
)
