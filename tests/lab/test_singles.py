"""Which of two faults is the one to name."""

from __future__ import annotations

import pytest

from tests.lab.expectation import degraded, failed
from tests.lab.model import Scenario
from tests.lab.runner import Result
from tests.lab.singles import Together, together

SLOW = degraded("dns.slow", "resolver")
EXPIRED = failed("tls.expired", "server")


def _ran(name: str, status: int, took_s: float = 1.0, **declared: object) -> Result:
    expect = declared.pop("expect", SLOW)
    scenario = Scenario(name=name, breaks="", expect=expect, **declared)  # type: ignore[arg-type]
    return Result(scenario, 1, 0.0, [], status=status, took_s=took_s)


def _together(both: int, first: Result, second: Result, declared: object = EXPIRED) -> Together:
    return Together(_ran("both", both, expect=declared, parts=("first", "second")), first, second)


def test_what_alone_fails_the_download_is_named() -> None:
    slow, expired = _ran("first", 0, 9.0), _ran("second", 1, expect=EXPIRED)
    assert _together(1, slow, expired).decisive is expired
    assert _together(1, slow, expired).mismatches() == []
    assert _together(1, slow, expired, SLOW).mismatches()


def test_of_two_delays_the_longer_is_named() -> None:
    short, long = _ran("first", 0, 2.0), _ran("second", 0, 5.0)
    assert _together(0, short, long).decisive is long


@pytest.mark.parametrize(("first", "second"), [(1, 1), (0, 0)])
def test_where_neither_decides_the_declaration_stands(first: int, second: int) -> None:
    found = _together(1, _ran("first", first), _ran("second", second))
    assert found.decisive is None
    assert found.mismatches() == []


def test_runs_are_joined_by_name_and_network() -> None:
    both = _ran("both", 1, parts=("first", "second"))
    assert list(together([both, _ran("first", 0)])) == []
    assert len(list(together([both, _ran("first", 0), _ran("second", 1)]))) == 1
