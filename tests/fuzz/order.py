"""A capture's packets in, another order of them out: lost, repeated, moved in time, mixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.fuzz import icmp
from tests.fuzz.seeds import Packet

_MOMENTS = (0, 1, 10**9, 2**31 * 10**9, 2**32 * 10**9 - 1, 253402300800 * 10**9, 2**63 - 1)
_PAUSES = (1, 10**3, 10**6, 10**9, 60 * 10**9, 10**15)


def mutate(packets: list[Packet], other: tuple[Packet, ...], rng: Random) -> list[Packet]:
    """Change which packets there are, and when; `other` is a second capture to mix in."""
    if not packets:
        return packets
    if rng.random() < 0.1:
        return _mix(packets, other, rng)
    return rng.choice(_CHANGES)(packets, rng)


def _some(packets: list[Packet], rng: Random) -> tuple[int, int]:
    start = rng.randrange(len(packets))
    return start, min(len(packets), start + rng.choice((1, 1, 1, 2, 5, 30)))


def _drop(packets: list[Packet], rng: Random) -> list[Packet]:
    start, end = _some(packets, rng)
    return packets[:start] + packets[end:]


def _repeat(packets: list[Packet], rng: Random) -> list[Packet]:
    start, end = _some(packets, rng)
    times = rng.choice((2, 2, 3, 40)) if end - start < 5 else 2
    return packets[:start] + packets[start:end] * times + packets[end:]


def _move(packets: list[Packet], rng: Random) -> list[Packet]:
    start, end = _some(packets, rng)
    rest = packets[:start] + packets[end:]
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + packets[start:end] + rest[at:]


def _shuffle(packets: list[Packet], rng: Random) -> list[Packet]:
    return rng.sample(packets, len(packets)) if rng.random() < 0.3 else packets[::-1]


def _lose(packets: list[Packet], rng: Random) -> list[Packet]:
    share = rng.choice((0.05, 0.3, 0.8))
    return [packet for packet in packets if rng.random() > share]


def _window(packets: list[Packet], rng: Random) -> list[Packet]:
    start = rng.randrange(len(packets))
    return packets[start : start + rng.randrange(1, len(packets) + 1)]


def _one_way(packets: list[Packet], rng: Random) -> list[Packet]:
    """Only frames of one sender, told by the first bytes of their link header."""
    chosen = rng.choice(packets).data[:14]
    return [packet for packet in packets if packet.data[:14] == chosen]


def _snap(packets: list[Packet], rng: Random) -> list[Packet]:
    snaplen = rng.choice((34, 54, 60, 66, 68, 96, 128, 256))
    return [replace(packet, data=packet.data[:snaplen]) for packet in packets]


def _time(packets: list[Packet], rng: Random) -> list[Packet]:
    """One wrong time."""
    at = rng.randrange(len(packets))
    packets = [*packets]
    packets[at] = replace(packets[at], time_ns=rng.choice(_MOMENTS))
    return packets


def _pause(packets: list[Packet], rng: Random) -> list[Packet]:
    """Everything from one packet on later, or earlier."""
    at = rng.randrange(len(packets))
    by = rng.choice(_PAUSES) * rng.choice((1, 1, -1))
    moved = [replace(p, time_ns=max(0, p.time_ns + by)) for p in packets[at:]]
    return packets[:at] + moved


def _still(packets: list[Packet], rng: Random) -> list[Packet]:
    moment = rng.choice((packets[0].time_ns, *_MOMENTS))
    return [replace(packet, time_ns=moment) for packet in packets]


def _errors(packets: list[Packet], rng: Random) -> list[Packet]:
    """ICMP errors about some of the packets, behind them."""
    packets = [*packets]
    for _ in range(rng.choice((1, 1, 3, 30))):
        at = rng.randrange(len(packets))
        error = icmp.error_about(packets[at], rng)
        if error is not None:
            packets.insert(min(len(packets), at + rng.randrange(1, 4)), error)
    return packets


def _mix(packets: list[Packet], other: tuple[Packet, ...], rng: Random) -> list[Packet]:
    """Two captures at once, or one after the other."""
    if not other:
        return packets
    by = packets[0].time_ns - other[0].time_ns
    moved = [replace(p, time_ns=max(0, p.time_ns + by)) for p in other[:200]]
    mixed = packets + moved
    return sorted(mixed, key=lambda p: p.time_ns) if rng.random() < 0.7 else mixed


_Change = Callable[[list[Packet], Random], list[Packet]]
_CHANGES: tuple[_Change, ...] = (
    _drop,
    _drop,
    _repeat,
    _repeat,
    _move,
    _move,
    _shuffle,
    _lose,
    _window,
    _one_way,
    _snap,
    _time,
    _pause,
    _pause,
    _still,
    _errors,
    _errors,
)
