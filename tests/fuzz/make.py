"""Seeds, a number and an index in, one hostile input out: always the same for the same three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.fuzz import files, frames, order, retelling, sessions
from tests.fuzz.seeds import Seed

#: Mutated files are at most so large; some mutations multiply.
MAX_FILE = 2_000_000
MAX_SESSION = 1_000_000
_MAX_PACKETS = 3000

#: Every so many inputs are also compared with what they were.
_COMPARED = 3

#: Of a long capture, mostly so many packets in a row: the rest takes time and adds nothing.
_STRETCH = 80


@dataclass(frozen=True, slots=True)
class Made:
    """What one run of the pipeline is given."""

    number: int
    seed: str
    steps: tuple[str, ...]
    capture: bytes
    session: bytes | None = None
    other: bytes | None = None
    """A second capture, of the same packets before they were damaged."""


def make(seeds: Sequence[Seed], number: int, index: int) -> Made:
    """Input `index` of seed number `number`."""
    rng = Random(f"{number}/{index}")
    seed = rng.choice(seeds)
    steps: list[str] = []
    packets = list(seed.packets)
    data, other = seed.raw, None
    if packets and rng.random() < 0.9:
        if len(packets) > _STRETCH and rng.random() < 0.6:
            start = rng.choice((0, 0, rng.randrange(len(packets))))
            packets = packets[start : start + _STRETCH]
        if index % _COMPARED == 0:
            other = files.write(packets, Random(f"{number}/{index}/other"))
        if rng.random() < 0.4:
            steps.append("retell")
            packets = retelling.retell(packets, rng)
        if packets and rng.random() < 0.7:
            steps.append("frames")
            for _ in range(rng.choice((1, 1, 2, 5, 20))):
                at = rng.randrange(len(packets))
                packets[at] = frames.mutate(packets[at], rng)
        if rng.random() < 0.4:
            steps.append("order")
            packets = order.mutate(packets, rng.choice(seeds).packets, rng)[:_MAX_PACKETS]
        data = files.write(packets, rng)
    if not steps or rng.random() < 0.12:
        steps.append("file")
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            data = files.mutate(data, rng)
    session = None
    if rng.random() < 0.3:
        steps.append("session")
        session = seed.session or sessions.invent(packets, rng)
        if rng.random() < 0.8:
            session = sessions.mutate(session, rng)[:MAX_SESSION]
    return Made(index, seed.name, tuple(steps), data[:MAX_FILE], session, other)
