"""What people do to a recording before they send it: cut it, thin it, convert it."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path


def alter(how: str, source: Path, target: Path) -> None:
    """Write an altered copy of a capture.

    `how` is "pcap", "snaplen:128", "lose:0.02" or "lose:0.02:3" (the 3 draws other packets),
    "first:0.8" or "last:0.8" (keep that share of the packets), "without:FILTER" or "only:FILTER"
    (a display filter).
    """
    what, _, value = how.partition(":")
    if what == "pcap":
        _run("editcap", "-F", "pcap", str(source), str(target))
    elif what == "snaplen":
        _run("editcap", "-s", value, str(source), str(target))
    elif what in ("without", "only"):
        text = f"!({value})" if what == "without" else value
        _run("tshark", "-r", str(source), "-Y", text, "-w", str(target))
    else:
        share, _, seed = value.partition(":")
        # A recording of several interfaces is not in the order of time, which is what is cut.
        ordered = target.with_suffix(".ordered")
        _run("reordercap", str(source), str(ordered))
        _keep(ordered, target, _kept(what, float(share), _count(ordered), seed))
        ordered.unlink()


def _kept(what: str, share: float, count: int, seed: str) -> list[int]:
    """Return the numbers of the packets that stay."""
    numbers = list(range(1, count + 1))
    if what == "lose":
        rng = random.Random(f"lose {count} {seed}" if seed else f"lose {count}")
        return [number for number in numbers if rng.random() >= share]
    border = round(count * share)
    if what == "first":
        return numbers[:border]
    if what == "last":
        return numbers[count - border :]
    raise ValueError(f"no such alteration: {what}")


def _keep(source: Path, target: Path, numbers: list[int]) -> None:
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    words = [f"{first}-{last}" for first, last in ranges]
    # editcap takes at most 512 selections.
    if len(words) <= 500:
        _run("editcap", "-r", str(source), str(target), *words)
        return
    kept = set(numbers)
    gone = [str(n) for n in range(1, _count(source) + 1) if n not in kept]
    step, current = 0, source
    while gone:
        # The highest numbers go first, so that the others stay valid.
        batch, gone = gone[-500:], gone[:-500]
        following = target.with_suffix(f".{step}") if gone else target
        _run("editcap", str(current), str(following), *batch)
        if current != source:
            current.unlink()
        step, current = step + 1, following


def _count(path: Path) -> int:
    found = re.search(r"(\d+)", _run("capinfos", "-Mcr", "-T", str(path)).split("\t")[-1])
    return int(found[1]) if found else 0


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout
