"""Measured costs in, the page docs/performance.md out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.measure import Cost

BY_HAND = "<!-- From here on written by hand, and kept. -->\n"
PAGE = Path(__file__).parent.parent.parent / "docs" / "performance.md"

HEAD = """\
# How fast badhop is

Written by `python -m tests.bench`, which makes its captures itself (downloads over TLS, 0.5 % of
the segments lost), runs every tool in turn several times, and keeps each one's least. Peak memory
is the largest resident set, mapped pages included. Captures are in the page cache. The last two
columns say how many times as much badhop takes as the tool of the line.

    python -m tests.bench              all of this (needs tshark, tcptrace and 3 GB in the cache)
    python -m tests.bench --quick      the small captures only, printed
    python -m tests.bench --huge       ten times the packets as well

"""


class Section(NamedTuple):
    """One capture, and what each tool took for it."""

    title: str
    packets: int
    """0 when no capture is read."""
    size: int
    costs: dict[str, Cost]
    """By what the tool is called; the first is badhop's."""
    commands: dict[str, str]
    """What to type for it."""


def page(machine: str, sections: Sequence[Section], growth: Sequence[str], old: str = "") -> str:
    """The whole page; `old` is what it was, of which the part written by hand stays."""
    text = HEAD + f"Measured on {machine}.\n" + "".join(f"\n{section(s)}" for s in sections)
    if growth:
        text += "\n## Growth\n\n" + "".join(f"{line}\n" for line in growth)
    _, mark, kept = old.partition(BY_HAND)
    return f"{text}\n{mark}{kept}" if mark else text


def section(part: Section) -> str:
    """One capture's heading, table and commands."""
    base = next(iter(part.costs.values()))
    about = ""
    if part.packets:
        about = f"{part.packets:,} packets, {part.size / 1e6:,.1f} MB.\n\n"
    rows = [
        f"| {name} | {cost.wall_s:.2f} s | {cost.cpu_s:.2f} s | {cost.peak_mb:,.0f} MB "
        f"| {base.wall_s / cost.wall_s:.2f} | {base.cpu_s / max(cost.cpu_s, 0.001):.2f} |"
        for name, cost in part.costs.items()
    ]
    return "\n".join(
        (
            f"## {part.title}\n",
            f"{about}| | wall | CPU | peak memory | badhop's wall | badhop's CPU |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            *(f"    {command}" for command in part.commands.values()),
            "",
        )
    )


def growth(smaller: Section, larger: Section) -> str:
    """One line: how time grows with packets."""
    a, b = (next(iter(s.costs.values())).wall_s for s in (smaller, larger))
    return (
        f"{larger.packets / smaller.packets:.1f} times the packets of "
        f"“{smaller.title}” take {b / a:.1f} times as long."
    )


def machine() -> str:
    """Processor, cores and memory, as Linux tells."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text("utf-8").split(maxsplit=2)[1]
    name = names[0] if names else "an unnamed processor"
    return f"{name}, {len(names)} cores, {int(memory) / 1024**2:.0f} GB of memory"
