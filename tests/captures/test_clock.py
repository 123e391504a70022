"""`captures.clock`: what is known of the local clock."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from captures.clock import clock_from_date, kernel_clock
from captures.session import Clock

_LOCAL = datetime(2026, 1, 2, 3, 4, 10, 500_000, tzinfo=UTC)


def test_a_date_header_gives_the_offset() -> None:
    clock = clock_from_date("Fri, 02 Jan 2026 03:04:05 GMT", "p.example", _LOCAL)
    assert clock == Clock(5.5, "http-date p.example")


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Jan 2026 03:04:05 GMT"])
def test_what_is_no_date_gives_nothing(date: str) -> None:
    assert clock_from_date(date, "p.example", _LOCAL) is None


def test_a_date_without_zone_is_taken_as_utc() -> None:
    clock = clock_from_date("Fri, 02 Jan 2026 03:04:10 -0000", "p", _LOCAL)
    assert clock == Clock(0.5, "http-date p")


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
def test_the_kernel_is_asked() -> None:
    assert kernel_clock().source in {"kernel: synchronized", "kernel: not synchronized"}


def test_other_systems_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert kernel_clock() == Clock()
