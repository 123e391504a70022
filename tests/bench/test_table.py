"""The page of measurements: what it shows of each."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench.measure import Cost, in_turn, least, run
from tests.bench.table import BY_HAND, Section, growth, page, section

SMALL = Section("Small", 100, 150_000, {"badhop": Cost(0.2, 0.1, 40.0)}, {"badhop": "badhop x"})
LARGE = Section(
    "Large",
    1000,
    1_500_000,
    {"badhop": Cost(1.0, 1.5, 140.0), "tshark": Cost(4.0, 3.0, 300.0)},
    {"badhop": "badhop y", "tshark": "tshark -r y"},
)


def test_a_section_compares_everything_with_badhop() -> None:
    shown = section(LARGE)
    assert "| badhop | 1.00 s | 1.50 s | 140 MB | 1.00 | 1.00 |" in shown
    assert "| tshark | 4.00 s | 3.00 s | 300 MB | 0.25 | 0.50 |" in shown
    assert "1,000 packets, 1.5 MB" in shown
    assert "    tshark -r y" in shown


def test_the_page_names_the_machine_and_has_all_sections() -> None:
    shown = page("two cores", [SMALL, LARGE], [])
    assert "Measured on two cores." in shown
    assert shown.index("## Small") < shown.index("## Large")


def test_what_was_written_by_hand_stays() -> None:
    first = page("two cores", [SMALL], ["It grows."])
    assert first.endswith("## Growth\n\nIt grows.\n")
    again = page("one core", [SMALL], [], f"{first}\n{BY_HAND}\n## Why\n")
    assert "two cores" not in again
    assert again.endswith(f"\n\n{BY_HAND}\n## Why\n")
    assert page("one core", [SMALL], [], again) == again


def test_growth_is_in_times_of_the_smaller_one() -> None:
    assert growth(SMALL, LARGE) == "10.0 times the packets of “Small” take 5.0 times as long."


def test_the_least_time_and_the_most_memory_count() -> None:
    assert least([Cost(2.0, 1.0, 10.0), Cost(1.0, 3.0, 20.0)]) == Cost(1.0, 1.0, 20.0)


def test_a_verdict_is_no_failure(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(1)"]
    cost = in_turn({"it": command}, 2, tmp_path / "errors")["it"]
    assert cost.wall_s > 0
    assert cost.peak_mb > 1


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    program = "import sys; sys.exit(print('no such file', file=sys.stderr) or 2)"
    with pytest.raises(RuntimeError, match="no such file"):
        run([sys.executable, "-c", program], tmp_path / "errors")
